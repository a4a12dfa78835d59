#include "ops/fuse.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <vector>

#include "ops/program_rewriter.h"

namespace tritium {
namespace {

class Fuser : public ProgramRewriter {
 public:
  using ProgramRewriter::ProgramRewriter;

  void run() {
    for (size_t i = 0; i < size(); ++i) fuse_at(i);
  }

 private:
  bool fuse_at(size_t step) {
    if (at<RouteTokens>(step)) return fuse_gate_up(step);
    if (at<Attention>(step)) return fuse_attention(step);
    if (at<RmsNorm>(step)) return fuse_norm(step);
    if (!quantizes_rows(step)) return false;
    const bool fits_workgroup = at<QuantizeActivations>(step)->q.shape[1] <= limits().cols;
    if (fits_workgroup && (fuse_down(step) || fuse_router(step) || fuse_output(step) || fuse_products(step)))
      return true;
    return fuse_codes(step);
  }

  bool quantizes_rows(size_t step) const {
    const auto* quantize = at<QuantizeActivations>(step);
    return quantize && quantize->scales.shape[1] == 1;
  }

  // The products that read codes, and nothing else does.
  std::vector<size_t> products_of(const QuantizeActivations& codes) {
    std::vector<size_t> products = readers(codes.q);
    if (products != readers(codes.scales)) return {};
    for (const size_t i : products)
      if (!at<TernaryMatmul>(i)) return {};
    return products;
  }

  // x + branch, norm: what stands before codes.
  struct Input {
    Tensor x, branch, sum, norm;
    float eps = 1e-5f;
    std::vector<size_t> steps;
  };
  Input input_of(size_t norm) {
    const RmsNorm& n = *at<RmsNorm>(norm);
    Input input = {.x = n.x, .branch = {}, .sum = {}, .norm = n.weight, .eps = n.eps, .steps = {norm}};
    if (const auto added = made_by<Add>(n.x)) {
      const Add& a = *at<Add>(*added);
      if (a.y.shape == n.x.shape && a.y.shape.rank() == 2) {
        input.x = a.a, input.branch = a.b, input.sum = a.y;
        input.steps.push_back(*added);
      }
    }
    return input;
  }

  bool fuse_products(size_t step) {
    const QuantizeActivations& codes = *at<QuantizeActivations>(step);
    const std::vector<size_t> products = products_of(codes);
    if (codes.x.shape[0] != 1 || products.empty() || products.size() > 3) return false;
    for (const size_t i : products)
      if (at<TernaryMatmul>(i)->expert_ids) return false;
    Input input = {.x = codes.x, .branch = {}, .sum = {}, .norm = {}, .steps = {}};
    const auto norm = made_by<RmsNorm>(codes.x);
    if (norm && read_by(codes.x, {step}) && at<RmsNorm>(*norm)->x.shape == codes.x.shape) input = input_of(*norm);
    std::vector<size_t> replaced = input.steps;
    replaced.push_back(step);
    replaced.insert(replaced.end(), products.begin(), products.end());
    const auto product = [&](size_t i) {
      return i < products.size() ? *at<TernaryMatmul>(products[i]) : TernaryMatmul();
    };
    const TernaryMatmul first = product(0), second = product(1), third = product(2);
    return replace(replaced, NormQkv{.x = input.x,
                                     .branch = input.branch,
                                     .norm = input.norm,
                                     .weight_0 = first.weight,
                                     .weight_1 = second.weight,
                                     .weight_2 = third.weight,
                                     .sum = input.sum,
                                     .y_0 = first.y,
                                     .y_1 = second.y,
                                     .y_2 = third.y,
                                     .eps = input.eps});
  }

