// Ways to quantise compared: full precision, int8, int4 and ternary on the same batches, over widths.
#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "model/weights.h"
#include "train/description.h"
#include "train/run.h"
#include "train/study/activity_checks.h"
#include "tritium/experiment.hpp"

namespace tritium::training {
namespace {

// About 1.4 KB, for studies without a text of their own.
constexpr const char* kShortText =
    "A mill stood by the river, and the river turned the wheel, and the wheel turned the stone. The miller knew the "
    "sound of the stone as other men know the sound of their own breath. When the water was high the stone sang, and "
    "when the water was low the stone sighed, and the miller could tell the hour by it. One morning the stone was "
    "silent. The miller went down to the river, and the river was there, and the wheel was there, and the water ran "
    "under the wheel as it had always run; but the wheel did not turn. He looked for ice, and there was no ice. He "
    "looked for weed, and there was no weed. He looked for a branch in the wheel, and there was no branch. Then he sat "
    "on the bank and listened, and he heard that the river was singing, and that the song was the song of the stone. "
    "He asked the river to give the song back to the stone. The river said that it had only borrowed it, and that it "
    "would give it back in the evening, when it had learned the song by heart. So the miller waited on the bank, and "
    "the river sang, and the sun went over the mill and down behind the hill. In the evening the wheel began to turn, "
    "and the stone began to sing; and from that day on the river and the stone sang together, and nobody could tell "
    "which of them had the song and which of them had only borrowed it. The miller slept well that night, and the mill "
    "ground on until the morning.";

struct Plan {
  int64_t dim, layers, heads, context, batch, steps;
  std::string transformer(int64_t width) const {
    return join(R"({"architecture": "bitnet", "dim": )", width, R"(, "layers": )", layers, R"(, "heads": )", heads,
                R"(, "ffn": )", 3 * width, R"(, "context": )", context, R"(, "tied_head": false})");
  }
};

struct Way {
  std::string name;
  WeightMode mode;
};

const std::vector<Way>& ways() {
  static const std::vector<Way> kWays = {{"full precision", WeightMode::full},
                                         {"int8", WeightMode::int8},
                                         {"int4", WeightMode::int4},
                                         {"ternary", WeightMode::ternary}};
  return kWays;
}

// Bytes of a model whose matrices but the embedding are quantised that way; everything else counts 2 bytes a weight.
Result<uint64_t> packed_bytes(const Plan& plan, int64_t width, WeightMode mode, int64_t vocabulary) {
  const Result<MemoryTensorMap> map = make_transformer(plan.transformer(width), vocabulary, 0);
  if (!map.ok()) return map.status();
  const Result<Config> config = read_config(*map);
  if (!config.ok()) return config.status();
  uint64_t bytes = 0;
  for (const TensorSpec& slot : tensor_specs(*config)) {
    const auto cols = static_cast<uint64_t>(slot.shape.back());
    const auto rows = static_cast<uint64_t>(slot.shape.size() > 1 ? slot.shape[0] : 1);
    const bool quantised = !slot.exact() && slot.role != TensorRole::embedding;
    if (!quantised || mode == WeightMode::full) {
      bytes += rows * cols * 2;
    } else if (mode == WeightMode::int8) {
      bytes += rows * (cols + 2);
    } else if (mode == WeightMode::int4) {
      bytes += rows * ((cols + 1) / 2 + 2);
    } else {
      bytes += rows * ((cols + 3) / 4 + 2);
    }
  }
  return bytes;
}

// The width whose packed size is nearest to `bytes`.
Result<int64_t> width_of(const Plan& plan, WeightMode mode, int64_t vocabulary, uint64_t bytes) {
  int64_t best = 0;
  double best_gap = INFINITY;
  const int64_t unit = 2 * plan.heads;  // heads of an even size
  for (int64_t width = unit; width <= 2 * plan.dim; width += unit) {
    const Result<uint64_t> size = packed_bytes(plan, width, mode, vocabulary);
    if (!size.ok()) return size.status();
    const double gap = std::abs(std::log(static_cast<double>(*size) / static_cast<double>(bytes)));
    if (gap < best_gap) best_gap = gap, best = width;
  }
  return best;
}

MeanAndDeviation statistics(const std::vector<double>& values) {
  MeanAndDeviation s;
  for (double v : values) s.mean += v / static_cast<double>(values.size());
  for (double v : values) s.deviation += (v - s.mean) * (v - s.mean);
  s.deviation = values.size() > 1 ? std::sqrt(s.deviation / static_cast<double>(values.size() - 1)) : 0.0;
  return s;
}

class Study {
 public:
  explicit Study(const QuantCompareOptions& options) : options_(options) {
    plan_ = options.smoke ? Plan{64, 2, 4, 32, 16, 150} : Plan{128, 3, 4, 64, 32, 1500};
    if (options.steps > 0) plan_.steps = options.steps;
  }

  Result<QuantCompareReport> run();
  // Every way at every width.
  Result<std::vector<QuantCompareRow>> sweep(const std::vector<int64_t>& widths);

 private:
  TrainOptions options_of(const Way& way, int64_t width, int64_t seed) const;
  Result<QuantCompareRow> train(const Way& way, int64_t width, const std::string& note, QuantCompareReport& report);
  Status check() const;

