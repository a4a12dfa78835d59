// Moments as people write them.
#pragma once

#include <ctime>

namespace tritium {

std::tm local_time(std::time_t moment);
std::tm utc_time(std::time_t moment);
// Fills in what follows from date and time, such as the day of the week, and carries what is too much: the 30th of
// February is a day of March. False: the year is beyond what the system counts, and nothing is changed.
bool complete_date(std::tm& date);

}  // namespace tritium