  bool fuse_router(size_t step) {
    const QuantizeActivations& codes = *at<QuantizeActivations>(step);
    const auto norm = made_by<RmsNorm>(codes.x);
    if (codes.x.shape[0] != 1 || !norm || readers(codes.x).size() != 2) return false;
    const size_t other = readers(codes.x)[0] == step ? readers(codes.x)[1] : readers(codes.x)[0];
    const auto* router = at<DenseMatmul>(other);
    if (!router || router->expert_ids || at<RmsNorm>(*norm)->x.shape != codes.x.shape) return false;
    const Input input = input_of(*norm);
    std::vector<size_t> replaced = input.steps;
    replaced.insert(replaced.end(), {step, other});
    return replace(replaced, NormRouter{.x = input.x,
                                        .branch = input.branch,
                                        .norm = input.norm,
                                        .router = router->weight,
                                        .sum = input.sum,
                                        .q = codes.q,
                                        .scales = codes.scales,
                                        .logits = router->y,
                                        .eps = input.eps});
  }

  // Codes of a norm, whatever reads them.
  bool fuse_codes(size_t step) {
    const QuantizeActivations& codes = *at<QuantizeActivations>(step);
    const auto norm = made_by<RmsNorm>(codes.x);
    if (!norm || codes.x.shape.rank() != 2 || at<RmsNorm>(*norm)->x.shape != codes.x.shape) return false;
    const Input input = input_of(*norm);
    std::vector<size_t> replaced = input.steps;
    replaced.push_back(step);
    return replace(replaced, NormRows{.x = input.x,
                                      .branch = input.branch,
                                      .norm = input.norm,
                                      .sum = input.sum,
                                      .y = read_by(codes.x, {step}) ? Tensor() : codes.x,
                                      .q = codes.q,
                                      .scales = codes.scales,
                                      .eps = input.eps});
  }

  // A norm of a sum that nothing quantises.
  bool fuse_norm(size_t step) {
    const Tensor y = at<RmsNorm>(step)->y;
    if (std::ranges::any_of(readers(y), [&](size_t i) { return quantizes_rows(i); })) return false;
    const Input input = input_of(step);
    if (!input.branch || y.shape != input.x.shape) return false;
    return replace(
        input.steps,
        NormRows{.x = input.x, .branch = input.branch, .norm = input.norm, .sum = input.sum, .y = y, .eps = input.eps});
  }

  // Queries or keys on their way from a projection: a norm of each head and a rotation, in one order or the other.
  struct HeadRows {
    Tensor x;
    Tensor norm;
    float eps = 1e-5f;
    bool norm_after_rope = false;
    const Rope* rope = nullptr;
    std::vector<size_t> steps;
  };
  HeadRows head_rows(const Tensor& ready, size_t reader) {
    HeadRows rows = {.x = ready, .norm = {}, .steps = {}};
    for (;;) {
      if (!read_by(rows.x, {reader})) return rows;
      const auto rope = made_by<Rope>(rows.x);
      const auto norm = made_by<RmsNorm>(rows.x);
      if (rope && !rows.rope && !at<Rope>(*rope)->inverse) {
        rows.rope = at<Rope>(*rope);
        rows.x = rows.rope->x, reader = *rope;
      } else if (norm && !rows.norm && at<RmsNorm>(*norm)->x.shape == ready.shape) {
        const RmsNorm& n = *at<RmsNorm>(*norm);
        rows.norm = n.weight, rows.eps = n.eps, rows.norm_after_rope = rows.rope == nullptr;
        rows.x = n.x, reader = *norm;
      } else {
        return rows;
      }
      rows.steps.push_back(reader);
    }
  }

  static bool same_treatment(const HeadRows& q, const HeadRows& k) {
    if (static_cast<bool>(q.norm) != static_cast<bool>(k.norm) || (q.rope == nullptr) != (k.rope == nullptr))
      return false;
    if (q.rope && (q.rope->pairing != k.rope->pairing || q.rope->cos_sin.buffer != k.rope->cos_sin.buffer))
      return false;
    return !q.norm || (q.eps == k.eps && (!q.rope || q.norm_after_rope == k.norm_after_rope));
  }

