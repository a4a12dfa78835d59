#include "base/calendar.h"

namespace tritium {

std::tm local_time(std::time_t moment) {
  std::tm date{};
  ::localtime_r(&moment, &date);
  return date;
}

std::tm utc_time(std::time_t moment) {
  std::tm date{};
  ::gmtime_r(&moment, &date);
  return date;
}

bool complete_date(std::tm& date) {
  std::tm filled = date;
  constexpr int kYearBefore1970 = 69;  // whose last second is -1, too
  if (::timegm(&filled) == -1 && date.tm_year != kYearBefore1970) return false;
  date = filled;
  return true;
}

}  // namespace tritium
