#include "train/bit_linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "tensor/half.h"
#include "tensor/shadow_code.h"

namespace tritium::training {
namespace {

// Codes reach 6 times the mean magnitude of the tensor they begin with. Of 4 to 6 a pilot on a small perceptron saw no
// difference: stochastically rounded codes were 0.041 to 0.044 nats behind FP32 shadows.
constexpr double kReach = 6.0;
// Of a tensor that begins at 0.
constexpr double kReachOfZeros = 0.06;

float code_step_of(std::span<const float> weights) {
  double sum = 0;
  for (const float w : weights) sum += std::abs(double{w});
  const double reach = weights.empty() ? 0.0 : kReach * sum / static_cast<double>(weights.size());
  const auto step = static_cast<float>(reach / kMostShadowCode);
  constexpr float kSmallest = 1e-30f;  // below it products of codes would be subnormal, which devices may flush
  return step > kSmallest ? step : static_cast<float>(kReachOfZeros / kMostShadowCode);
}

// Without values where the allocator counts. code_step: of i8.
DenseMatrix dense_of(const BitLinear& layer, std::span<const float> weights, DType dtype, float code_step = 0.0f) {
  DenseMatrix matrix{
      .n_matrices = layer.n_matrices, .rows = layer.rows, .cols = layer.cols, .dtype = dtype, .bytes = {}};
  if (dtype == DType::f32) {
    const auto bytes = std::as_bytes(weights);
    matrix.bytes.assign(bytes.begin(), bytes.end());
    return matrix;
  }
  if (dtype == DType::i8) {
    matrix.bytes.resize(weights.size());
    std::ranges::transform(weights, matrix.bytes.begin(),
                           [code_step](float w) { return static_cast<std::byte>(to_shadow_code(w, code_step)); });
    return matrix;
  }
  matrix.bytes.resize(weights.size() * 2);
  for (size_t i = 0; i < weights.size(); ++i) {
    const uint16_t bits = f32_to_bf16(weights[i]);
    std::memcpy(&matrix.bytes[2 * i], &bits, 2);
  }
  return matrix;
}

DType dtype_of(ShadowPrecision precision) {
  switch (precision) {
    case ShadowPrecision::bf16: return DType::bf16;
    case ShadowPrecision::int8: return DType::i8;
    case ShadowPrecision::fp32: break;
  }
  return DType::f32;
}

float value_at(std::span<const std::byte> values, const Weight& weight, size_t index) {
  if (weight.dtype == DType::i8) return from_shadow_code(static_cast<int8_t>(values[index]), weight.code_step);
  float value = 0;
  uint16_t bits = 0;
  const bool halves = weight.dtype != DType::f32;
  const size_t size = halves ? 2 : 4;
  std::memcpy(halves ? static_cast<void*>(&bits) : &value, &values[index * size], size);
  return !halves ? value : weight.dtype == DType::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

Result<std::vector<float>> dense_values(Backend& backend, const Weight& weight) {
  std::vector<std::byte> bytes(static_cast<size_t>(weight.data.bytes()));
  if (Status s = backend.download(weight.data, bytes); !s.ok()) return s;
  std::vector<float> out;
  out.reserve(static_cast<size_t>(weight.n_matrices * weight.rows * weight.cols));
  for (int64_t row = 0; row < weight.n_matrices * weight.rows; ++row)
    for (int64_t c = 0; c < weight.cols; ++c)
      out.push_back(value_at(bytes, weight, static_cast<size_t>(row * weight.row_stride + c)));
  return out;
}

bool has_trits(WeightMode mode) { return mode == WeightMode::ternary; }
bool is_integer(WeightMode mode) {
  return mode == WeightMode::int8 || mode == WeightMode::int6 || mode == WeightMode::int5 || mode == WeightMode::int4;
}

// What is multiplied with as it is kept stays BF16: only shadows have one byte.
ShadowPrecision precision_of(const BitLinearOptions& o) {
  const bool quantised = has_trits(o.mode) || is_integer(o.mode);
  return o.shadow == ShadowPrecision::int8 && !quantised ? ShadowPrecision::bf16 : o.shadow;
}

}  // namespace

Quantizer quantizer_of(WeightMode mode) {
  switch (mode) {
    case WeightMode::int8: return Quantizer::int8;
    case WeightMode::int6: return Quantizer::int6;
    case WeightMode::int5: return Quantizer::int5;
    case WeightMode::int4: return Quantizer::int4;
    case WeightMode::full:
    case WeightMode::ternary:
    case WeightMode::stochastic:
    case WeightMode::lora:
    case WeightMode::lora_qat:
    case WeightMode::frozen: break;
  }
  return Quantizer::ternary;
}

Result<BitLinear> BitLinear::from_weights(Allocator& allocator, const std::string& name, const Shape& shape,
                                          std::span<const float> weights, const BitLinearOptions& options) {
  BitLinear layer;
  layer.name = name;
  layer.n_matrices = shape[0];
  layer.rows = shape[1];
  layer.cols = shape[2];
  const bool in_groups = has_trits(options.mode) || is_integer(options.mode);
  layer.group_size = in_groups && options.group_size < layer.cols ? options.group_size : 0;
  layer.mode = options.mode;
  layer.shadow_precision = precision_of(options);
  if (static_cast<int64_t>(weights.size()) != layer.elements() && !(allocator.counts() && weights.empty()))
    return error(StatusCode::invalid_argument, name, ": ", weights.size(), " weights do not fill ", shape.text());
  if (Status s = layer.make_shadow(allocator, weights); !s.ok()) return s;
  if (has_trits(options.mode)) {
    const auto granularity = layer.group_size > 0 ? ScaleGranularity::group : ScaleGranularity::row;
    TernaryMatrix zeros =
        TernaryMatrix::described(layer.n_matrices, layer.rows, layer.cols, granularity, layer.group_size);
    if (!allocator.counts())
      zeros = TernaryMatrix(layer.n_matrices, layer.rows, layer.cols, granularity, layer.group_size);
    layer.packed = allocator.weight(zeros, name);
  }
  if (is_integer(options.mode)) layer.effective = allocator.weight(dense_of(layer, weights, DType::f32), name);
  if (!allocator.ok()) return allocator.status();
  return layer;
}

Result<BitLinear> BitLinear::frozen(Allocator& allocator, const std::string& name, const DenseMatrix& matrix) {
  BitLinear layer;
  layer.name = name;
  layer.n_matrices = matrix.n_matrices;
  layer.rows = matrix.rows;
  layer.cols = matrix.cols;
  layer.mode = WeightMode::frozen;
  layer.shadow = allocator.weight(matrix, name);
  if (!allocator.ok()) return allocator.status();
  return layer;
}

Result<BitLinear> BitLinear::from_ternary(Allocator& allocator, const std::string& name, const TernaryMatrix& matrix,
                                          const BitLinearOptions& options) {
  BitLinear layer;
  layer.name = name;
  layer.n_matrices = matrix.n_matrices();
  layer.rows = matrix.rows();
  layer.cols = matrix.cols();
  layer.group_size = matrix.granularity() == ScaleGranularity::group ? matrix.group_size() : 0;
  layer.mode = options.mode;
  layer.shadow_precision = precision_of(options);
  layer.packed = allocator.weight(matrix, name);
  layer.as_loaded = true;
  layer.one_scale = matrix.granularity() == ScaleGranularity::tensor;
  layer.beyond_f16 = std::ranges::any_of(matrix.scales(), [](float s) { return f16_to_f32(f32_to_f16(s)) != s; });
  if (!allocator.ok()) return allocator.status();
  return layer;
}

void BitLinear::make_effective(Allocator& allocator) {
  const std::vector<float> zeros(allocator.counts() ? 0 : static_cast<size_t>(elements()));
  effective = allocator.weight(dense_of(*this, zeros, DType::f32), name);
}

Status BitLinear::init_shadow_from_ternary(Allocator& allocator, int64_t n_scales) {
  if (!ternary()) return error(StatusCode::invalid_argument, name, " has no trits to start from");
  const int64_t groups = n_matrices * rows * groups_per_row();
  if (n_scales < 1 || groups % n_scales != 0)
    return error(StatusCode::invalid_argument, name, ": ", n_scales, " scales do not divide ", groups, " scale groups");
  if (allocator.counts()) return make_shadow(allocator, {});
  const Result<TernaryMatrix> trits = allocator.backend()->download_weight(packed);
  if (!trits.ok()) return trits.status();
  const auto part_of = [&](int64_t row, int64_t col) {
    const int64_t group = row * groups_per_row() + (group_size > 0 ? col / group_size : 0);
    return static_cast<size_t>(group * n_scales / groups);
  };
  std::vector<double> kept(static_cast<size_t>(n_scales)), all(static_cast<size_t>(n_scales));
  for (int64_t row = 0; row < n_matrices * rows; ++row)
    for (int64_t c = 0; c < cols; ++c) {
      kept[part_of(row, c)] += trits->trit(row / rows, row % rows, c) != 0;
      all[part_of(row, c)] += 1;
    }
  std::vector<float> weights(static_cast<size_t>(elements()));
  for (int64_t row = 0; row < n_matrices * rows; ++row)
    for (int64_t c = 0; c < cols; ++c) {
      const size_t part = part_of(row, c);
      const double rho = kept[part] > 0 ? kept[part] / all[part] : 1.0;
      weights[static_cast<size_t>(row * cols + c)] =
          static_cast<float>(double{trits->value(row / rows, row % rows, c)} / rho);
    }
  return make_shadow(allocator, weights);
}

Status BitLinear::init_shadow_as_dequantized(Allocator& allocator) {
  std::vector<float> weights;
  if (!allocator.counts()) {
    const Result<TernaryMatrix> trits = allocator.backend()->download_weight(packed);
    if (!trits.ok()) return trits.status();
    weights = trits->dequantize();
    weights.resize(static_cast<size_t>(elements()));
  }
  return make_shadow(allocator, weights);
}

Status BitLinear::make_shadow(Allocator& allocator, std::span<const float> weights) {
  const DType dtype = dtype_of(shadow_precision);
  const float code_step = dtype == DType::i8 ? code_step_of(weights) : 0.0f;
  shadow = allocator.weight(dense_of(*this, weights, dtype, code_step), name);
  shadow.code_step = code_step;
  return allocator.status();
}

Status BitLinear::set_shadow(Backend& backend, const Tensor& values) {
  Weight floats = shadow;
  floats.dtype = DType::f32;
  floats.data = values;
  const Result<std::vector<float>> weights = dense_values(backend, floats);
  if (!weights.ok()) return weights.status();
  Result<Weight> made = backend.upload_weight(dense_of(*this, *weights, shadow.dtype, shadow.code_step), name);
  if (!made.ok()) return made.status();
  made->code_step = shadow.code_step;
  shadow = *made;
  return Status();
}

Status BitLinear::keep_base(Allocator& allocator) {
  std::vector<float> weights;
  if (!allocator.counts()) {
    Result<std::vector<float>> now = dense_values(*allocator.backend(), shadow);
    if (!now.ok()) return now.status();
    weights = *std::move(now);
  }
  base = allocator.weight(dense_of(*this, weights, DType::f32), name);
  if (n_matrices == 1) return allocator.status();
  matrix_of_row = allocator.tensor(name + ".matrix_of_row", {n_matrices * rows, 1}, DType::i32);
  std::vector<int32_t> ids(static_cast<size_t>(n_matrices * rows));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(static_cast<int64_t>(i) / rows);
  allocator.upload(matrix_of_row, std::as_bytes(std::span(ids)));
  return allocator.status();
}

void BitLinear::drop_shadow() {
  shadow = effective = base = {};
  gradient = m = v = m_scales = v_scales = row_squares = col_squares = sums = flips = average = {};
}

Result<std::vector<float>> BitLinear::values(Backend& backend) const {
  if (shadow.data && !trains_in_part()) return dense_values(backend, shadow);
  const Result<TernaryMatrix> trits = backend.download_weight(packed);
  if (!trits.ok()) return trits.status();
  return trits->dequantize();
}

Result<std::vector<float>> BitLinear::forward_values(Backend& backend) const {
  if (!weight().ternary()) return dense_values(backend, weight());
  const Result<TernaryMatrix> trits = backend.download_weight(packed);
  if (!trits.ok()) return trits.status();
  return trits->dequantize();
}

}  // namespace tritium::training
