// strftime as Python has it on Linux, in English wherever it runs: templates were trained with those names, and an
// application's locale or system must not change a prompt. %Z and %z are empty, for the time of strftime_now has no
// zone.
#include <array>
#include <cctype>
#include <string>

#include "text/jinja/interpreter.h"
#include "text/jinja/pieces.h"

namespace tritium::jinja {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

struct Number {
  int value;
  size_t width;
  char fill = '0';
};

// flag: '-' nothing before it, '_' spaces, '0' zeros, else as the directive has it.
std::string text_of(Number n, char flag) {
  std::string digits = std::to_string(n.value);
  const char fill = flag == '_' ? ' ' : flag == '0' ? '0' : n.fill;
  if (flag != '-' && digits.size() < n.width) digits.insert(0, n.width - digits.size(), fill);
  return digits;
}

struct Week {
  int year, week;
};

// ISO 8601: weeks begin on Monday, and the first one of a year has its first Thursday.
Week iso_week(const std::tm& t) {
  const int from_monday = (t.tm_wday + 6) % 7, year = t.tm_year + 1900;
  const auto days_of = [](int y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365; };
  const int thursday = t.tm_yday - from_monday + 3;
  if (thursday < 0) return {year - 1, (thursday + days_of(year - 1)) / 7 + 1};
  if (thursday >= days_of(year)) return {year + 1, 1};
  return {year, thursday / 7 + 1};
}

std::string english(const std::tm& t, char directive, char flag);

std::string composed(const std::tm& t, std::string_view directives) {
  std::string out;
  for (const char c : directives)
    out += std::isalpha(static_cast<unsigned char>(c)) ? english(t, c, '\0') : std::string(1, c);
  return out;
}

// "\1": there is no such directive.
std::string english(const std::tm& t, char directive, char flag) {
  const auto number = [&](Number n) { return text_of(n, flag); };
  const int year = t.tm_year + 1900, hour12 = (t.tm_hour + 11) % 12 + 1;
  const std::string_view day = kDays.at(static_cast<size_t>(t.tm_wday)),
                         month = kMonths.at(static_cast<size_t>(t.tm_mon));
  switch (directive) {
    case 'a': return std::string(day.substr(0, 3));
    case 'A': return std::string(day);
    case 'b':
    case 'h': return std::string(month.substr(0, 3));
    case 'B': return std::string(month);
    case 'p': return t.tm_hour < 12 ? "AM" : "PM";
    case 'P': return t.tm_hour < 12 ? "am" : "pm";
    case 'd': return number({t.tm_mday, 2});
    case 'e': return number({t.tm_mday, 2, ' '});
    case 'H': return number({t.tm_hour, 2});
    case 'k': return number({t.tm_hour, 2, ' '});
    case 'I': return number({hour12, 2});
    case 'l': return number({hour12, 2, ' '});
    case 'j': return number({t.tm_yday + 1, 3});
    case 'm': return number({t.tm_mon + 1, 2});
    case 'M': return number({t.tm_min, 2});
    case 'S': return number({t.tm_sec, 2});
    case 'u': return number({t.tm_wday == 0 ? 7 : t.tm_wday, 1});
    case 'w': return number({t.tm_wday, 1});
    case 'U': return number({(t.tm_yday + 7 - t.tm_wday) / 7, 2});
    case 'W': return number({(t.tm_yday + 7 - (t.tm_wday + 6) % 7) / 7, 2});
    case 'V': return number({iso_week(t).week, 2});
    case 'G': return number({iso_week(t).year, 1});
    case 'g': return number({iso_week(t).year % 100, 2});
    case 'C': return number({year / 100, 2});
    case 'y': return number({year % 100, 2});
    case 'Y': return number({year, 1});
    case 'f': return "000000";
    case 'n': return "\n";
    case 't': return "\t";
    case '%': return "%";
    case 'z':
    case 'Z': return "";
    case 'c': return composed(t, "a b e H:M:S Y");
    case 'D':
    case 'x': return composed(t, "m/d/y");
    case 'F': return composed(t, "Y-m-d");
    case 'R': return composed(t, "H:M");
    case 'T':
    case 'X': return composed(t, "H:M:S");
    case 'r': return composed(t, "I:M:S p");
    default: return "\1";
  }
}

// '^' capitals; '#' the other case: small letters of AM and PM, else capitals.
void change_case(std::string& text, bool to_small) {
  for (char& c : text)
    if (to_small ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z') c = static_cast<char>(c ^ 0x20);
}

}  // namespace

std::string format_time(const std::string& format, const std::tm& now, Budget& budget) {
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    budget.room(Budget::kStep);
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    const size_t begin = at++;
    char padding = '\0', letters = '\0';
    for (; at + 1 < format.size() && std::string_view("-_0^#").find(format[at]) != std::string_view::npos; ++at)
      (format[at] == '^' || format[at] == '#' ? letters : padding) = format[at];
    std::string text = english(now, format[at], padding);
    if (text == "\1")
      text = format.substr(begin, at + 1 - begin);  // as Python leaves it
    else if (letters != '\0' && format[at] != 'P')
      change_case(text, letters == '#' && format[at] == 'p');
    out += text;
  }
  return out;
}

}  // namespace tritium::jinja