  // The step that stores what an attention sees last.
  std::optional<size_t> stored_for(const Attention& attention) {
    const std::vector<size_t>& by = writers(attention.k_cache);
    if (by.size() != 1 || !at<StoreKv>(by.front())) return std::nullopt;
    const StoreKv& store = *at<StoreKv>(by.front());
    const bool same = store.v_cache.buffer == attention.v_cache.buffer && store.rows.buffer == attention.rows.buffer;
    return same ? std::optional(by.front()) : std::nullopt;
  }

  // Rows of whole 16 bytes, and what a workgroup keeps.
  bool takes_heads(const Attention& a) const {
    const int64_t values = values_of_word(a.k_cache.dtype), key_dim = a.k_cache.shape[2];
    const int64_t heads = a.q.shape[1] / a.k_cache.shape[1];
    const int64_t of_rows = 4 * (heads + 1) * key_dim, of_own = 4 * (key_dim + a.v_cache.shape[2]) / values;
    constexpr int64_t kOfHead = 4 * (128 + 16);  // shaders/lib/reduce.glsl
    return key_dim % (4 * values) == 0 && of_rows + of_own + kOfHead * heads <= limits().attention_bytes;
  }

  bool fuse_attention(size_t step) {
    const Attention attention = *at<Attention>(step);
    const auto stored = stored_for(attention);
    if (attention.q.shape[0] != 1 || !stored || !takes_heads(attention)) return false;
    const StoreKv store = *at<StoreKv>(*stored);
    const HeadRows q = head_rows(attention.q, step), k = head_rows(store.k, *stored);
    if (!same_treatment(q, k)) return false;
    const int64_t heads = attention.q.shape[1], capacity = attention.k_cache.shape[0];
    const int64_t split_keys = attention_split_keys(capacity, heads), splits = ceil_div(capacity, split_keys);
    if (heads * splits > limits().parts) return false;
    AttentionStep op = {.q = q.x,
                        .k = k.x,
                        .v = store.v,
                        .q_norm = q.norm,
                        .k_norm = k.norm,
                        .cos_sin = q.rope ? q.rope->cos_sin : Tensor(),
                        .rows = attention.rows,
                        .k_cache = attention.k_cache,
                        .v_cache = attention.v_cache,
                        .k_scales = attention.k_scales,
                        .v_scales = attention.v_scales,
                        .pairing = q.rope ? q.rope->pairing : RopePairing::halves,
                        .norm_after_rope = q.norm_after_rope,
                        .eps = q.eps,
                        .window = attention.window,
                        .split_keys = split_keys,
                        .scale = attention.scale};
    std::vector<size_t> replaced = q.steps;
    replaced.insert(replaced.end(), k.steps.begin(), k.steps.end());
    replaced.insert(replaced.end(), {*stored, step});
    op.parts = temporary({heads, splits, store.v.shape[2] + 2});
    if (!fits(op)) return false;
    // Two steps in the place of several: the first where keys and values were stored. Its result is what both write.
    const MergeSplits merge = {.parts = op.parts, .y = attention.y};
    std::ranges::sort(replaced);
    if (*stored + 1 != step || !hides_nothing(replaced, attention)) return false;
    if (!may_meet_at(replaced, *stored) || !wanted(replaced, op, merge)) return false;
    for (const size_t i : replaced) forget(i);
    put(*stored, op);
    put(step, merge);
    return true;
  }

  bool fuse_output(size_t step) {
    const QuantizeActivations& codes = *at<QuantizeActivations>(step);
    const std::vector<size_t> products = products_of(codes);
    if (products.size() != 1 || !read_by(codes.x, {step})) return false;
    std::vector<size_t> replaced = {step, products[0]};
    Tensor merged = codes.x, norm;
    float eps = 1e-5f;
    if (const auto normed = made_by<RmsNorm>(merged)) {
      const RmsNorm& n = *at<RmsNorm>(*normed);
      if (!read_by(n.x, {*normed}) || n.x.shape != merged.shape) return false;
      norm = n.weight, eps = n.eps, merged = n.x;
      replaced.push_back(*normed);
    }
    const auto merge = made_by<MergeSplits>(merged);
    const TernaryMatmul& product = *at<TernaryMatmul>(products[0]);
    if (!merge || product.expert_ids) return false;
    replaced.push_back(*merge);
    return replace(replaced, MergeOutput{.parts = at<MergeSplits>(*merge)->parts,
                                         .norm = norm,
                                         .weight = product.weight,
                                         .y = product.y,
                                         .eps = eps});
  }

