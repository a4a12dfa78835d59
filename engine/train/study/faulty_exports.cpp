// A training run whose weights are also written as published designs would have: the exported file with the tensors
// that were quantised replaced by what a faulty export made of their shadows (fault_values.h), as floats.
#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "tensor/tensor_map.h"
#include "train/run.h"
#include "train/study/fault_values.h"
#include "tritium/experiment.hpp"

namespace tritium::training {
namespace {

struct NamedExportFault {
  Fault fault;
  const char *name, *what;
  bool apart = false;
};

constexpr std::array kFaults = {
    NamedExportFault{Fault::scale_floor, "scale-floor", "scales of integer rows are at least 1 / qmax at export"},
    NamedExportFault{
        Fault::export_clip, "export-clip",
        "export takes the best of five quantiles of |w| a matrix for its scales, training the largest |w|"},
    NamedExportFault{Fault::bf16_input, "bf16-input", "shadows are rounded to BF16 before one of both quantises them"},
    NamedExportFault{Fault::unquantised_validation, "unquantised-validation",
                     "what is validated are the shadows, not what is exported"},
    NamedExportFault{Fault::prune_after, "prune-after",
                     "the smallest 5 % of weights, of attention 3 %, become 0 after training"},
    NamedExportFault{Fault::scale_unrounded, "scale-unrounded",
                     "scales of one side keep the bits that the file's type has no room for"},
    NamedExportFault{Fault::projections_f16, "projection-grid",
                     "projections of embeddings are trained as int6 and exported as F16", true},
    NamedExportFault{Fault::attention_after, "attention-after",
                     "attention is trained as floats and quantised to int6 at export", true},
    NamedExportFault{Fault::embedding_after, "embedding-after",
                     "the embedding is trained as floats and quantised to int8 at export", true},
    NamedExportFault{Fault::requantise_twice, "requantise-twice",
                     "trits are quantised again when they are loaded, which shrinks their alphas"},
};

// What a run had when it ended.
struct Weight {
  std::vector<float> shadow, trained;
  int64_t cols = 0;
  int qmax = 0;
  int64_t group_size = 0;
  bool quantised = true, attention = false, embedding = false, projection = false;

  QuantisedMatrix matrix(size_t first, size_t n) const {
    return {.shadow = std::span(shadow).subspan(first, n),
            .trained = std::span(trained).subspan(first, n),
            .cols = cols,
            .qmax = qmax,
            .group_size = group_size,
            .quantised = quantised,
            .attention = attention,
            .embedding = embedding,
            .projection = projection};
  }
};

struct Weights {
  std::map<std::string, Weight> by_name;
  std::map<std::string, size_t> matrix_sizes;
};

Status collect(Ops& ops, Transformer& model, Weights& weights) {
  if (Status s = ops.finish(); !s.ok()) return s;
  for (const BitLinear* p : model.parameters()) {
    const bool quantised = model.quantizer_of(*p) != nullptr;
    const bool attention = p->role == TensorRole::attention, embedding = p->role == TensorRole::embedding;
    const bool projection = p->name == "bigram_output.weight" || p->name == "value_output.weight";
    if (!quantised && !attention && !embedding) continue;
    Result<std::vector<float>> shadow = p->values(ops.backend()), trained = p->forward_values(ops.backend());
    for (const Status& s : {shadow.status(), trained.status()})
      if (!s.ok()) return s;
    weights.matrix_sizes[p->name] = static_cast<size_t>(p->rows * p->cols);
    weights.by_name[p->name] = {.shadow = *std::move(shadow),
                                .trained = *std::move(trained),
                                .cols = p->cols,
                                .qmax = static_cast<int>(quantizer_of(p->mode)),
                                .group_size = p->group_size,
                                .quantised = quantised,
                                .attention = attention,
                                .embedding = embedding && !projection,
                                .projection = projection};
  }
  return Status();
}

std::vector<float> faulty(Fault fault, const Weight& weight, size_t matrix_size) {
  std::vector<float> values;
  for (size_t first = 0; first < weight.shadow.size(); first += matrix_size) {
    check_cancelled();
    const std::vector<float> part = faulty_values(fault, weight.matrix(first, matrix_size));
    values.insert(values.end(), part.begin(), part.end());
  }
  return values;
}

Status write_faulty(const std::string& clean, const std::string& output, Fault fault, const Weights& weights) {
  const Result<std::unique_ptr<TensorMap>> file = open_gguf(clean, {});
  if (!file.ok()) return file.status();
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : (*file)->tensors()) {
    Result<std::vector<float>> values = std::vector<float>();
    if (const auto known = weights.by_name.find(info.name); known != weights.by_name.end()) {
      values = faulty(fault, known->second, weights.matrix_sizes.at(info.name));
    } else {
      values = (*file)->load_f32(info.name);
    }
    if (!values.ok()) return values.status();
    Result<std::vector<std::byte>> bytes = encode_f32(*values, info.shape, StorageType::f32);
    if (!bytes.ok()) return bytes.status();
    tensors.push_back({.name = info.name, .type = StorageType::f32, .shape = info.shape, .bytes = *std::move(bytes)});
  }
  return write_gguf(output, (*file)->metadata(), tensors);
}

const NamedExportFault* find_fault(const std::string& name) {
  const auto found = std::ranges::find(kFaults, name, [](const NamedExportFault& f) { return std::string(f.name); });
  return found == kFaults.end() ? nullptr : &*found;
}

Result<TrainReport> train_with(const TrainOptions& options, const TrainCallbacks& callbacks,
                               const std::vector<FaultyExport>& faulty_exports) {
  if (options.output.empty()) return error(StatusCode::invalid_argument, "faulty exports go beside an output; set one");
  for (const FaultyExport& f : faulty_exports)
    if (!find_fault(f.fault))
      return error(StatusCode::invalid_argument, "\"", f.fault,
                   "\" is no fault of an export; export_faults() has them");
  Weights weights;
  const Inspection inspect = [&](Ops& ops, Workspace&, Transformer& model, const Batch&) {
    return faulty_exports.empty() ? Status() : collect(ops, model, weights);
  };
  Result<TrainReport> report = train_and_inspect(options, callbacks, inspect);
  if (!report.ok() || report->stop == TrainStop::interrupted) return report;
  const CancelScope scope(callbacks.keep_going);
  for (const FaultyExport& f : faulty_exports)
    if (Status s = write_faulty(options.output, f.output, find_fault(f.fault)->fault, weights); !s.ok()) return s;
  return report;
}

}  // namespace
}  // namespace tritium::training

namespace tritium {

const std::vector<ExportFault>& export_faults() {
  static const std::vector<ExportFault> kList = [] {
    std::vector<ExportFault> list;
    list.reserve(std::size(training::kFaults));
    for (const auto& f : training::kFaults) list.push_back({.name = f.name, .what = f.what, .apart = f.apart});
    return list;
  }();
  return kList;
}

Result<TrainReport> train_with_faults(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const std::vector<FaultyExport>& faulty) try {
  return training::train_with(options, callbacks, faulty);
} catch (...) {
  return caught();
}

}  // namespace tritium
