#include "tritium/test_time_training.hpp"

#include "backends.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/log.h"
#include "train/test_time/test_time_run.h"

namespace tritium {

Result<TestTimeReport> test_time_training(const TestTimeOptions& options) try {
  const CancelScope scope(options.keep_going);
  Result<training::TestTimeSetup> setup = training::prepare_test_time(options);
  if (!setup.ok()) return setup.status();
  for (const std::string& warning : setup->run.warnings)
    log_to(options.log, LogLevel::warning, options.model + ": " + warning);
  Result<std::unique_ptr<Backend>> backend =
      make_backend({.backend = options.backend, .threads = options.threads, .capture_file = {}, .log = options.log});
  if (!backend.ok()) return backend.status();
  if (Status s = training::fit_test_time(*setup, **backend, (*backend)->available_memory()); !s.ok()) return s;
  return training::TestTimeRun(options, *std::move(setup), *std::move(backend)).run();
} catch (...) {
  return caught();
}

}  // namespace tritium
