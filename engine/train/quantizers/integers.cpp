// q = clip(round(w / s), -qmax - 1, qmax), s = max |w| of the row / qmax; the forward pass multiplies with s q as
// floats.
#include "train/quantizers/quantizer.h"

namespace tritium::training {
namespace {

class IntegerQuantizer final : public WeightQuantizer {
 public:
  explicit IntegerQuantizer(BitLinear& member) : WeightQuantizer({&member}) {}

  void quantize(Ops& ops) const override {
    const BitLinear& m = *members_.front();
    ops(FakeQuantize{.parameter = m.shadow, .alpha = {}, .y = m.effective, .quantizer = quantizer_of(m.mode)});
  }
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_integers(BitLinear& member) { return std::make_unique<IntegerQuantizer>(member); }

}  // namespace tritium::training
