// A Hugging Face folder as a GGUF file.
#include "base/cancel.h"
#include "base/caught.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "convert/float_rows.h"
#include "convert/opened.h"
#include "convert/trit_facts.h"

namespace tritium {
namespace {

// In the type that was asked for, where it can hold the tensor; else as it is best.
Result<TensorJob> job_of(const TensorMap& source, const TensorInfo& info, bool exact, std::optional<StorageType> wanted,
                         ThreadPool& pool) {
  if (exact || !info.ternary || !wanted) return exact_job(source, info, exact, pool);
  const Result<std::unique_ptr<TernaryRows>> rows = source.ternary_rows(info.name);
  if (!rows.ok()) return rows.status();
  const Result<TritFacts> facts = read_facts(**rows, pool);
  if (!facts.ok() && facts.code() != StatusCode::unsupported) return facts.status();
  if (!facts.ok()) return exact_job(source, info, exact, pool);
  const std::string problem = why_not(*facts, *wanted, facts->normal_halves);
  if (!problem.empty()) {
    Result<TensorJob> job = exact_job(source, info, exact, pool);
    if (job.ok() && job->note.empty()) job->note = problem;
    return job;
  }
  TensorJob job = {.info = &info, .type = *wanted, .encoding = Encoding::trits};
  job.measured = !facts->half_scales && *wanted != StorageType::i2_s;
  if (job.measured) job.note = "its scales are rounded to F16";
  return job;
}

Status require_folder(const std::string& path) {
  const Result<bool> folder = look_for_folder(path);
  if (!folder.ok()) return folder.status();
  if (*folder) return Status();
  return error(StatusCode::invalid_argument, path, ": is no folder; quantize changes the types of a GGUF file");
}

Result<WrittenModel> convert(const std::string& input, const ConvertOptions& options) {
  std::optional<StorageType> wanted;
  if (!options.type.empty()) {
    const Result<StorageType> type = type_named(options.type);
    if (!type.ok()) return type.status();
    if (!traits_of(*type).ternary)
      return error(StatusCode::invalid_argument, "type ", options.type,
                   " is not ternary: convert keeps what is not ternary as it is; quantize changes types");
    wanted = *type;
  }
  if (Status s = require_folder(input); !s.ok()) return s;
  Result<OpenedSource> opened = open_source(input, options.output);
  if (!opened.ok()) return opened.status();
  const TensorMap& source = *opened->tensors;
  int64_t elements = 0;
  for (const TensorInfo& info : source.tensors()) elements += info.elements();
  Steps steps(options.progress, 2 * elements);
  ThreadPool pool;
  std::vector<TensorJob> jobs;
  for (const TensorInfo& info : source.tensors()) {
    const auto role = opened->roles.find(info.name);
    const bool exact =
        role == opened->roles.end() || role->second == TensorRole::norm || role->second == TensorRole::router;
    Result<TensorJob> job = job_of(source, info, exact, wanted, pool);
    if (!job.ok()) return job.status();
    jobs.push_back(*std::move(job));
    if (Status s = steps.add(info.elements()); !s.ok()) return s;
  }
  return write_opened(*std::move(opened), options.output, jobs, pool, steps);
}

}  // namespace

Result<WrittenModel> convert_model(const std::string& input, const ConvertOptions& options) try {
  const CancelScope scope(options.keep_going);
  return convert(input, options);
} catch (...) {
  return caught();
}

}  // namespace tritium