  const QuantCompareOptions& options_;
  Plan plan_;
  int64_t vocabulary_ = 0;
};

TrainOptions Study::options_of(const Way& way, int64_t width, int64_t seed) const {
  TrainOptions o;
  o.transformer = plan_.transformer(width);
  o.tokenizer = "characters";
  o.data = options_.data;
  if (o.data.empty()) o.text = kShortText;
  o.steps = plan_.steps;
  o.context = plan_.context;
  o.batch = plan_.batch;
  o.seed = static_cast<uint32_t>(seed);
  o.learning_rate = options_.learning_rate;
  o.schedule = options_.schedule;
  o.attention = o.feed_forward = o.head = way.mode;
  o.int8_activations = way.mode != WeightMode::full;
  o.scale_sync = ScaleSync::per_row;
  o.eval_every = plan_.steps;
  o.log_every = std::max<int64_t>(1, plan_.steps / 30);
  o.threads = options_.threads;
  return o;
}

Result<QuantCompareRow> Study::train(const Way& way, int64_t width, const std::string& note,
                                     QuantCompareReport& report) {
  QuantCompareRow row{.name = way.name, .dim = width};
  std::vector<double> train, valid, perplexity, bits;
  for (int64_t seed = 0; seed < options_.seeds; ++seed) {
    if (options_.progress && !options_.progress(join(way.name, ", width ", width, note, ", seed ", seed)))
      return error(StatusCode::cancelled, "the study was interrupted");
    std::vector<double> flips;
    const TrainCallbacks callbacks = {.progress = [&](const TrainProgress& p) {
      flips.push_back(p.flipped_percent);
      return true;
    }};
    const bool checks = way.mode == WeightMode::ternary && seed == 0 && report.checks.empty();
    const Inspection inspect = [&](Ops& ops, Workspace& workspace, Transformer& model, const Batch& batch) -> Status {
      vocabulary_ = model.config().vocab_size;
      if (!checks) return Status();
      Result<std::vector<ActivityCheck>> found = check_activity(ops, workspace, model, batch, flips);
      if (!found.ok()) return found.status();
      report.checks = *std::move(found);
      return Status();
    };
    const Result<TrainReport> done = train_and_inspect(options_of(way, width, seed), callbacks, inspect);
    if (!done.ok()) return done.status();
    if (done->stop == TrainStop::interrupted) return error(StatusCode::cancelled, "the study was interrupted");
    train.push_back(done->train_loss.value_or(NAN));
    valid.push_back(done->valid_loss);
    perplexity.push_back(std::exp(done->valid_loss));
    bits.push_back(done->bits_per_byte);
  }
  row.train_loss = statistics(train);
  row.valid_loss = statistics(valid);
  row.perplexity = statistics(perplexity);
  row.bits_per_byte = statistics(bits);
  const Result<uint64_t> bytes = packed_bytes(plan_, width, way.mode, vocabulary_);
  if (!bytes.ok()) return bytes.status();
  row.model_bytes = *bytes;
  return row;
}

Status Study::check() const {
  if (options_.seeds < 1)
    return error(StatusCode::invalid_argument, "seeds is ", options_.seeds, ", must be 1 or more");
  if (options_.steps < 0)
    return error(StatusCode::invalid_argument, "steps is ", options_.steps,
                 ", must not be negative; 0: the usual ones");
  return Status();
}

Result<std::vector<QuantCompareRow>> Study::sweep(const std::vector<int64_t>& widths) {
  if (Status s = check(); !s.ok()) return s;
  for (const int64_t width : widths)
    if (width < 1 || width % (2 * plan_.heads) != 0)
      return error(StatusCode::invalid_argument, "a width is ", width, ", must be a multiple of ", 2 * plan_.heads,
                   ": heads of an even size");
    else if (std::ranges::count(widths, width) > 1)
      return error(StatusCode::invalid_argument, "the width ", width, " is named twice");
  std::vector<QuantCompareRow> rows;
  QuantCompareReport checks;
  for (const int64_t width : widths)
    for (const Way& way : ways()) {
      Result<QuantCompareRow> row = train(way, width, "", checks);
      if (!row.ok()) return row.status();
      rows.push_back(*std::move(row));
    }
  return rows;
}

Result<QuantCompareReport> Study::run() {
  if (Status s = check(); !s.ok()) return s;
  QuantCompareReport report;
  for (const Way& way : ways()) {
    Result<QuantCompareRow> row = train(way, plan_.dim, "", report);
    if (!row.ok()) return row.status();
    report.equal_steps.push_back(*std::move(row));
  }
  const uint64_t bytes = report.equal_steps.back().model_bytes;
  for (const Way& way : ways()) {
    if (way.mode == WeightMode::ternary) {
      report.equal_bytes.push_back(report.equal_steps.back());
      continue;
    }
    const Result<int64_t> width = width_of(plan_, way.mode, vocabulary_, bytes);
    if (!width.ok()) return width.status();
    Result<QuantCompareRow> row = train(way, *width, " (equal bytes)", report);
    if (!row.ok()) return row.status();
    report.equal_bytes.push_back(*std::move(row));
  }
  return report;
}

}  // namespace
}  // namespace tritium::training

namespace tritium {

Result<QuantCompareReport> quant_compare(const QuantCompareOptions& options) try {
  const CancelScope scope(options.keep_going);
  return training::Study(options).run();
} catch (...) {
  return caught();
}

Result<std::vector<QuantCompareRow>> quant_compare_widths(const QuantCompareOptions& options,
                                                          const std::vector<int64_t>& widths) try {
  const CancelScope scope(options.keep_going);
  return training::Study(options).sweep(widths);
} catch (...) {
  return caught();
}

}  // namespace tritium
