// Every operation on every backend against the reference, on all shapes of its table (engine/selftest).
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "backends.h"
#include "cpu_ref/reference_backend.h"
#include "selftest/selftest.h"
#include "vulkan/vulkan_backend.h"

namespace tritium {

class Operation : public testing::TestWithParam<std::tuple<std::string_view, std::string>> {};

INSTANTIATE_TEST_SUITE_P(Backends, Operation,
                         testing::Combine(testing::ValuesIn(AllOps::kNames), testing::Values("cpu", "vulkan")),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
                         });

// Skips, saying why, where the backend cannot run; fails when a case is out of its bound or validation complained.
TEST_P(Operation, AgreesWithTheReferenceOnEveryShape) {
  const auto& [operation, backend] = GetParam();
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
