// Strings and numbers.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "text/grammar/failure.h"
#include "text/grammar/json_pattern.h"
#include "text/grammar/schema.h"

namespace tritium::grammar {
namespace {

constexpr int64_t kMostDigits = 999'999'999'999'999'999;  // what an integer without a bound has

// The patterns of RFC 3339 and RFC 9562; days as each month has them, seconds without leap seconds.
constexpr const char* kDate =
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"
    "02-(?:0[1-9]|1[0-9]|2[0-8]))|"
    "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
constexpr const char* kTime =
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
constexpr const char* kUuid = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

// The whole number that is not below it; what 64 bits do not hold is the nearest that they do.
int64_t rounded_up(const Json& value) {
  if (value.integer()) return *value.integer();
  const double up = std::ceil(*value.real());
  if (up >= 0x1p63) return std::numeric_limits<int64_t>::max();
  return up < -0x1p63 ? std::numeric_limits<int64_t>::min() : static_cast<int64_t>(up);
}

int64_t rounded_down(const Json& value) {
  if (value.integer()) return *value.integer();
  const double down = std::floor(*value.real());
  if (down >= 0x1p63) return std::numeric_limits<int64_t>::max();
  return down < -0x1p63 ? std::numeric_limits<int64_t>::min() : static_cast<int64_t>(down);
}

bool is_whole(const Json& value) { return value.integer() || *value.real() == std::floor(*value.real()); }

uint64_t magnitude(int64_t value) {
  return value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
}

}  // namespace

Node SchemaReader::string(const Flat& flat, const std::string& place) {
  constexpr int64_t kMost = 100'000;
  const Json* pattern = flat.find("pattern");
  const Json* named = flat.find("format");
  const Json* least = flat.find("minLength");
  const Json* most = flat.find("maxLength");
  if ((pattern != nullptr) + (named != nullptr) + (least || most) > 1)
    throw Failure(place + ": of pattern, format, and minLength or maxLength only one is supported at a time",
                  StatusCode::unsupported);
  if (pattern) {
    try {
      return parts_.string_of(json_pattern(*pattern->text(), parts_, rules_));
    } catch (const Failure& failure) {
      throw Failure(place + ": " + failure.what, failure.code);
    }
  }
  if (named) return parts_.string_of(format(*named->text(), place));
  if (!least && !most) return parts_.string();
  const int64_t from = least ? *least->integer() : 0;
  const int64_t to = most ? *most->integer() : kMost;
  if (from > kMost || to > kMost)
    throw Failure(place + ": lengths of strings are counted up to " + std::to_string(kMost), StatusCode::unsupported);
  if (from > to) return rules_.nothing();
  return parts_.string_of(
      rules_.repeat(parts_.character(), static_cast<uint32_t>(from), most ? static_cast<uint32_t>(to) : kUnbounded));
}

Node SchemaReader::format(std::string_view name, const std::string& place) {
  const auto matching = [&](const std::string& pattern) { return json_pattern("^" + pattern + "$", parts_, rules_); };
  if (name == "date") return matching(kDate);
  if (name == "time") return matching(kTime);
  if (name == "date-time") return matching(std::string(kDate) + "T" + kTime);
  if (name == "uuid") return matching(kUuid);
  throw Failure(place + ": format " + json_quoted(name) + " is not supported; there are date, time, date-time and uuid",
                StatusCode::unsupported);
}

Node SchemaReader::integer(const Flat& flat) {
  int64_t first = -kMostDigits, last = kMostDigits;
  const Json* minimum = flat.find("minimum");
  const Json* maximum = flat.find("maximum");
  const Json* above = flat.find("exclusiveMinimum");
  const Json* below = flat.find("exclusiveMaximum");
  if (!minimum && !maximum && !above && !below) return parts_.integer();
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min(), kHighest = std::numeric_limits<int64_t>::max();
  if (minimum || above) first = minimum ? rounded_up(*minimum) : kLowest;
  if (maximum || below) last = maximum ? rounded_down(*maximum) : kHighest;
  if (above) {
    const int64_t bound = rounded_down(*above);
    if (bound == kHighest) return rules_.nothing();
    first = std::max(first, bound + 1);
  }
  if (below) {
    const int64_t bound = rounded_up(*below);
    if (bound == kLowest) return rules_.nothing();
    last = std::min(last, bound - 1);
  }
  if (!minimum && !above && first > last) first = kLowest;
  if (!maximum && !below && first > last) last = kHighest;
  if (first > last) return rules_.nothing();
  std::vector<Node> ways;
  if (first < 0)
    ways.push_back(rules_.sequence(
        {rules_.bytes("-"), parts_.integers(magnitude(std::min<int64_t>(last, -1)), magnitude(first))}));
  if (last >= 0)
    ways.push_back(parts_.integers(static_cast<uint64_t>(std::max<int64_t>(first, 0)), static_cast<uint64_t>(last)));
  return rules_.alternatives(std::move(ways));
}

namespace {

struct Bound {
  bool given = false;
  uint64_t value = 0;
  bool exclusive = false;
};

// Numbers of at least `low`, not below 0, and at most `high`: a whole part, and six digits behind the point, so few
// that no rounding takes a number over a bound.
Node magnitudes(Rules& rules, JsonParts& parts, Bound low, Bound high) {
  constexpr uint32_t kPlaces = 6;
  const Node dot = rules.bytes(".");
  const Node fraction = rules.sequence({dot, parts.digits(1, kPlaces)});
  const Node zeros = rules.optional(rules.sequence({dot, rules.repeat(rules.bytes("0"), 1, kPlaces)}));
  const Node more = rules.sequence({dot, rules.repeat(rules.bytes("0"), 0, kPlaces / 2), rules.characters({{'1', '9'}}),
                                    parts.digits(0, kPlaces / 2 - 1)});
  const uint64_t last = high.given ? high.value : static_cast<uint64_t>(kMostDigits);
  const auto exactly = [&](uint64_t value, Node tail) {
    return rules.sequence({rules.bytes(std::to_string(value)), tail});
  };
  std::vector<Node> ways;
  if (low.value == last) {
    if (low.exclusive || high.exclusive) return rules.nothing();
    return exactly(last, zeros);
  }
  if (low.value > last) return rules.nothing();
  ways.push_back(exactly(low.value, low.exclusive ? more : rules.optional(fraction)));
  if (low.value + 1 <= last - 1)
    ways.push_back(rules.sequence({parts.integers(low.value + 1, last - 1), rules.optional(fraction)}));
  if (!high.exclusive) ways.push_back(exactly(last, zeros));
  return rules.alternatives(std::move(ways));
}

// The one of a bound and an exclusive one that says more.
const Json* tighter(const Json* plain, const Json* exclusive, bool lower) {
  if (!plain || !exclusive) return plain ? plain : exclusive;
  const bool exclusive_is = lower ? !is_less(*exclusive, *plain) : !is_less(*plain, *exclusive);
  return exclusive_is ? exclusive : plain;
}

}  // namespace

Node SchemaReader::number(const Flat& flat, const std::string& place) {
  constexpr int64_t kMost = 1'000'000'000;  // with six digits behind the point a double holds all of them
  const Json* above = flat.find("exclusiveMinimum");
  const Json* below = flat.find("exclusiveMaximum");
  const Json* low = tighter(flat.find("minimum"), above, true);
  const Json* high = tighter(flat.find("maximum"), below, false);
  if (!low && !high) return parts_.number();
  for (const Json* bound : {low, high})
    if (bound && (!is_whole(*bound) || magnitude(rounded_down(*bound)) > kMost))
      throw Failure(place + ": bounds of numbers that are no integers are supported where they are whole and at most " +
                        std::to_string(kMost),
                    StatusCode::unsupported);
  const auto bound = [&](const Json* value, const Json* exclusive, bool negated) {
    Bound b{.given = value != nullptr, .value = 0, .exclusive = value && value == exclusive};
    const int64_t whole = value ? rounded_down(*value) : 0;
    if (negated ? whole < 0 : whole > 0) b.value = magnitude(whole);
    return b;
  };
  const int64_t from = low ? rounded_down(*low) : -kMostDigits, to = high ? rounded_down(*high) : kMostDigits;
  std::vector<Node> ways;
  if (to > 0 || (to == 0 && high != below)) {
    Bound start = bound(low, above, false);
    start.exclusive = start.exclusive && from >= 0;
    ways.push_back(magnitudes(rules_, parts_, start, bound(high, below, false)));
  }
  if (from < 0) {  // -x of x from -to, or more than 0, up to -from
    Bound start = bound(high, below, true);
    start.exclusive = to >= 0 || start.exclusive;
    ways.push_back(rules_.sequence({rules_.bytes("-"), magnitudes(rules_, parts_, start, bound(low, above, true))}));
  }
  return rules_.alternatives(std::move(ways));
}

}  // namespace tritium::grammar
