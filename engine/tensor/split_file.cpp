#include "tensor/split_file.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "base/format_text.h"

namespace tritium {
namespace {

constexpr std::string_view kEnd = ".gguf";
constexpr size_t kDigits = 5;

std::optional<int> number_of(std::string_view digits) {
  int value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return problem == std::errc() && end == digits.data() + digits.size() && digits.front() != '-' ? std::optional(value)
                                                                                                 : std::nullopt;
}

std::string padded(int64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

}  // namespace

std::optional<PartName> part_name(const std::string& whole) {
  const std::string_view path = whole;
  constexpr std::string_view kOf = "-of-";
  constexpr size_t kTail = 1 + kDigits + kOf.size() + kDigits + kEnd.size();
  if (path.size() <= kTail || !path.ends_with(kEnd)) return std::nullopt;
  const std::string_view tail = path.substr(path.size() - kTail);
  if (tail[0] != '-' || tail.substr(1 + kDigits, kOf.size()) != kOf) return std::nullopt;
  const auto number = number_of(tail.substr(1, kDigits));
  const auto count = number_of(tail.substr(1 + kDigits + kOf.size(), kDigits));
  if (!number || !count || *number < 1 || *number > *count || *count < 2) return std::nullopt;
  return PartName{std::string(path.substr(0, path.size() - kTail)), *number, *count};
}

std::string path_of(const PartName& part) {
  return part.stem + "-" + padded(part.number) + "-of-" + padded(part.count) + std::string(kEnd);
}

namespace {

std::string how_to_join(const std::string& path, int64_t count) {
  const auto name = part_name(path);
  const std::string first =
      name ? path_of({.stem = name->stem, .number = 1, .count = static_cast<int>(count)}) : "FIRST";
  const std::string whole = name ? name->stem + std::string(kEnd) : "WHOLE.gguf";
  return join("join them with `llama-gguf-split --merge ", first, " ", whole, "`, which needs all ", count,
              " parts in one folder, and give ", whole);
}

}  // namespace

Status refuse_part(const TensorMap& source) {
  const Metadata& m = source.metadata();
  if (!m.contains("split.count")) return Status();
  const auto count = m.integer("split.count");
  if (!count || *count < 0)
    return error(StatusCode::corrupt_file, source.source(), ": key split.count must be a number from 0 up");
  if (*count <= 1) return Status();
  return error(StatusCode::unsupported, source.source(), ": this is part ", m.integer("split.no").value_or(0) + 1,
               " of ", *count, " of a split model; ", how_to_join(source.source(), *count));
}

std::string part_by_name(const std::string& path) {
  const auto name = part_name(path);
  if (!name) return {};
  return join("; by its name it is part ", name->number, " of ", name->count, " of a split model; ",
              how_to_join(path, name->count));
}

}  // namespace tritium
