#include "vulkan/fusion/fusion_times.h"

#include <array>
#include <charconv>
#include <cmath>

namespace tritium::vulkan {
namespace {

template <typename Number>
std::string digits_of(Number value) {
  std::array<char, 32> text{};
  const auto [end, problem] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

// A number and the blank behind it, which `text` then begins after.
template <typename Number>
bool take(std::string_view& text, Number& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return true;
}

bool take(std::string_view& line, FusionTimes& times) {
  if (!take(line, times.fused) || !take(line, times.simple) || !take(line, times.tries)) return false;
  const auto is_time = [](double seconds) { return std::isfinite(seconds) && seconds >= 0; };
  return is_time(times.fused) && is_time(times.simple) && times.tries >= 0 && !line.empty();
}

}  // namespace

std::string text_of(const TimesOfClasses& times) {
  std::string text;
  for (const auto& [name, t] : times)
    text += digits_of(t.fused) + " " + digits_of(t.simple) + " " + digits_of(t.tries) + " " + name + "\n";
  return text;
}

std::optional<TimesOfClasses> parse_times(std::string_view text) {
  TimesOfClasses times;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    FusionTimes of_class;
    if (!take(line, of_class)) return std::nullopt;
    times[std::string(line)] = of_class;
    text.remove_prefix(end + 1);
  }
  return times;
}

}  // namespace tritium::vulkan
