// strftime of templates: what Python's gives, by the C library's own in the "C" locale, in every locale.
#include <gtest/gtest.h>

#include <array>
#include <clocale>

#include "base/calendar.h"
#include "text/jinja/interpreter.h"

namespace tritium::jinja {
namespace {

std::string formatted(const std::string& format, const std::tm& time) {
  Budget budget{Limits{}};
  return format_time(format, time, budget);
}

TEST(JinjaTime, EachDirectiveIsTheCLibrarysForEveryDayOfTwelveYears) {
#if !defined(__GLIBC__)
  GTEST_SKIP() << "Python's directives are glibc's";
#else
  constexpr std::string_view kDirectives = "aAbBcCdDeFgGhHIjklmMnpPrRStTuUVwWxXyY%";
  constexpr std::time_t kDay = 24 * 3600, kFirst = 1'546'300'800;  // 2019-01-01
  for (int day = 0; day < 12 * 365; ++day) {
    const std::tm time = utc_time(kFirst + day * kDay + day * 61 % kDay);
    for (const char directive : kDirectives) {
      for (const char* flag : {"", "-", "_", "0", "^"}) {
        const std::string format = std::string("%") + flag + directive;
        // glibc pads whole dates by their parts' flags, Python hands them on: nobody writes that.
        if (*flag != '\0' && std::string_view("cDFrRTxXCgGyYnt%uw").find(directive) != std::string_view::npos) continue;
        std::array<char, 256> wanted{};
        std::strftime(wanted.data(), wanted.size(), format.c_str(), &time);
        ASSERT_EQ(formatted(format, time), wanted.data()) << format << " on day " << day;
      }
    }
  }
#endif
}

TEST(JinjaTime, UnknownDirectivesStayAndATimeWithoutAZoneHasNone) {
  const std::tm time = utc_time(1'795'684'007);
  EXPECT_EQ(formatted("%Q %-Q 100%", time), "%Q %-Q 100%");
  EXPECT_EQ(formatted("[%Z%z]", time), "[]");
  EXPECT_EQ(formatted("%#p %^b", time), std::string(time.tm_hour < 12 ? "am" : "pm") + " NOV");
}

}  // namespace
}  // namespace tritium::jinja
