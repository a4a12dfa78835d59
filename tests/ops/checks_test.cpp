// Wrong arguments are an error that names the operation and the shapes, and stop what follows; no kernel sees them.

#include <gtest/gtest.h>

#include "cpu_ref/reference_backend.h"
#include "ops/ops.h"

namespace tritium {
namespace {

class OpsChecks : public testing::Test {
 protected:
  Tensor f32(const Shape& shape) { return *backend_->allocate(shape, DType::f32, "t"); }
  std::unique_ptr<Backend> backend_ = make_reference_backend();
};

TEST_F(OpsChecks, AShapeThatDoesNotFitIsNamed) {
  const Status status = Add{.a = f32({2, 3}), .b = f32({2, 3}), .y = f32({3, 2})}.check();
  EXPECT_EQ(status.code(), StatusCode::internal);
  EXPECT_EQ(status.message(), "add: y is [3,2], must be [2,3]");
}

TEST_F(OpsChecks, AMissingTensorIsNamed) {
  const Status status = RmsNorm{.x = f32({2, 3}), .weight = {}, .y = f32({2, 3})}.check();
  EXPECT_EQ(status.message(), "rms_norm: weight is missing");
}

TEST_F(OpsChecks, MoreTokensThanTheCachesHaveRowsAreRefused) {
  const Status status = StoreKv{.k = f32({5, 1, 2}),
                                .v = f32({5, 1, 2}),
                                .rows = *backend_->allocate({5, 2}, DType::i32, "rows"),
                                .k_cache = f32({4, 1, 2}),
                                .v_cache = f32({4, 1, 2})}
                            .check();
  EXPECT_EQ(status.message(), "store_kv: more tokens than the caches have rows");
}

TEST_F(OpsChecks, MoreExpertsThanThereAreCannotBeChosen) {
  const Status status =
      RouteTokens{
          .logits = f32({1, 3}), .expert_ids = *backend_->allocate({1, 4}, DType::i32, "ids"), .weights = f32({1, 4})}
          .check();
  EXPECT_EQ(status.message(), "route_tokens: top_k must be 1 to n_experts");
}

TEST_F(OpsChecks, AfterAnErrorNothingRunsUntilItIsTaken) {
  Ops ops(*backend_);
  const Tensor y = f32({2});
  ops(Add{.a = f32({1}), .b = f32({2}), .y = y});
  const std::vector<float> ones = {1, 1};
  ops.upload(y, std::as_bytes(std::span(ones)));
  EXPECT_FALSE(ops.finish().ok());
  std::vector<float> values(2);
  ops.download(y, std::as_writable_bytes(std::span(values)));
  EXPECT_TRUE(ops.finish().ok());
  EXPECT_EQ(values, (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace tritium
