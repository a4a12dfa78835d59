#include "train/expert_distance.h"

#include <cmath>

namespace tritium::training {

Result<std::optional<double>> expert_distance(Backend& backend, const Transformer& model) {
  double sum = 0;
  int64_t pairs = 0;
  for (const BitLinear* p : model.parameters()) {
    if (p->stack_elements() == p->rows * p->cols || p->role != TensorRole::feed_forward) continue;
    const Result<std::vector<float>> values = p->values(backend);
    if (!values.ok()) return values.status();
    const auto size = static_cast<size_t>(p->rows * p->cols);
    for (size_t first = 0; first + 2 * size <= values->size(); first += size) {
      double difference = 0, both = 0;
      for (size_t i = first; i < first + size; ++i) {
        const double a = double{(*values)[i]}, b = double{(*values)[i + size]};
        difference += (a - b) * (a - b);
        both += a * a + b * b;
      }
      sum += both > 0 ? std::sqrt(difference / both) : 0.0;
      ++pairs;
    }
  }
  if (pairs == 0) return std::optional<double>();
  return std::optional(sum / static_cast<double>(pairs));
}

}  // namespace tritium::training