  bool fuse_gate_up(size_t step) {
    const RouteTokens& route = *at<RouteTokens>(step);
    std::vector<size_t> products;
    for (const size_t i : readers(route.expert_ids))
      if (const auto* m = at<TernaryMatmul>(i); m && m->q.shape[0] == 1 && m->scales.shape[1] == 1)
        products.push_back(i);
    if (route.logits.shape[0] != 1 || route.logits.shape[1] > limits().experts || products.size() != 2) return false;
    const TernaryMatmul &gate = *at<TernaryMatmul>(products[0]), &up = *at<TernaryMatmul>(products[1]);
    if (gate.q.buffer != up.q.buffer || gate.q.shape[1] > limits().cols) return false;
    return replace({step, products[0], products[1]}, ExpertGateUp{.q = gate.q,
                                                                  .scales = gate.scales,
                                                                  .logits = route.logits,
                                                                  .bias = route.bias,
                                                                  .gate_weight = gate.weight,
                                                                  .up_weight = up.weight,
                                                                  .expert_ids = route.expert_ids,
                                                                  .weights = route.weights,
                                                                  .gate = gate.y,
                                                                  .up = up.y,
                                                                  .renormalize = route.renormalize,
                                                                  .scale = route.scale});
  }

  bool fuse_down(size_t step) {
    const QuantizeActivations& codes = *at<QuantizeActivations>(step);
    const std::vector<size_t> products = products_of(codes);
    if (products.size() != 1 || !read_by(codes.x, {step})) return false;
    std::vector<size_t> replaced = {step, products[0]};
    Tensor hidden = codes.x, norm;
    float eps = 1e-5f;
    if (const auto normed = made_by<RmsNorm>(hidden)) {
      const RmsNorm& n = *at<RmsNorm>(*normed);
      if (!read_by(n.x, {*normed}) || n.x.shape != hidden.shape) return false;
      norm = n.weight, eps = n.eps, hidden = n.x;
      replaced.push_back(*normed);
    }
    const auto activated = made_by<GatedActivation>(hidden);
    if (!activated) return false;
    replaced.push_back(*activated);
    const GatedActivation& act = *at<GatedActivation>(*activated);
    const TernaryMatmul& down = *at<TernaryMatmul>(products[0]);
    ExpertDown op = {.gate = act.gate,
                     .up = act.up,
                     .norm = norm,
                     .weight = down.weight,
                     .expert_ids = down.expert_ids,
                     .weights = {},
                     .y = down.y,
                     .activation = act.activation,
                     .clamp = act.clamp,
                     .eps = eps};
    if (!down.expert_ids) return op.gate.shape[0] == 1 && replace(replaced, op);
    if (down.expert_ids.shape[0] != 1 || op.gate.shape[0] != down.expert_ids.shape[1] || readers(down.y).size() != 1)
      return false;
    const size_t last = readers(down.y).front();
    const auto* combine = at<CombineExperts>(last);
    if (!combine) return false;
    op.weights = combine->weights, op.y = combine->y;
    replaced.push_back(last);
    return replace(replaced, op);
  }
};

}  // namespace

int64_t fuse(Program& program, const FusionLimits& limits, const WantsFusion& wants) {
  const auto before = std::ssize(program.steps());
  Fuser fuser(program, limits, wants);
  fuser.run();
  program.replace_steps(fuser.take());
  return before - std::ssize(program.steps());
}

}  // namespace tritium
