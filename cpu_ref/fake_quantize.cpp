// y = w + lambda (Q(v) - w), Q(v) the value that a quantiser would store.
#include "ops/fake_quantize.h"
#include "cpu_ref/shadow.h"
#include "shaders/lib/integers.h"

namespace tritium::cpu_ref {

void fake_quantize(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                   std::span<float> y, std::span<const float> bound, std::span<const float> source) {
  fake_quantize_rows(p, parameter, alpha, y, bound, source, 0, p.n_rows);
}

void fake_quantize_rows(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                        std::span<float> y, std::span<const float> bound, std::span<const float> source, size_t first,
                        size_t last) {
  const auto qmax = static_cast<int>(p.quantizer);
  const auto fill = [&](size_t row, size_t begin, size_t end, const auto& quantised) {
    for (size_t c = begin; c < end; ++c) {
      const size_t at = row * p.plane.row_stride + c;
      const float w = parameter_value(parameter, p.plane, at);
      const float q = quantised(p.own_source ? source[at] : w);
      y[at] = p.lambda == 1.0f ? q : static_cast<float>(w + p.lambda * (static_cast<double>(q) - w));
    }
  };
  for (size_t row = first; row < last; ++row)
    for (size_t begin = 0; begin < p.cols; begin += p.group_size) {
      const size_t end = std::min<size_t>(p.cols, begin + p.group_size);
      if (p.n_alpha == 0) {
        fill(row, begin, end, [](float v) { return v; });
        continue;
      }
      const size_t group = alpha_of(p, row, begin);
      const float scale = alpha[group];
      if (qmax == 0) {
        const float limit = p.own_bound ? bound[group] : scale;
        fill(row, begin, end, [=](float v) { return scale * static_cast<float>(shader::ternary_trit(v, limit)); });
      } else {
        const float inverse = shader::inverse_of_scale(scale);
        fill(row, begin, end,
             [=](float v) { return scale * static_cast<float>(shader::quantize_to_integer(v, inverse, qmax)); });
      }
    }
}

}  // namespace tritium::cpu_ref
