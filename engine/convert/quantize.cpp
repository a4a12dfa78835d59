// A model with tensors in other types, chosen by what they are for.
#include <algorithm>
#include <array>

#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "convert/float_rows.h"
#include "convert/opened.h"
#include "convert/trit_facts.h"
#include "format/gguf_header.h"
#include "model_files/open_model.h"

namespace tritium {
namespace {

// What may be chosen a type for.
enum class Part { embedding, attention, feed_forward, experts, head, router, norm, other };

struct Choice {
  Part part;
  const char* name;
  const std::string QuantizeOptions::*type;
};
constexpr std::array kChoices = {
    Choice{Part::embedding, "embedding", &QuantizeOptions::embedding},
    Choice{Part::attention, "attention", &QuantizeOptions::attention},
    Choice{Part::feed_forward, "feed_forward", &QuantizeOptions::feed_forward},
    Choice{Part::experts, "experts", &QuantizeOptions::experts},
    Choice{Part::head, "head", &QuantizeOptions::head},
    Choice{Part::router, "router", &QuantizeOptions::router},
    Choice{Part::norm, "norm", &QuantizeOptions::norm},
};

Part part_of(const OpenedSource& source, const TensorInfo& info) {
  const auto role = source.roles.find(info.name);
  if (role == source.roles.end()) return Part::other;
  switch (role->second) {
    case TensorRole::embedding: return Part::embedding;
    case TensorRole::attention: return Part::attention;
    case TensorRole::feed_forward: return info.shape.size() == 3 ? Part::experts : Part::feed_forward;
    case TensorRole::router: return Part::router;
    case TensorRole::norm: return Part::norm;
    case TensorRole::head: return Part::head;
    case TensorRole::adapter: break;
  }
  return Part::other;
}

bool is_float(StorageType type) {
  return type == StorageType::f32 || type == StorageType::f16 || type == StorageType::bf16;
}

// The types asked for, each for a part that the model has and that can be of it.
Result<std::map<Part, StorageType>> read_types(const QuantizeOptions& options, const OpenedSource& source) {
  std::map<Part, StorageType> types;
  for (const Choice& c : kChoices) {
    const std::string& name = options.*c.type;
    if (name.empty()) continue;
    const Result<StorageType> type = type_named(name);
    if (!type.ok()) return type.status().within(c.name);
    if ((c.part == Part::router || c.part == Part::norm) && !is_float(*type))
      return error(StatusCode::invalid_argument, c.name, ": ", traits_of(*type).name, " makes no sense here: ",
                   c.part == Part::router ? "a router is small, and errors of it choose other experts"
                                          : "a norm is one vector, and errors of it reach every value",
                   "; F32, F16 and BF16 can be chosen");
    const auto& infos = source.tensors->tensors();
    if (std::ranges::none_of(infos, [&](const TensorInfo& info) { return part_of(source, info) == c.part; }))
      return error(StatusCode::invalid_argument, c.name, ": ", source.tensors->source(), " has no tensors of this kind",
                   c.part == Part::head ? " (its head is the embedding)" : "", "; leave the option out");
    types[c.part] = *type;
  }
  if (types.empty()) return error(StatusCode::invalid_argument, "no type is chosen: nothing would change");
  return types;
}

// Where the tensors of GGUF files lie.
class StoredTensors {
 public:
  static Result<StoredTensors> open(const std::string& input) {
    StoredTensors stored;
    const Result<std::vector<std::string>> files = files_of_model(input);
    if (!files.ok()) return files.status();
    for (const std::string& path : *files) {
      if (!path.ends_with(".gguf") && files->size() > 1) continue;
      Result<InputFile> file = InputFile::open_regular(path);
      if (!file.ok()) return file.status();
      const Result<GgufHeader> header = parse_gguf_header(*file);
      if (!header.ok()) continue;  // of a folder
      stored.files_.push_back(std::make_unique<InputFile>(*std::move(file)));
      for (const GgufTensorHeader& t : header->tensors)
        stored.tensors_[t.name] = {
            .type = t.type, .encoding = Encoding::copied, .file = stored.files_.back().get(), .offset = t.offset};
    }
    return stored;
  }
  const TensorJob* find(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
  }

