#include "format/stored_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/cancel.h"
#include "base/format_text.h"
#include "format/blocks.h"
#include "format/codec.h"
#include "format/trit_words.h"
#include "tensor/half.h"
#include "tensor/to_f32.h"

namespace tritium {
namespace {

// Of the tensor of that name, where it has one.
Status of(const std::string& name, const Status& status) { return name.empty() ? status : status.within(name); }

// Rows of blocks, each with its scale; or of i2_s: units of codes that rows may begin in the middle of, and one scale
// at the end of the tensor.
class StoredTernary {
 public:
  StoredTernary(StoredLayout layout, ReadBytes read)
      : layout_(std::move(layout)),
        read_(std::move(read)),
        shape_(matrix_shape(layout_.shape)),
        block_(ternary_block_elements(layout_.type)),
        block_bytes_(one_scale() ? kI2sUnit / 4 : traits_of(layout_.type).block_bytes) {}

  const Shape& shape() const { return shape_; }
  const std::string& name() const { return layout_.name; }
  bool one_scale() const { return layout_.type == StorageType::i2_s; }
  int64_t scale_columns() const { return one_scale() ? shape_[2] : block_; }

  // Rows first … first + n - 1 of blocks that each have their scale, as words without those that pad a row.
  Status read_words(int64_t first, int64_t n, std::span<uint32_t> words, size_t row_words,
                    std::span<float> scales) const {
    const int64_t row_blocks = shape_[2] / block_;
    const Bytes bytes = read_blocks(first * row_blocks, (first + n) * row_blocks);
    if (!bytes.status.ok()) return bytes.status;
    const uint8_t* block = bytes.data.get();
    for (int64_t row = 0; row < n; ++row) {
      uint32_t* to = &words[static_cast<size_t>(row) * row_words];
      for (int64_t b = row * row_blocks; b < (row + 1) * row_blocks; ++b) {
        const float scale = decode_trit_words(layout_.type, block, to);
        if (!std::isfinite(scale)) return not_finite(first * row_blocks + b, scale);
        scales[static_cast<size_t>(b)] = scale;
        block += block_bytes_;
        to += block_ / TernaryMatrix::kCodesPerWord;
      }
    }
    return Status();
  }

  // Calls use(row, codes of the row, its scales) for each row from `first` on.
  template <typename Use>
  Status for_each_row(int64_t first, int64_t n, const Use& use) const {
    const int64_t cols = shape_[2];
    const int64_t first_block = first * cols / block_;
    const Bytes bytes = read_blocks(first_block, ceil_div((first + n) * cols, block_));
    if (!bytes.status.ok()) return bytes.status;
    float tensor_scale = 0;
    if (one_scale()) {
      const auto tail = static_cast<uint64_t>(shape_.elements() / kI2sUnit * block_bytes_);
      if (Status s = read_(tail, std::as_writable_bytes(std::span(&tensor_scale, 1))); !s.ok()) return s;
    }
    // A row of codes, and what of its first and last block is others'.
    std::vector<uint8_t> codes(static_cast<size_t>(cols + 2 * block_));
    std::vector<float> scales(static_cast<size_t>(one_scale() ? 1 : cols / block_));
    for (int64_t row = first; row < first + n; ++row) {
      const int64_t begin = row * cols / block_, end = ceil_div((row + 1) * cols, block_);
      for (int64_t b = begin; b < end; ++b) {
        const float scale = decode(&bytes.data[static_cast<size_t>((b - first_block) * block_bytes_)], tensor_scale,
                                   &codes[static_cast<size_t>((b - begin) * block_)]);
        if (!std::isfinite(scale)) return not_finite(one_scale() ? 0 : b, scale);
        scales[one_scale() ? 0 : static_cast<size_t>(b - begin)] = scale;
      }
      use(row,
          std::span<const uint8_t>(codes).subspan(static_cast<size_t>(row * cols - begin * block_),
                                                  static_cast<size_t>(cols)),
          std::span<const float>(scales));
    }
    return Status();
  }

