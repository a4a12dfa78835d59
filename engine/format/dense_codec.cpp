#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/cancel.h"
#include "base/format_text.h"
#include "format/blocks.h"
#include "format/codec.h"
#include "tensor/half.h"

namespace tritium {
namespace {

// Calls use(index of the first element, values) for each block. Ternary types with codes of +2 decode too.
template <typename Use>
void for_each_block(const StoredTensor& t, Use use) {
  const StorageTraits& traits = traits_of(t.type);
  const auto* bytes = reinterpret_cast<const uint8_t*>(t.bytes.data());
  const int64_t elements = traits.ternary ? ternary_block_elements(t.type) : traits.block_elements;
  const int64_t n_blocks = matrix_shape(t.shape).elements() / elements;
  float values[kMaxDenseBlock];
  uint8_t codes[kMaxTernaryBlock];
  for (int64_t b = 0; b < n_blocks; ++b) {
    check_cancelled_every<1024>(static_cast<size_t>(b));
    if (traits.ternary) {
      const float scale = decode_ternary_block(t, b, codes);
      for (int64_t i = 0; i < elements; ++i) values[i] = scale * static_cast<float>(codes[i] - 1);
    } else {
      decode_dense_block(t.type, bytes + b * traits.block_bytes, values);
    }
    use(b * elements, std::span<const float>(values, static_cast<size_t>(elements)));
  }
}

// What is wrong with the values, and how large they are.
struct Survey {
  int64_t bad_index = -1;
  float bad_value = 0;
  float largest = 0;

  Status status() const {
    return bad_index < 0 ? Status() : error(StatusCode::corrupt_file, "element ", bad_index, " is ", bad_value);
  }
  void look(int64_t first, std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i]) && bad_index < 0) {
        bad_index = first + static_cast<int64_t>(i);
        bad_value = values[i];
      }
      largest = std::max(largest, std::abs(values[i]));
    }
  }
};

// The smallest value that would become infinite. q8_0 keeps the 127th part of a block's largest value as f16.
float overflow_of(StorageType type) {
  constexpr float kF16 = 65520.0f;
  constexpr float kBf16 = 0x1.FFp127f;
  switch (type) {
    case StorageType::f16: return kF16;
    case StorageType::bf16: return kBf16;
    case StorageType::q8_0: return 127 * kF16;
    default: return std::numeric_limits<float>::infinity();
  }
}

bool kept_as_is(StorageType type) {
  return type == StorageType::f32 || type == StorageType::f16 || type == StorageType::bf16;
}

}  // namespace

Result<std::vector<float>> decode_f32(const StoredTensor& t) {
  std::vector<float> out(static_cast<size_t>(matrix_shape(t.shape).elements()));
  Survey survey;
  for_each_block(t, [&](int64_t first, std::span<const float> values) {
    survey.look(first, values);
    std::ranges::copy(values, out.begin() + first);
  });
  if (!survey.status().ok()) return survey.status();
  return out;
}

Result<DenseMatrix> decode_dense(const StoredTensor& t) {
  Survey survey;
  for_each_block(t, [&](int64_t first, std::span<const float> values) { survey.look(first, values); });
  if (!survey.status().ok()) return survey.status();

  const Shape shape = matrix_shape(t.shape);
  DenseMatrix m{.n_matrices = shape[0], .rows = shape[1], .cols = shape[2], .dtype = DType::f16, .bytes = {}};
  if (kept_as_is(t.type)) {
    m.dtype = t.type == StorageType::f32 ? DType::f32 : t.type == StorageType::f16 ? DType::f16 : DType::bf16;
    m.bytes.assign(t.bytes.begin(), t.bytes.end());
    return m;
  }
  constexpr float kLargestF16 = 65504.0f;
  const bool wide = survey.largest > kLargestF16;
  if (wide) m.dtype = DType::f32;
  const size_t size = wide ? 4 : 2;
  m.bytes.resize(static_cast<size_t>(shape.elements()) * size);
  for_each_block(t, [&](int64_t first, std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = f32_to_f16(values[i]);
      std::memcpy(&m.bytes[(static_cast<size_t>(first) + i) * size],
                  wide ? static_cast<const void*>(&values[i]) : &half, size);
    }
  });
  return m;
}

Result<std::vector<std::byte>> encode_f32(std::span<const float> values, std::span<const int64_t> shape,
                                          StorageType type) {
  const StorageTraits& traits = traits_of(type);
  if (!kept_as_is(type) && type != StorageType::q8_0)
    return error(StatusCode::unsupported, "floats cannot be written as ", traits.name, "; F32, F16, BF16 and Q8_0 can");
  const Result<uint64_t> size = storage_bytes(type, shape);
  if (!size.ok()) return Status(StatusCode::invalid_argument, size.message());
  if (static_cast<int64_t>(values.size()) != matrix_shape(shape).elements())
    return error(StatusCode::invalid_argument, values.size(), " values do not fill the shape");
  const float limit = overflow_of(type);
  for (size_t i = 0; i < values.size(); ++i)
    if (!(std::abs(values[i]) < limit))
      return error(StatusCode::invalid_argument, "element ", i, " is ", values[i], ", which ", traits.name,
                   " cannot hold");
  std::vector<std::byte> bytes(*size);
  auto* out = reinterpret_cast<uint8_t*>(bytes.data());
  const auto step = static_cast<size_t>(traits.block_elements);
  for (size_t e = 0; e < values.size(); e += step, out += traits.block_bytes) {
    check_cancelled_every<(1 << 18)>(e);
    encode_dense_block(type, &values[e], out);
  }
  return bytes;
}

}  // namespace tritium
