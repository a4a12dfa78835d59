#include "train/study/activity_checks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/format_text.h"

namespace tritium::training {
namespace {

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a[i]}));
    difference = std::max(difference, std::abs(double{a[i]} - b[i]));
  }
  return difference / std::max(largest, 1e-30);
}

DenseMatrix dense_of(const BitLinear& p, const std::vector<float>& values) {
  DenseMatrix matrix{.n_matrices = p.n_matrices, .rows = p.rows, .cols = p.cols, .dtype = DType::f32, .bytes = {}};
  matrix.bytes.resize(values.size() * sizeof(float));
  std::memcpy(matrix.bytes.data(), values.data(), matrix.bytes.size());
  return matrix;
}

class Checks {
 public:
  Checks(Ops& ops, Workspace& workspace, Transformer& model, const Batch& batch)
      : ops_(ops),
        workspace_(workspace),
        model_(model),
        batch_{batch.n_sequences, batch.sequence_length, batch.inputs, batch.targets} {
    for (BitLinear* p : model.parameters())
      if (p->mode == WeightMode::ternary) ternary_.push_back(p);
  }

  Status packed_codes();
  Status packed_computes();
  Status bins();
  void flips(const std::vector<double>& percent);
  std::vector<ActivityCheck> take() { return std::move(checks_); }

 private:
  std::vector<float> logits() { return model_.logits(ops_, workspace_, batch_, ActivationMode::f32); }
  Result<std::vector<float>> logits_with(bool shadows);
  void add(std::string what, std::string found, bool passed) {
    checks_.push_back({std::move(what), std::move(found), passed});
  }

  Ops& ops_;
  Workspace& workspace_;
  Transformer& model_;
  TokenBatch batch_;
  std::vector<BitLinear*> ternary_;
  std::vector<ActivityCheck> checks_;
};

Status Checks::packed_codes() {
  int64_t other = 0;
  double zeros = 0, all = 0;
  for (const BitLinear* p : ternary_) {
    const Result<TernaryMatrix> trits = ops_.backend().download_weight(p->packed);
    if (!trits.ok()) return trits.status();
    for (uint32_t word : trits->words())
      for (uint32_t i = 0; i < 32; i += 2) other += (word >> i & 3u) == 3u;
    zeros += trits->zero_fraction() * static_cast<double>(p->elements());
    all += static_cast<double>(p->elements());
  }
  add("the packed buffer holds the codes of -1, 0 and +1 alone", join(other, " other codes"), other == 0);
  const double fraction = zeros / all;
  add("between 0.2 and 0.45 of the trits are zero", join(std::round(1000 * fraction) / 1000),
      fraction > 0.2 && fraction < 0.45);
  return Status();
}

// Logits with the ternary weights replaced by dense ones: alpha times trit, or the shadows themselves.
Result<std::vector<float>> Checks::logits_with(bool shadows) {
  for (BitLinear* p : ternary_) {
    const Result<std::vector<float>> values = shadows ? p->values(ops_.backend()) : p->forward_values(ops_.backend());
    if (!values.ok()) return values.status();
    Result<Weight> weight = ops_.backend().upload_weight(dense_of(*p, *values), p->name);
    if (!weight.ok()) return weight.status();
    p->effective = *weight;
  }
  std::vector<float> out = logits();
  for (BitLinear* p : ternary_) p->effective = {};
  return out;
}

Status Checks::packed_computes() {
  const std::vector<float> packed = logits();
  const Result<std::vector<float>> dense = logits_with(false);
  if (!dense.ok()) return dense.status();
  const Result<std::vector<float>> shadow = logits_with(true);
  if (!shadow.ok()) return shadow.status();
  const double same = largest_difference(packed, *dense), other = largest_difference(packed, *shadow);
  add("logits of the packed weights are those of alpha times trit", join("differ by ", same), same < 1e-4);
  add("and not those of the shadows", join("differ by ", other), other > 1e-2);
  return Status();
}

Status Checks::bins() {
  BitLinear& p = *ternary_.front();
  const WeightQuantizer* quantizer = model_.quantizer_of(p);
  const Result<TernaryMatrix> trits = ops_.backend().download_weight(p.packed);
  const Result<std::vector<float>> values = p.values(ops_.backend());
  if (!trits.ok()) return trits.status();
  if (!values.ok()) return values.status();
  // In every column of the first row, so that what is looked at cannot be hidden by an input that happens to be 0.
  const auto moved = [&](float inside, float across) -> Result<std::vector<float>> {
    std::vector<float> changed = *values;
    for (int64_t c = 0; c < p.cols; ++c) {
      const int t = trits->trit(0, 0, c);
      const float own = trits->scale(0, 0, c);
      changed[static_cast<size_t>(c)] = across > 0
                                            ? (t == 0 ? across * own : 0.0f)
                                            : (t == 0 ? inside * own : static_cast<float>(t) * (1.0f + inside) * own);
    }
    Result<Weight> weight = ops_.backend().upload_weight(dense_of(p, changed), p.name);
    if (!weight.ok()) return weight.status();
    const Weight kept = std::exchange(p.shadow, *weight);
    quantizer->quantize(ops_);
    std::vector<float> out = logits();
    p.shadow = kept;
    quantizer->quantize(ops_);
    return out;
  };
  const std::vector<float> before = logits();
  const Result<std::vector<float>> inside = moved(0.4f, 0.0f), across = moved(0.0f, 0.6f);
  if (!inside.ok()) return inside.status();
  if (!across.ok()) return across.status();
  add("shadows that move inside their bins change no logit", *inside == before ? "none" : "some changed",
      *inside == before);
  add("across the threshold they do", *across != before ? "they do" : "none changed", *across != before);
  return Status();
}

void Checks::flips(const std::vector<double>& percent) {
  const size_t third = std::max<size_t>(1, percent.size() / 3);
  const auto mean = [](auto begin, auto end) {
    return std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin);
  };
  const double early =
      percent.empty() ? 0 : mean(percent.begin(), percent.begin() + static_cast<std::ptrdiff_t>(third));
  const double late = percent.empty() ? 0 : mean(percent.end() - static_cast<std::ptrdiff_t>(third), percent.end());
  add("trits flip while it trains", join(early, " % an interval early, ", late, " % late"), early > 0);
}

}  // namespace

Result<std::vector<ActivityCheck>> check_activity(Ops& ops, Workspace& workspace, Transformer& model,
                                                  const Batch& batch, const std::vector<double>& flips) {
  Checks checks(ops, workspace, model, batch);
  for (Status s : {checks.packed_codes(), checks.packed_computes(), checks.bins()})
    if (!s.ok()) return s;
  checks.flips(flips);
  if (Status s = ops.finish(); !s.ok()) return s;
  return checks.take();
}

}  // namespace tritium::training
