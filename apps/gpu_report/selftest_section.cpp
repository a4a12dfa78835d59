// Every operation on the device against the reference.
#include "base/format_text.h"
#include "cpu_ref/reference_backend.h"
#include "gpu_report/section.h"
#include "selftest/selftest.h"

namespace tritium::gpu_report {

Status selftest_section(Context& context, Entry& entry) {
  Result<std::unique_ptr<Backend>> tested = vulkan::make_vulkan_backend(context.device());
  if (!tested.ok()) return tested.status();
  cases::BackendPair pair(*std::move(tested), make_reference_backend());
  size_t done = 0, whole = 0;
  std::string failures;
  for (const std::string_view operation : AllOps::kNames) {
    if (entry.deadline().over()) break;
    const auto start = Clock::now();
    // What an operation leaves of its part goes to the others.
    const Deadline part = entry.deadline().part(1.0 / static_cast<double>(AllOps::kNames.size() - done));
    const OperationReport r = pair.run(operation, [&] { return !part.over(); });
    const auto cases = pair.cases_in_all();
    ++done;
    whole += r.cases == cases ? 1 : 0;
    entry.add_row("operations", {{"operation", r.operation},
                                 {"cases", r.cases},
                                 {"cases_in_all", cases},
                                 {"worst_error", r.worst_error},
                                 {"bound", r.bound},
                                 {"seconds", seconds_since(start)},
                                 {"failure", r.failure}});
    if (!r.failure.empty()) failures += join(failures.empty() ? "" : "; ", operation, ": ", r.failure);
  }
  entry.put("operations_tested", done);
  entry.put("operations_in_all", AllOps::kNames.size());
  entry.headline(
      join(done, " of ", AllOps::kNames.size(), " operations, ", failures.empty() ? "all right" : "some wrong"));
  if (!failures.empty()) return error(StatusCode::internal, failures);
  if (whole < AllOps::kNames.size())
    entry.cut(join(AllOps::kNames.size() - whole, " operations were not tried on all their cases for lack of time"));
  return Status();
}

}  // namespace tritium::gpu_report
