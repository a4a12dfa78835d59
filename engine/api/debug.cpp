// What kernel engineers call: the selftest, and values written as NumPy's files.
#include "tritium/debug.hpp"

#include <new>
#include <optional>

#include "backends.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "base/log.h"
#include "base/same_file.h"
#include "cpu_ref/reference_backend.h"
#include "selftest/selftest.h"
#include "tensor/npy.h"

namespace tritium {

Status check_output(const std::string& output, const std::vector<std::string>& inputs) try {
  const NamedFile written[] = {{"the output", output}};
  std::vector<NamedFile> read;
  read.reserve(inputs.size());
  for (const std::string& input : inputs) read.push_back({"an input", input});
  return check_outputs(written, read);
} catch (...) {
  return caught();
}

Status write_npy(const std::string& path, std::span<const float> values, std::span<const int64_t> shape) try {
  Shape dims;
  std::optional<uint64_t> elements = 1;
  for (int64_t d : shape)
    elements = d >= 0 && elements ? checked_mul(*elements, static_cast<uint64_t>(d)) : std::nullopt;
  if (shape.size() == 1) dims = {shape[0]};
  if (shape.size() == 2) dims = {shape[0], shape[1]};
  if (shape.size() == 3) dims = {shape[0], shape[1], shape[2]};
  if (dims.rank() == 0 || elements != values.size())
    return error(StatusCode::invalid_argument, path, ": ", values.size(), " values do not fill a shape of rank 1 to 3");
  return write_npy(path, DType::f32, dims, std::as_bytes(values));
} catch (...) {
  return caught();
}

namespace {

Result<KernelsReport> test_kernels(std::unique_ptr<Backend> tested, const std::string& rung, const LogSink& log) {
  const std::string name = tested->name();
  KernelsReport report = {.rung = rung, .operations = {}};
  cases::BackendPair pair(std::move(tested), make_reference_backend());
  for (std::string_view operation : AllOps::kNames) {
    report.operations.push_back(pair.run(operation, [] { return !cancelled(); }));
    if (cancelled()) return cancelled_status(join("the selftest of ", name, ", in ", operation, ","));
    log_to(log, LogLevel::info,
           join(rung, rung.empty() ? "" : ", ", operation, ": ", report.operations.back().cases, " cases"));
  }
  return report;
}

}  // namespace

Result<SelftestReport> selftest(const std::string& backend, const LogSink& log,
                                const std::function<bool()>& keep_going) try {
  const CancelScope scope(keep_going);
  Result<std::unique_ptr<Backend>> tested =
      make_backend({.backend = backend, .threads = 0, .capture_file = {}, .log = log});
  if (!tested.ok()) return tested.status();
  SelftestReport report = {.backend = (*tested)->name(), .used = {}, .others = {}};
  const std::vector<std::string> rungs = report.backend == "cpu" ? cpu_rungs() : std::vector<std::string>{""};
  Result<KernelsReport> used = test_kernels(*std::move(tested), rungs.front(), log);
  if (!used.ok()) return used.status();
  report.used = *std::move(used);
  for (const std::string& rung : std::span(rungs).subspan(1)) {
    tested = make_backend({.backend = "cpu", .rung = rung, .capture_file = {}, .log = log});
    Result<KernelsReport> other = tested.ok() ? test_kernels(*std::move(tested), rung, log) : tested.status();
    if (!other.ok()) return other.status();
    report.others.push_back(*std::move(other));
  }
  return report;
} catch (...) {
  return caught();
}

}  // namespace tritium
