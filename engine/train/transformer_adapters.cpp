// Adapters inside a quantiser (WeightMode::lora_qat): the weights that are quantised are W = W0 + s B A. W0, what a
// file's trits stand for, does not change; A [rank, cols] and B [rows, rank] learn by the straight-through gradient G
// of W,
//   dA = s B^T G,   dB = s G A^T,
// and what is deployed are trits. (An adapter beside trits, WeightMode::lora, cannot flip one, and stays a file.)
#include "train/transformer.h"

namespace tritium::training {
namespace {

Shape rows_of_all(const BitLinear& p) { return {p.n_matrices * p.rows, p.cols}; }

// B of all matrices. [n_matrices * rows, rank]
Tensor rows_of_b(const BitLinear& p) { return p.lora_b->shadow.data.view({p.n_matrices * p.rows, p.lora_b->cols}); }

}  // namespace

void Transformer::record_adapter_gradients(Ops& ops, int64_t layer) const {
  const Ops::Label label(ops, "adapters");
  for (const BitLinear* p : parameters_of(layer)) {
    if (!p->adapter_inside()) continue;
    const Tensor g = p->gradient.view(rows_of_all(*p)), b = rows_of_b(*p);
    const Tensor scaled_b = ops.temporary(b.shape), g_times_a = ops.temporary(b.shape);
    ops(ScaledAdd{.a = b, .b = b, .y = scaled_b, .a_scale = p->lora_scale, .b_scale = 0.0f});
    ops(WeightGradient{
        .x = g, .q = {}, .scales = {}, .dy = scaled_b, .expert_ids = p->matrix_of_row, .dw = p->lora_a->gradient});
    ops(DenseMatmul{
        .x = g, .weight = p->lora_a->shadow, .expert_ids = p->matrix_of_row, .y = g_times_a, .single_precision = true});
    const Tensor db = p->lora_b->gradient.view(b.shape);
    ops(ScaledAdd{.a = db, .b = g_times_a, .y = db, .a_scale = 1.0f, .b_scale = p->lora_scale});
    ops(ScaledAdd{.a = g, .b = g, .y = g, .a_scale = 0.0f, .b_scale = 0.0f});
  }
}

void Transformer::record_adapted_shadows(Ops& ops, int64_t layer) const {
  for (const BitLinear* p : parameters_of(layer)) {
    if (!p->adapter_inside()) continue;
    const Tensor change = ops.temporary(rows_of_all(*p));
    ops(DenseMatmulBackward{
        .dy = rows_of_b(*p), .weight = p->lora_a->shadow, .expert_ids = p->matrix_of_row, .dx = change});
    const Tensor shadow = p->shadow.data.view(change.shape);
    ops(ScaledAdd{
        .a = p->base.data.view(change.shape), .b = change, .y = shadow, .a_scale = 1.0f, .b_scale = p->lora_scale});
  }
}

}  // namespace tritium::training