 private:
  struct Bytes {
    Status status;
    std::unique_ptr<uint8_t[]> data;
  };
  Bytes read_blocks(int64_t first, int64_t end) const {
    const auto size = static_cast<size_t>((end - first) * block_bytes_);
    Bytes bytes{.status = {}, .data = std::make_unique_for_overwrite<uint8_t[]>(size)};
    bytes.status = read_(static_cast<uint64_t>(first * block_bytes_),
                         std::span(reinterpret_cast<std::byte*>(bytes.data.get()), size));
    return bytes;
  }
  Status not_finite(int64_t block, float scale) const {
    return of(layout_.name, error(StatusCode::corrupt_file, "the scale of block ", block, " is ", scale));
  }
  float decode(const uint8_t* block, float tensor_scale, uint8_t* codes) const {
    if (!one_scale()) return decode_ternary_block(layout_.type, block, codes);
    decode_i2s_unit(block, layout_.i2s_interleave_64, codes);
    return tensor_scale;
  }

  StoredLayout layout_;
  ReadBytes read_;
  Shape shape_;
  int64_t block_;
  int64_t block_bytes_;
};

class StoredTernaryRows final : public TernaryRows {
 public:
  explicit StoredTernaryRows(StoredTernary stored)
      : TernaryRows(stored.shape(), stored.scale_columns()), stored_(std::move(stored)) {}

  Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const override {
    const auto per_row = static_cast<size_t>(words_per_row()), groups = static_cast<size_t>(groups_per_row());
    const auto row_words = [&](int64_t row) { return words.subspan(static_cast<size_t>(row) * per_row, per_row); };
    Status status;
    if (stored_.one_scale()) {
      status = stored_.for_each_row(first, n, [&](int64_t row, auto codes, auto row_scales) {
        pack_codes(codes, row_words(row - first));
        std::ranges::copy(row_scales, scales.begin() + static_cast<std::ptrdiff_t>(row - first) *
                                                           static_cast<std::ptrdiff_t>(groups));
      });
    } else {
      status = stored_.read_words(first, n, words, per_row, scales);
      const auto own = static_cast<size_t>(cols() / TernaryMatrix::kCodesPerWord);
      for (int64_t row = 0; own < per_row && row < n; ++row)
        std::ranges::fill(row_words(row).subspan(own), TernaryMatrix::kZeroTrits);
    }
    if (!status.ok()) return status;
    const int64_t threes = count_threes(words.first(static_cast<size_t>(n) * per_row));
    if (threes == 0) return Status();
    return of(stored_.name(), error(StatusCode::unsupported, threes, " of ", n * cols(),
                                    " codes are 3 (+2): this tensor is not ternary"));
  }

 private:
  StoredTernary stored_;
};

class StoredTernaryAsDense final : public DenseRows {
 public:
  StoredTernaryAsDense(StoredTernary stored, DType dtype)
      : DenseRows(stored.shape(), dtype), stored_(std::move(stored)) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override {
    const auto row_size = static_cast<size_t>(row_bytes());
    const auto group = static_cast<size_t>(stored_.scale_columns());
    return stored_.for_each_row(first, n, [&](int64_t row, auto codes, auto scales) {
      std::byte* to = &out[static_cast<size_t>(row - first) * row_size];
      for (size_t c = 0; c < codes.size(); ++c) {
        const float value = scales[c / group] * static_cast<float>(codes[c] - 1);
        const uint16_t half = f32_to_f16(value);
        if (dtype() == DType::f32) {
          std::memcpy(to + 4 * c, &value, 4);
        } else {
          std::memcpy(to + 2 * c, &half, 2);
        }
      }
    });
  }

