#include "convert/trit_facts.h"

#include <array>
#include <cmath>

#include "base/format_text.h"
#include "convert/chunks.h"
#include "tensor/half.h"

namespace tritium {
namespace {

struct Chunk {
  std::vector<uint32_t> words;
  std::vector<float> scales;
};

// Do `block` consecutive columns always have one scale?
bool uniform_by(std::span<const float> scales, int64_t groups, int64_t group_size, int64_t block) {
  const auto together = static_cast<size_t>(std::max<int64_t>(1, block / group_size));
  const auto in_row = static_cast<size_t>(groups);
  for (size_t first = 0; first < scales.size(); first += in_row)
    for (size_t g = 0; g < in_row; ++g)
      if (scales[first + g] != scales[first + g / together * together]) return false;
  return true;
}

bool any_zero(std::span<const uint32_t> words, size_t row_words, size_t cols) {
  for (size_t row = 0; row < words.size(); row += row_words)
    for (size_t c = 0; c < cols; c += 16) {
      const uint32_t ones = words[row + c / 16] & 0x55555555u;  // code 1: the low bit of 0, 1, 2
      const size_t n = std::min<size_t>(16, cols - c);
      if ((ones & (n == 16 ? ~0u : (1u << (2 * n)) - 1)) != 0) return true;
    }
  return false;
}

void add(const TernaryRows& rows, const Chunk& chunk, bool first, TritFacts& facts) {
  if (first) facts.scale = chunk.scales[0];
  for (const float s : chunk.scales) {
    const float half = f16_to_f32(f32_to_f16(s));
    facts.one_scale &= s == facts.scale;
    facts.half_scales &= half == s;
    facts.normal_halves &= s == 0 || (std::abs(s) >= 0x1p-14f && std::abs(s) <= 65504.0f);
  }
  while (facts.uniform >= 64 && !uniform_by(chunk.scales, rows.groups_per_row(), rows.group_size(), facts.uniform))
    facts.uniform /= 2;
  if (facts.uniform < 64) facts.uniform = 0;
  facts.zeros =
      facts.zeros || any_zero(chunk.words, static_cast<size_t>(rows.words_per_row()), static_cast<size_t>(rows.cols()));
}

}  // namespace

Result<TritFacts> read_facts(const TernaryRows& rows, ThreadPool& pool) {
  TritFacts facts = {.cols = rows.cols(), .elements = rows.shape().elements(), .uniform = 256};
  std::vector<Chunk> chunks(static_cast<size_t>(pool.threads()));
  bool first = true;
  const Status read = for_chunks(
      pool, rows.n_rows(), rows.cols(),
      [&](size_t slot, int64_t row, int64_t n) {
        chunks[slot].words.resize(static_cast<size_t>(n * rows.words_per_row()));
        chunks[slot].scales.resize(static_cast<size_t>(n * rows.groups_per_row()));
        return rows.read(row, n, chunks[slot].words, chunks[slot].scales);
      },
      [&](size_t slot) {
        add(rows, chunks[slot], first, facts);
        first = false;
        return Status();
      });
  if (!read.ok()) return read;
  return facts;
}

std::string why_not(const TritFacts& f, StorageType type, bool rounded) {
  const StorageTraits& t = traits_of(type);
  if (type == StorageType::i2_s) {
    if (!f.one_scale) return "I2_S has one scale for a tensor, this one has several";
    return f.elements % kI2sUnit == 0 ? "" : join(f.elements, " elements are no multiple of ", kI2sUnit);
  }
  if (f.cols % t.block_elements != 0) return join("rows of ", f.cols, " are no multiple of ", t.block_elements);
  if (!f.one_scale && f.uniform < t.block_elements)
    return join(t.name, " has one scale for ", t.block_elements, " columns, this one has more");
  if (type == StorageType::q1_0 && f.zeros) return "Q1_0 has no zeros, this one has";
  if (!f.half_scales && !rounded) return join(t.name, " keeps scales as F16, which does not hold all of these");
  return {};
}

}  // namespace tritium
