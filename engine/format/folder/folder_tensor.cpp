#include "format/folder/folder_tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "format/folder/packed_row.h"
#include "format/trit_words.h"
#include "tensor/ternary_matrix.h"
#include "tensor/to_f32.h"

namespace tritium {
namespace {

// Where row r of a matrix is among the rows of its place: of a head of 2 h rows, the wanted order is 0, h, 1, h + 1, …
int64_t stored_row(const FolderTensor& t, int64_t r) {
  if (t.swapped_heads == 0) return r;
  const int64_t head_rows = t.rows / t.swapped_heads, half = head_rows / 2;
  const int64_t within = r % head_rows;
  return r - within + within % 2 * half + within / 2;
}

struct RowPlace {
  const FolderMatrix& matrix;
  int64_t row = 0;  // of the stored matrix
};

RowPlace place_of(const FolderTensor& t, int64_t row) {
  const FolderMatrix& m = t.matrices[static_cast<size_t>(row / t.rows)];
  return {m, m.first_row + stored_row(t, row % t.rows)};
}

Status read_elements(const ShardTensor& tensor, int64_t first, std::span<std::byte> out) {
  return tensor.file->read_at(tensor.header.offset + static_cast<uint64_t>(first * tensor.element_bytes()), out);
}

DType dtype_of(const ShardTensor& tensor) {
  return tensor.is("F32") ? DType::f32 : tensor.is("F16") ? DType::f16 : DType::bf16;
}

// Consecutive elements of a tensor of floats.
Status read_float_run(const ShardTensor& tensor, int64_t first, std::span<float> values) {
  std::vector<std::byte> bytes(values.size() * static_cast<size_t>(tensor.element_bytes()));
  if (Status s = read_elements(tensor, first, bytes); !s.ok()) return s;
  to_f32(dtype_of(tensor), bytes, values);
  return Status();
}

Status check_finite(const ShardTensor& tensor, int64_t row, std::span<const float> values) {
  uint32_t any = 0;  // an exponent of ones alone: many at a time
  for (const float v : values) any |= static_cast<uint32_t>((std::bit_cast<uint32_t>(v) & 0x7F800000u) == 0x7F800000u);
  if (any == 0) return Status();
  const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
  return error(StatusCode::corrupt_file, tensor.place(), ": row ", row, ", column ", bad - values.begin(), " is ",
               *bad);
}

// The factor of all trits of a matrix.
Result<float> matrix_scale(const FolderTensor& t, const FolderMatrix& m) {
  float stored = 0;
  const int64_t n = static_cast<int64_t>(m.scale->header.bytes) / m.scale->element_bytes();
  if (Status s = read_float_run(*m.scale, n > 1 ? m.index : 0, std::span(&stored, 1)); !s.ok()) return s;
  if (!std::isfinite(stored) || (t.divide && stored == 0))
    return error(StatusCode::corrupt_file, m.scale->place(), ": is ", stored);
  return t.divide ? 1.0f / stored : stored;
}

// Scales, and biases where there are any, of a packed row: one a row, or one a group.
struct RowScales {
  std::vector<float> scales, biases;
};
Result<RowScales> row_scales(const FolderTensor& t, const RowPlace& place) {
  const FolderMatrix& m = place.matrix;
  RowScales s;
  const int64_t groups = t.packing == Packing::mlx_affine ? ceil_div(t.cols, t.group_size) : 1;
  const int64_t first = (m.index * m.stored_rows + place.row) * groups;
  s.scales.resize(static_cast<size_t>(groups));
  if (Status status = read_float_run(*m.scale, first, s.scales); !status.ok()) return status;
  if (Status status = check_finite(*m.scale, place.row, s.scales); !status.ok()) return status;
  if (!m.biases) return s;
  s.biases.resize(static_cast<size_t>(groups));
  if (Status status = read_float_run(*m.biases, first, s.biases); !status.ok()) return status;
  if (Status status = check_finite(*m.biases, place.row, s.biases); !status.ok()) return status;
  return s;
}

// Codes of a row of U8 or U32, as words of 16.
Status read_trit_codes(const FolderTensor& t, const RowPlace& place, std::span<uint32_t> words) {
  const FolderMatrix& m = place.matrix;
  if (t.packing == Packing::four_trits) {
    const int64_t quarter = m.stored_rows / 4;
    std::vector<uint8_t> codes(static_cast<size_t>(t.cols));
    const int64_t byte_row = m.index * quarter + place.row % quarter;
    if (Status s = read_elements(*m.weight, byte_row * t.cols, std::as_writable_bytes(std::span(codes))); !s.ok())
      return s;
    const auto shift = static_cast<int>(2 * (place.row / quarter));
    for (uint8_t& code : codes) code = (code >> shift) & 3;
    pack_codes(codes, words);
  } else {
    const int64_t row_words = ceil_div(t.cols, TernaryMatrix::kCodesPerWord);
    const auto own = words.first(static_cast<size_t>(row_words));
    std::ranges::fill(words.subspan(own.size()), TernaryMatrix::kZeroTrits);
    if (Status s =
            read_elements(*m.weight, (m.index * m.stored_rows + place.row) * row_words, std::as_writable_bytes(own));
        !s.ok())
      return s;
  }
  if (count_threes(words) == 0) return Status();
  return error(StatusCode::unsupported, m.weight->place(), ": row ", place.row,
               " has a code of 3 (+2), which is no trit");
}

}  // namespace

Status read_stored(const FolderTensor& t, int64_t row, std::span<std::byte> bytes) {
  const RowPlace place = place_of(t, row);
  const FolderMatrix& m = place.matrix;
  return read_elements(*m.weight, (m.index * m.stored_rows + place.row) * t.cols, bytes);
}

Status read_floats(const FolderTensor& t, int64_t row, std::span<float> values) {
  if (t.packing == Packing::values) {
    std::ranges::copy(std::span(t.held).subspan(static_cast<size_t>(row * t.cols), values.size()), values.begin());
    return Status();
  }
  const RowPlace place = place_of(t, row);
  const FolderMatrix& m = place.matrix;
  if (t.packing == Packing::floats || t.packing == Packing::masters) {
    if (Status s = read_float_run(*m.weight, (m.index * m.stored_rows + place.row) * t.cols, values); !s.ok()) return s;
    return check_finite(*m.weight, place.row, values);
  }
  if (t.packing == Packing::mlx_affine) {
    const Result<RowScales> s = row_scales(t, place);
    if (!s.ok()) return s.status();
    const int64_t row_words = t.cols * t.bits / 32;
    std::vector<uint32_t> words(static_cast<size_t>(row_words));
    if (Status status = read_elements(*m.weight, (m.index * m.stored_rows + place.row) * row_words,
                                      std::as_writable_bytes(std::span(words)));
        !status.ok())
      return status;
    unpack_affine(
        {.words = words, .bits = t.bits, .group_size = t.group_size, .scales = s->scales, .biases = s->biases}, values);
    return Status();
  }
  std::vector<uint32_t> words(static_cast<size_t>(round_up(t.cols, TernaryMatrix::kRowAlign) / 16));
  float scale = 0;
  if (Status s = read_trits(t, {}, row, words, std::span(&scale, 1)); !s.ok()) return s;
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = scale * static_cast<float>(static_cast<int>((words[i / 16] >> (2 * (i % 16))) & 3) - 1);
  return Status();
}

Status read_trits(const FolderTensor& t, std::span<const float> alphas, int64_t row, std::span<uint32_t> words,
                  std::span<float> scales) {
  const RowPlace place = place_of(t, row);
  if (t.packing == Packing::four_trits) {
    const Result<float> scale = matrix_scale(t, place.matrix);
    if (!scale.ok()) return scale.status();
    scales[0] = *scale;
    return read_trit_codes(t, place, words);
  }
  if (t.packing == Packing::mlx_trits || t.packing == Packing::mlx_affine) {
    const Result<RowScales> s = row_scales(t, place);
    if (!s.ok()) return s.status();
    for (size_t g = 0; g < s->biases.size(); ++g)
      if (s->biases[g] != -s->scales[g])
        return error(StatusCode::unsupported, place.matrix.biases->place(), ": row ", place.row, ", group ", g, " has ",
                     s->biases[g], ", not its scale's opposite ", -s->scales[g], ": its values are no trits");
    std::ranges::copy(s->scales, scales.begin());
    return read_trit_codes(t, place, words);
  }
  std::vector<float> values(static_cast<size_t>(t.cols));
  if (Status s = read_floats(t, row, values); !s.ok()) return s;
  if (t.packing == Packing::masters) {
    const float alpha = alphas[static_cast<size_t>(row / t.rows)];
    scales[0] = alpha;
    pack_rounded(values, alpha, words);
    return Status();
  }
  if (pack_exact(values, t.group_size, words, scales)) return Status();
  return error(StatusCode::unsupported, place.matrix.weight->place(), ": row ", place.row,
               " has values of more than one magnitude within ", t.group_size, " columns: it is not ternary");
}

Result<std::vector<float>> master_alphas(const FolderTensor& t) {
  constexpr double kLeast = 1e-5;
  std::vector<float> alphas;
  if (t.packing != Packing::masters) return alphas;
  std::vector<float> values(static_cast<size_t>(t.cols));
  for (int64_t m = 0; m < t.n_matrices; ++m) {
    double sum = 0;
    for (int64_t r = 0; r < t.rows; ++r) {
      check_cancelled_every<64>(static_cast<size_t>(r));
      if (Status s = read_floats(t, m * t.rows + r, values); !s.ok()) return s;
      for (const float v : values) sum += std::abs(v);
    }
    alphas.push_back(static_cast<float>(std::max(sum / static_cast<double>(t.rows * t.cols), kLeast)));
  }
  return alphas;
}

Status look_for_mlx_trits(FolderTensor& t) {
  bool opposite = true;
  for (int64_t m = 0; m < t.n_matrices && opposite; ++m) {
    const Result<RowScales> s = row_scales(t, place_of(t, m * t.rows));
    if (!s.ok()) return s.status();
    for (size_t g = 0; g < s->scales.size(); ++g) opposite &= s->biases[g] == -s->scales[g];
  }
  t.info.ternary = opposite;
  return Status();
}

Status look_for_trits(FolderTensor& t) {
  constexpr int64_t kRows = 16, kRowsOfExpert = 3;  // that are looked at, first and last among them
  const int64_t wanted = t.n_matrices == 1 ? kRows : kRowsOfExpert;
  std::vector<float> values(static_cast<size_t>(t.cols));
  int64_t group = t.cols;
  for (int64_t m = 0; m < t.n_matrices && group > 0; ++m)
    for (int64_t i = 0; i < std::min(wanted, t.rows) && group > 0; ++i) {
      check_cancelled_every<64>(static_cast<size_t>(i));
      const int64_t row = t.rows <= wanted ? i : i * (t.rows - 1) / (wanted - 1);
      Status read = read_floats(t, m * t.rows + row, values);
      if (read.code() == StatusCode::corrupt_file)
        return Status();  // a value that is not finite: said when it is loaded
      if (!read.ok()) return read;
      group = std::min(group, ternary_group(values));
    }
  t.info.ternary = group > 0;
  t.group_size = group;
  return Status();
}

}  // namespace tritium