 private:
  StoredTernary stored_;
};

// The index of the first value that is not finite, as decoded; -1: none.
int64_t first_not_finite(DType dtype, std::span<const std::byte> row, std::span<float> values) {
  to_f32(dtype, row, values);
  const auto found = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
  return found == values.end() ? -1 : found - values.begin();
}

// Whether an f16 or bf16 (exponent all ones) is among them; a test that leaves the values alone.
bool any_exponent_full(std::span<const std::byte> row, uint16_t exponent) {
  bool found = false;
  for (size_t i = 0; i + 1 < row.size(); i += 2) {
    uint16_t bits = 0;
    std::memcpy(&bits, &row[i], 2);
    found |= (bits & exponent) == exponent;
  }
  return found;
}

class StoredDenseRows final : public DenseRows {
 public:
  StoredDenseRows(StoredLayout layout, ReadBytes read)
      : DenseRows(matrix_shape(layout.shape), dtype_of(layout.type)),
        layout_(std::move(layout)),
        read_(std::move(read)) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override {
    const auto row_size = static_cast<size_t>(row_bytes());
    out = out.first(static_cast<size_t>(n) * row_size);
    if (Status s = read_(static_cast<uint64_t>(first) * row_size, out); !s.ok()) return s;
    if (dtype() == DType::f16 && !any_exponent_full(out, 0x7C00)) return Status();
    if (dtype() == DType::bf16 && !any_exponent_full(out, 0x7F80)) return Status();
    std::vector<float> values(static_cast<size_t>(cols()));
    for (int64_t r = 0; r < n; ++r) {
      const int64_t at = first_not_finite(dtype(), out.subspan(static_cast<size_t>(r) * row_size, row_size), values);
      if (at >= 0)
        return of(layout_.name, error(StatusCode::corrupt_file, "element ", (first + r) * cols() + at, " is ",
                                      values[static_cast<size_t>(at)]));
    }
    return Status();
  }

 private:
  StoredLayout layout_;
  ReadBytes read_;
};

// f16, or f32 where +2 times a scale does not fit an f16, or where the scale is no f16 itself.
Result<DType> dtype_of_values(const StoredTernary& stored) {
  constexpr float kHalfOfLargest = 32752.0f;
  bool wide = false;
  const Status status = stored.for_each_row(0, stored.one_scale() ? 1 : stored.shape()[0] * stored.shape()[1],
                                            [&](int64_t, auto, auto scales) {
                                              for (float s : scales)
                                                wide |= std::abs(s) > kHalfOfLargest || f16_to_f32(f32_to_f16(s)) != s;
                                            });
  if (!status.ok()) return status;
  return wide ? DType::f32 : DType::f16;
}

}  // namespace

StoredLayout layout_of(const StoredTensor& t) {
  return {.type = t.type, .shape = t.shape, .i2s_interleave_64 = t.i2s_interleave_64, .name = {}};
}

ReadBytes bytes_of(const StoredTensor& t) {
  return [bytes = t.bytes](uint64_t offset, std::span<std::byte> out) {
    std::ranges::copy(bytes.subspan(offset, out.size()), out.begin());
    return Status();
  };
}

DType dtype_of(StorageType type) {
  switch (type) {
    case StorageType::f32: return DType::f32;
    case StorageType::bf16: return DType::bf16;
    case StorageType::q8_0: return DType::q8_0;
    case StorageType::q4_0: return DType::q4_0;
    case StorageType::q4_k: return DType::q4_k;
    case StorageType::q6_k: return DType::q6_k;
    default: return DType::f16;
  }
}

Result<std::unique_ptr<TernaryRows>> stored_ternary_rows(StoredLayout layout, ReadBytes read) {
  if (!traits_of(layout.type).ternary)
    return of(layout.name, error(StatusCode::unsupported, "is ", traits_of(layout.type).name, ", not a ternary type"));
  return std::unique_ptr<TernaryRows>(
      std::make_unique<StoredTernaryRows>(StoredTernary(std::move(layout), std::move(read))));
}

Result<std::unique_ptr<DenseRows>> stored_dense_rows(StoredLayout layout, ReadBytes read) {
  if (!traits_of(layout.type).ternary)
    return std::unique_ptr<DenseRows>(std::make_unique<StoredDenseRows>(std::move(layout), std::move(read)));
  StoredTernary stored(std::move(layout), std::move(read));
  const Result<DType> dtype = dtype_of_values(stored);
  if (!dtype.ok()) return dtype.status();
  return std::unique_ptr<DenseRows>(std::make_unique<StoredTernaryAsDense>(std::move(stored), *dtype));
}

}  // namespace tritium
