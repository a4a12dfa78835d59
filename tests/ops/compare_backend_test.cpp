// The side-by-side comparison finds a kernel that is wrong, names where, and leaves both tensors.
#include "ops/compare_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "cpu_ref/host_memory.h"
#include "cpu_ref/reference_backend.h"
#include "ops/ops.h"
#include "ops/timed_backend.h"

namespace tritium {
namespace {

// The reference with one wrong value in one operation.
class BrokenRope final : public ReferenceBackend {
 public:
  std::string name() const override { return "broken"; }
  int64_t prompt_batch() const override { return 7; }
  using ReferenceBackend::run;
  Status run(const Rope& op) override {
    const Status status = each(op);
    host_span<float>(op.y)[1] += 0.01f;
    return status;
  }
};

std::filesystem::path dump_dir() {
  const auto path = std::filesystem::temp_directory_path() / ("tritium-compare-" + std::to_string(getpid()));
  std::filesystem::create_directories(path);
  return path;
}

Tensor ones(Backend& backend, const Shape& shape) {
  const Tensor tensor = *backend.allocate(shape, DType::f32, "ones");
  const std::vector<float> values(static_cast<size_t>(shape.elements()), 1.0f);
  EXPECT_TRUE(backend.upload(tensor, std::as_bytes(std::span(values))).ok());
  return tensor;
}

// add, then rope, then add again, inside labels.
Status run_three_operations(Backend& backend) {
  Ops ops(backend);
  const Tensor x = ones(backend, {1, 1, 4}), cos_sin = ones(backend, {1, 2, 2}), y = ones(backend, {1, 1, 4});
  const Tensor rows = *backend.allocate({1, 2}, DType::i32, "rows");  // position 0
  const Ops::Label layer(ops, "layer7");
  ops(Add{.a = x, .b = x, .y = y});
  ops(Rope{.x = x, .rows = rows, .cos_sin = cos_sin, .y = y});
  ops(Add{.a = y, .b = x, .y = x});
  return ops.finish();
}

TEST(CompareBackend, EqualBackendsPass) {
  const auto backend = make_compare_backend(make_reference_backend(), make_reference_backend(), {});
  const Status status = run_three_operations(*backend);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(PromptBatch, OfADecoratedBackendIsItsOwn) {
  EXPECT_EQ(make_compare_backend(std::make_unique<BrokenRope>(), make_reference_backend(), {})->prompt_batch(), 7);
  EXPECT_EQ(make_timed_backend(std::make_unique<BrokenRope>())->prompt_batch(), 7);
}

TEST(CompareBackend, StopsAtTheBrokenKernelAndSaysWhere) {
  const auto dir = dump_dir();
  const auto backend =
      make_compare_backend(std::make_unique<BrokenRope>(), make_reference_backend(), {.dump_dir = dir.string()});
  const Status status = run_three_operations(*backend);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("layer7/rope: output 0 [1,1,4] of broken differs from reference by 0.005"),
            std::string::npos)
      << status.message();
  EXPECT_TRUE(std::filesystem::exists(dir / "rope.expected.npy"));
  EXPECT_TRUE(std::filesystem::exists(dir / "rope.tested.npy"));
  std::filesystem::remove_all(dir);
}

TEST(CompareBackend, LaterOperationsAreJudgedByTheirOwnErrorOnly) {
  std::vector<Comparison> seen;
  const auto backend =
      make_compare_backend(std::make_unique<BrokenRope>(), make_reference_backend(),
                           {.stop_at_first = false, .observe = [&](const Comparison& c) { seen.push_back(c); }});
  EXPECT_TRUE(run_three_operations(*backend).ok());
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen[0].within());
  EXPECT_FALSE(seen[1].within());
  EXPECT_EQ(seen[1].operation, "rope");
  EXPECT_TRUE(seen[2].within());
}

}  // namespace
}  // namespace tritium
