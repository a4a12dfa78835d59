#include "base/calendar.h"

#include <chrono>

namespace tritium {

std::tm local_time(std::time_t moment) {
  std::tm date{};
  ::localtime_s(&date, &moment);
  return date;
}

std::tm utc_time(std::time_t moment) {
  std::tm date{};
  ::gmtime_s(&date, &moment);
  return date;
}

// The system's own counts from 1970 on.
bool complete_date(std::tm& date) {
  using namespace std::chrono;
  const sys_days month = sys_days(year(date.tm_year + 1900) / (date.tm_mon + 1) / 1);
  const sys_seconds moment =
      month + days(date.tm_mday - 1) + hours(date.tm_hour) + minutes(date.tm_min) + seconds(date.tm_sec);
  const sys_days today = floor<days>(moment);
  const year_month_day on(today);
  const hh_mm_ss time(moment - today);
  date.tm_year = static_cast<int>(on.year()) - 1900;
  date.tm_mon = static_cast<int>(static_cast<unsigned>(on.month())) - 1;
  date.tm_mday = static_cast<int>(static_cast<unsigned>(on.day()));
  date.tm_hour = static_cast<int>(time.hours().count());
  date.tm_min = static_cast<int>(time.minutes().count());
  date.tm_sec = static_cast<int>(time.seconds().count());
  date.tm_wday = static_cast<int>(weekday(today).c_encoding());
  date.tm_yday = static_cast<int>((today - sys_days(on.year() / 1 / 1)).count());
  date.tm_isdst = 0;
  return true;
}

}  // namespace tritium
