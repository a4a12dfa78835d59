#include "format/storage_type.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/checked_math.h"
#include "base/format_text.h"

namespace tritium {
namespace {

constexpr std::array kTraits = {
    StorageTraits{StorageType::f32, "F32", 0, 1, 4, false},
    StorageTraits{StorageType::f16, "F16", 1, 1, 2, false},
    StorageTraits{StorageType::q4_0, "Q4_0", 2, 32, 18, false},
    StorageTraits{StorageType::q8_0, "Q8_0", 8, 32, 34, false},
    StorageTraits{StorageType::q4_k, "Q4_K", 12, 256, 144, false},
    StorageTraits{StorageType::q6_k, "Q6_K", 14, 256, 210, false},
    StorageTraits{StorageType::bf16, "BF16", 30, 1, 2, false},
    StorageTraits{StorageType::tq1_0, "TQ1_0", 34, 256, 54, true},
    StorageTraits{StorageType::tq2_0, "TQ2_0", 35, 256, 66, true},
    StorageTraits{StorageType::i2_s, "I2_S", 36, 4, 1, true},
    StorageTraits{StorageType::q1_0, "Q1_0", 41, 128, 18, true},
    StorageTraits{StorageType::q2_0, "Q2_0", 42, 64, 18, true},
    StorageTraits{StorageType::q2_0_group128, "Q2_0/128", 42, 128, 34, true},
    StorageTraits{StorageType::stq1_0, "STQ1_0", 43, 256, 42, true},
    StorageTraits{StorageType::pq2_0, "PQ2_0", 142, 128, 34, true},
    StorageTraits{StorageType::ptq1_0, "PTQ1_0", 143, 128, 28, true},
};

// Asked for every block that is decoded.
constexpr auto kRowOfType = [] {
  std::array<size_t, kTraits.size()> rows{};
  for (size_t i = 0; i < kTraits.size(); ++i) rows[static_cast<size_t>(kTraits[i].type)] = i;
  return rows;
}();

}  // namespace

const StorageTraits& traits_of(StorageType type) { return kTraits[kRowOfType[static_cast<size_t>(type)]]; }

std::optional<StorageType> storage_type_of_id(uint32_t ggml_id) {
  const auto* it = std::ranges::find(kTraits, ggml_id, &StorageTraits::ggml_id);
  return it == kTraits.end() ? std::nullopt : std::optional(it->type);
}

std::optional<StorageType> storage_type_of_name(std::string_view name) {
  const auto* it = std::ranges::find(kTraits, name, &StorageTraits::name);
  return it == kTraits.end() ? std::nullopt : std::optional(it->type);
}

std::string supported_storage_types() {
  std::string list;
  for (const StorageTraits& t : kTraits) list += join(list.empty() ? "" : ", ", t.name, " (", t.ggml_id, ")");
  return list;
}

Result<uint64_t> storage_bytes(StorageType type, std::span<const int64_t> shape) {
  const StorageTraits& t = traits_of(type);
  std::optional<uint64_t> elements = 1;
  for (int64_t d : shape) elements = elements ? checked_mul(*elements, static_cast<uint64_t>(d)) : std::nullopt;
  const auto bytes = elements ? checked_mul(*elements, static_cast<uint64_t>(t.block_bytes)) : std::nullopt;
  constexpr uint64_t kLimit = std::numeric_limits<int64_t>::max() / 2;
  if (!bytes || *bytes > kLimit) return error(StatusCode::corrupt_file, "its size overflows");
  if (type == StorageType::i2_s) {
    if (*elements % kI2sUnit != 0)
      return error(StatusCode::corrupt_file, *elements, " elements are not a multiple of ", kI2sUnit, ", which ",
                   t.name, " needs");
    return *elements / 4 + kI2sTail;
  }
  if (shape.back() % t.block_elements != 0)
    return error(StatusCode::corrupt_file, "rows of ", shape.back(), " are not a multiple of ", t.block_elements,
                 ", which ", t.name, " needs");
  return *bytes / static_cast<uint64_t>(t.block_elements);
}

}  // namespace tritium
