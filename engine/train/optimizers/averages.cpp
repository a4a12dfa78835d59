#include "train/optimizers/averages.h"

namespace tritium::training {
namespace {

bool has_average(const BitLinear& p) { return p.trains() && p.shadow.data; }

}  // namespace

void Averages::allocate(Allocator& allocator) {
  if (options_.kind == Average::none) return;
  for (BitLinear* p : model_.parameters())
    if (has_average(*p)) p->average = allocator.tensor(p->name + ".average", p->shadow.data.shape);
}

Tensor Averages::shadow_as_floats(Ops& ops, const BitLinear& p) {
  if (p.shadow.dtype == DType::f32) return p.shadow.data;
  Weight floats = p.shadow;
  floats.dtype = DType::f32;
  floats.data = ops.temporary(p.shadow.data.shape);
  ops(FakeQuantize{.parameter = p.shadow, .alpha = {}, .y = floats});
  return floats.data;
}

void Averages::record(Ops& ops, double share) const {
  for (const BitLinear* p : model_.parameters()) {
    if (!p->average) continue;
    const Tensor w = shadow_as_floats(ops, *p);
    ops(ScaledAdd{.a = share == 1.0 ? w : p->average,
                  .b = w,
                  .y = p->average,
                  .a_scale = static_cast<float>(1.0 - share),
                  .b_scale = static_cast<float>(share)});
  }
}

Result<int64_t> Averages::update(Workspace& workspace, int64_t step, int64_t total, int64_t count) {
  const bool ema = options_.kind == Average::ema;
  const double start = (1.0 - options_.fraction) * static_cast<double>(total);
  if (options_.kind == Average::none || (!ema && static_cast<double>(step) <= start)) return count;
  // Of the new weights: all at first; then 1 - decay, or 1 / n for the n-th of a plain mean.
  const double share = count == 0 ? 1.0 : ema ? 1.0 - options_.decay : 1.0 / static_cast<double>(count + 1);
  if (Status s = workspace.run_once([&](Ops& ops) { record(ops, share); }); !s.ok()) return s;
  return count + 1;
}

Status Averages::take_over(Backend& backend) {
  for (BitLinear* p : model_.parameters())
    if (p->average)
      if (Status s = p->set_shadow(backend, p->average); !s.ok()) return s;
  return Status();
}

}  // namespace tritium::training
