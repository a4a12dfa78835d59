#include "base/temporary_name.h"

#include <atomic>
#include <chrono>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "base/machine.h"

namespace tritium {
namespace {

constexpr size_t kDigits = 16;
constexpr std::string_view kEnding = ".tmp";

// Without the system's randomness still one that this process does not use twice.
uint64_t unique_number() {
  static std::atomic<uint64_t> calls{0};
  const auto time = static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const uint64_t seed = system_randomness().value_or(time ^ (process_number() << 40));
  return random_bits(seed, calls++);
}

}  // namespace

std::string new_temporary_name(std::string_view name) {
  std::string digits = join(std::hex, unique_number());
  digits.insert(0, kDigits - digits.size(), '0');
  return join(".", name.substr(0, kLongestName), ".", digits, kEnding);
}

std::string_view name_behind(std::string_view temporary) {
  constexpr size_t kAdded = 1 + 1 + kDigits + kEnding.size();
  if (temporary.size() <= kAdded || temporary.front() != '.' || !temporary.ends_with(kEnding)) return {};
  const std::string_view digits = temporary.substr(temporary.size() - kEnding.size() - kDigits, kDigits);
  const std::string_view name = temporary.substr(1, temporary.size() - kAdded);
  const bool numbered = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return numbered && temporary[1 + name.size()] == '.' ? name : std::string_view();
}

}  // namespace tritium
