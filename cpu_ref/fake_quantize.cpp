// y = w + lambda (Q(w) - w), Q(w) the value that a quantiser would store.
#include "ops/fake_quantize.h"
#include "cpu_ref/shadow.h"
#include "shaders/lib/rounding.h"

namespace tritium::cpu_ref {

void fake_quantize(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                   std::span<float> y) {
  fake_quantize_rows(p, parameter, alpha, y, 0, p.n_rows);
}

void fake_quantize_rows(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                        std::span<float> y, size_t first, size_t last) {
  const auto qmax = static_cast<int>(p.quantizer);
  for (size_t row = first; row < last; ++row) {
    const auto value = [&](size_t c) {
      return dense_value(parameter, static_cast<DType>(p.dtype), row * p.row_stride + c);
    };
    float largest = 0;
    for (size_t c = 0; c < p.cols; ++c) largest = std::fmax(largest, std::abs(value(c)));
    const bool zero = qmax == 0 || largest < TRITIUM_SMALLEST_MAX;
    const float inverse = zero ? 0.0f : shader::exact_quotient(p.quantizer, largest);
    const float scale = zero ? 0.0f : shader::integer_scale(largest, qmax);
    for (size_t c = 0; c < p.cols; ++c) {
      const float w = value(c);
      float quantized = 0;
      if (qmax == 0) {
        const float a = alpha[alpha_of(p, row, c)];
        quantized = a * static_cast<float>(shader::ternary_trit(w, a));
      } else {
        quantized = scale * static_cast<float>(shader::quantize_to_integer(w, inverse, qmax));
      }
      y[row * p.row_stride + c] =
          p.lambda == 1.0f ? quantized : static_cast<float>(w + p.lambda * (static_cast<double>(quantized) - w));
    }
  }
}

}  // namespace tritium::cpu_ref