 private:
  std::vector<std::unique_ptr<InputFile>> files_;
  std::map<std::string, TensorJob> tensors_;
};

Result<TensorJob> ternary_job(const TensorMap& source, const TensorInfo& info, StorageType type, bool round,
                              ThreadPool& pool) {
  const std::string_view name = traits_of(type).name;
  TensorJob job = {.info = &info, .type = type, .encoding = Encoding::trits};
  if (info.ternary) {
    const Result<std::unique_ptr<TernaryRows>> rows = source.ternary_rows(info.name);
    if (!rows.ok()) return rows.status();
    const Result<TritFacts> facts = read_facts(**rows, pool);
    if (!facts.ok() && facts.code() != StatusCode::unsupported) return facts.status();
    if (facts.ok()) {
      const std::string problem = why_not(*facts, type, facts->normal_halves);
      if (!problem.empty()) return error(StatusCode::invalid_argument, info.name, ": ", problem);
      job.measured = !facts->half_scales && type != StorageType::i2_s;
      if (job.measured) job.note = "its scales are rounded to F16";
      return job;
    }
  }
  if (!round)
    return error(StatusCode::invalid_argument, info.name, " is ", info.type, " and not ternary: ", name,
                 " would round its values to three; ask for that (round_to_trits, --absmean) if it is what you want");
  if (type == StorageType::i2_s || type == StorageType::q1_0)
    return error(StatusCode::invalid_argument, info.name, ": rounding gives a scale for each row, and zeros, which ",
                 name, " does not have; TQ1_0, TQ2_0, Q2_0, PQ2_0 and PTQ1_0 do");
  job.encoding = Encoding::rounded;
  job.measured = true;
  job.note = "rounded to trits";
  return job;
}

Result<TensorJob> job_of(const OpenedSource& opened, const TensorInfo& info, StorageType type, bool round,
                         ThreadPool& pool) {
  const TensorMap& source = *opened.tensors;
  if (const Result<uint64_t> bytes = storage_bytes(type, info.shape); !bytes.ok())
    return error(StatusCode::invalid_argument, info.name, ": ", bytes.message());
  if (traits_of(type).ternary) return ternary_job(source, info, type, round, pool);
  if (const TensorInfo* scale = source.find(scale_name(info.name)); scale && info.name.ends_with(".weight"))
    return error(StatusCode::unsupported, info.name, " has a factor of its own, ", scale->name,
                 ", which only ternary types keep");
  return TensorJob{.info = &info, .type = type, .measured = type != StorageType::f32};
}

Result<WrittenModel> quantize(const std::string& input, const QuantizeOptions& options) {
  Result<OpenedSource> opened = open_source(input, options.output);
  if (!opened.ok()) return opened.status();
  const Result<std::map<Part, StorageType>> types = read_types(options, *opened);
  if (!types.ok()) return types.status();
  const Result<StoredTensors> stored = StoredTensors::open(input);
  if (!stored.ok()) return stored.status();
  const TensorMap& source = *opened->tensors;
  int64_t elements = 0;
  for (const TensorInfo& info : source.tensors()) elements += info.elements();
  Steps steps(options.progress, 2 * elements);
  ThreadPool pool;
  std::vector<TensorJob> jobs;
  for (const TensorInfo& info : source.tensors()) {
    const Part part = part_of(*opened, info);
    const TensorJob* copied = stored->find(info.name);
    Result<TensorJob> job = Status(StatusCode::internal, "not planned");
    if (const auto type = types->find(part); type != types->end()) {
      job = job_of(*opened, info, type->second, options.round_to_trits, pool);
    } else if (copied) {
      job = *copied;
      job->info = &info;
    } else {
      job = exact_job(source, info, part == Part::norm || part == Part::router || part == Part::other, pool);
    }
    if (!job.ok()) return job.status();
    jobs.push_back(*std::move(job));
    if (Status s = steps.add(info.elements()); !s.ok()) return s;
  }
  return write_opened(*std::move(opened), options.output, jobs, pool, steps);
}

}  // namespace

Result<WrittenModel> quantize_model(const std::string& input, const QuantizeOptions& options) try {
  const CancelScope scope(options.keep_going);
  return quantize(input, options);
} catch (...) {
  return caught();
}

}  // namespace tritium
