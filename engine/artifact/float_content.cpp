#include "artifact/float_content.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>

#include "artifact/sections.h"
#include "base/cancel.h"
#include "tensor/half.h"

namespace tritium::artifact {
namespace {

bool same_bits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

// The integers of a row under a scale; false: some value is no multiple of it.
bool multiples(std::span<const float> row, float scale, int largest) {
  return std::ranges::all_of(row, [=](float w) {
    const float q = scale > 0 ? std::nearbyint(w / scale) : 0.0f;
    // q + 0: a zero has no sign.
    return std::abs(q) <= static_cast<float>(largest) && same_bits(scale * (q + 0.0f), w);
  });
}

constexpr int64_t kGroups[] = {0, 256, 128, 64, 32, 16};  // that training knows; 0: a row

// Calls `look` with each part of a row that has a scale of its own, until it says false.
template <typename Look>
bool each_group(std::span<const float> row, int64_t group, const Look& look) {
  const size_t n = group > 0 ? static_cast<size_t>(group) : row.size();
  for (size_t at = 0; at < row.size(); at += n)
    if (!look(row.subspan(at, std::min(n, row.size() - at)))) return false;
  return true;
}

// What is known of a tensor after some of its rows.
struct Facts {
  bool f16 = true, bf16 = true;
  int largest[std::size(kGroups)] = {};  // integers, under scales of such groups; -1: not so

  explicit Facts(int64_t cols) {
    for (size_t i = 0; i < std::size(kGroups); ++i) largest[i] = kGroups[i] < cols ? 1 : -1;
  }
  bool any() const {
    return f16 || bf16 || std::ranges::any_of(largest, [](int most) { return most > 0; });
  }
  void look(std::span<const float> row) {
    if (f16) f16 = std::ranges::all_of(row, [](float w) { return same_bits(f16_to_f32(f32_to_f16(w)), w); });
    if (bf16) bf16 = std::ranges::all_of(row, [](float w) { return same_bits(bf16_to_f32(f32_to_bf16(w)), w); });
    for (size_t i = 0; i < std::size(kGroups); ++i) {
      if (largest[i] < 0) continue;
      const bool integers = each_group(row, kGroups[i], [&](std::span<const float> part) {
        const int found = scale_of_row(part).largest;
        largest[i] = std::max(largest[i], found);
        return found >= 0;
      });
      if (!integers) largest[i] = -1;
    }
  }
  Content content() const {
    for (size_t i = 0; i < std::size(kGroups); ++i)
      if (largest[i] > 0) return Content::integers(largest[i], kGroups[i]);
    return {f16 ? Content::kF16 : bf16 ? Content::kBf16 : Content::kPlain};
  }
};

Result<Content> content_of(const InputFile& file, const GgufTensorHeader& t) {
  const int64_t cols = t.shape.back();
  const auto values = static_cast<int64_t>(t.bytes / sizeof(float));
  if (values < kLeastValues || cols < 2 || static_cast<uint64_t>(cols) * sizeof(float) > kMostSectionBytes)
    return Content();
  const int64_t at_once = std::max<int64_t>(1, (int64_t{1} << 18) / cols) * cols;
  std::vector<float> some(static_cast<size_t>(std::min(values, at_once)));
  Facts facts(cols);
  for (int64_t at = 0; at < values && facts.any(); at += at_once) {
    const auto part = std::span(some).first(static_cast<size_t>(std::min(at_once, values - at)));
    const Status s = file.read_at(t.offset + static_cast<uint64_t>(at) * sizeof(float), std::as_writable_bytes(part));
    if (!s.ok()) return s;
    for (size_t row = 0; row < part.size() && facts.any(); row += static_cast<size_t>(cols)) {
      check_cancelled();
      facts.look(part.subspan(row, static_cast<size_t>(cols)));
    }
  }
  return facts.content();
}

}  // namespace

RowScale scale_of_row(std::span<const float> row) {
  float most = 0;
  for (const float w : row) most = std::fmax(most, std::abs(w));
  if (!std::isfinite(most)) return {.largest = -1};
  if (most == 0) return {.largest = multiples(row, 0, 0) ? 0 : -1};
  for (int k = 1; k <= Content::kMostInteger; ++k) {
    const uint16_t half = f32_to_f16(most / static_cast<float>(k));
    const float scale = f16_to_f32(half);
    if (scale > 0 && std::isfinite(scale) && same_bits(scale * static_cast<float>(k), most) && multiples(row, scale, k))
      return {half, k};
  }
  return {.largest = -1};
}

Result<std::vector<Content>> contents_of_tensors(const InputFile& file, const GgufHeader& header) {
  std::vector<Content> contents;
  for (const GgufTensorHeader& t : header.tensors) {
    check_cancelled();
    Result<Content> content = t.type == StorageType::f32 ? content_of(file, t) : Content();
    if (!content.ok()) return content.status();
    contents.push_back(*content);
  }
  return contents;
}

void take_integers(std::span<const float> rows, int64_t cols, Content content, Bytes& codes, Bytes& scales) {
  const auto width = static_cast<size_t>(cols);
  for (size_t at = 0; at < rows.size(); at += width) {
    check_cancelled();
    each_group(rows.subspan(at, width), content.group, [&](std::span<const float> part) {
      const uint16_t half = scale_of_row(part).f16;
      const float scale = f16_to_f32(half);
      for (const float w : part)
        codes.push_back(static_cast<uint8_t>((scale > 0 ? std::lround(w / scale) : 0) + content.largest_integer()));
      scales.push_back(static_cast<uint8_t>(half & 255));
      scales.push_back(static_cast<uint8_t>(half >> 8));
      return true;
    });
  }
}

void put_integers(std::span<const uint8_t> codes, std::span<const uint8_t> scales, int64_t cols, Content content,
                  std::span<float> rows) {
  const auto width = static_cast<size_t>(cols), group = content.group > 0 ? size_t{content.group} : width;
  const auto scales_of_row = static_cast<size_t>(content.scales(cols));
  for (size_t row = 0; row * width < rows.size(); ++row) {
    check_cancelled();
    for (size_t c = 0; c < width; ++c) {
      const size_t s = 2 * (row * scales_of_row + c / group), at = row * width + c;
      const float scale = f16_to_f32(static_cast<uint16_t>(scales[s] | scales[s + 1] << 8));
      rows[at] = scale * static_cast<float>(int{codes[at]} - content.largest_integer());
    }
  }
}

Bytes narrowed(std::span<const uint8_t> floats, Content content) {
  Bytes halves(floats.size() / 2);
  for (size_t i = 0; i < floats.size() / sizeof(float); ++i) {
    check_cancelled_every<4096>(i);
    float value = 0;
    std::memcpy(&value, floats.data() + i * sizeof value, sizeof value);
    const uint16_t half = content.number == Content::kF16 ? f32_to_f16(value) : f32_to_bf16(value);
    std::memcpy(halves.data() + i * sizeof half, &half, sizeof half);
  }
  return halves;
}

Bytes widened(std::span<const uint8_t> halves, Content content) {
  Bytes floats(halves.size() * 2);
  for (size_t i = 0; i < halves.size() / sizeof(uint16_t); ++i) {
    check_cancelled_every<4096>(i);
    uint16_t half = 0;
    std::memcpy(&half, halves.data() + i * sizeof half, sizeof half);
    const float value = content.number == Content::kF16 ? f16_to_f32(half) : bf16_to_f32(half);
    std::memcpy(floats.data() + i * sizeof value, &value, sizeof value);
  }
  return floats;
}

}  // namespace tritium::artifact
