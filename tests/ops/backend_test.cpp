#include "tests/ops/backend_test.h"

#include "backends.h"
#include "cpu_ref/reference_backend.h"
#include "selftest/selftest.h"
#include "vulkan/vulkan_backend.h"

namespace tritium {

void BackendTest::expect_agreement(const std::string& backend, std::string_view operation) {
  Result<std::unique_ptr<Backend>> tested =
      make_backend({.backend = backend, .threads = 2, .capture_file = {}, .log = {}});
  if (!tested.ok() && backend == "vulkan") GTEST_SKIP() << "no Vulkan: " << tested.message();
  ASSERT_TRUE(tested.ok()) << tested.message();

  const uint64_t complaints = vulkan::validation_message_count();
  cases::BackendPair pair(*std::move(tested), make_reference_backend());
  const OperationReport report = pair.run(operation);
  EXPECT_GT(report.cases, 0);
  EXPECT_EQ(report.failure, "");
  EXPECT_EQ(vulkan::validation_message_count(), complaints) << "the validation layer complained";
}

}  // namespace tritium
