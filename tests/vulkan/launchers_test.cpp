// Launchers on a device that says it can do less than it can: weights are then bound window by window and grids walked
// in turns. And values that a shader survives only when it relies on no infinity.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/counter_rng.h"
#include "ops/all.h"
#include "ops/weight_layout.h"
#include "shaders/lib/device_trits.h"
#include "tests/vulkan/test_gpu.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {
namespace {

constexpr float kUnwritten = 12345.0f;

// Passes dispatches on, and claims limits of its own.
class NarrowRecorder : public Recorder {
 public:
  explicit NarrowRecorder(Recorder& device) : device_(device), limits_(device.limits()) {}
  Status dispatch(const Dispatch& dispatch) override {
    ++dispatches_;
    return device_.dispatch(dispatch);
  }
  const Limits& limits() const override { return limits_; }
  Result<Tensor> scratch(int64_t n) override { return device_.scratch(n); }
  Limits& narrow() { return limits_; }
  int dispatches() const { return dispatches_; }

 private:
  Recorder& device_;
  Limits limits_;
  int dispatches_ = 0;
};

struct Routing {
  const char* name;
  int64_t tokens, top_k;  // top_k 0: not routed
  std::vector<int32_t> ids;
};

class Launchers : public GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    VulkanOptions options;
    options.validation = true;
    options.on_validation_message = [this](const std::string& text) { messages().add(text); };
    options.pipeline_cache_dir = cache();
    Result<std::unique_ptr<Gpu>> opened = Gpu::open(options, shader_table());
    ASSERT_TRUE(opened.ok()) << opened.message();
    device_ = std::move(*opened);
  }
  void TearDown() override {
    device_.reset();
    GpuTest::TearDown();
  }

  template <typename T>
  Tensor put(const std::vector<T>& values, const Shape& shape, DType dtype) {
    const Result<Tensor> made = device_->allocate(shape, dtype, "test");
    EXPECT_TRUE(made.ok()) << made.message();
    EXPECT_TRUE(device_->upload(*made, std::as_bytes(std::span(values))).ok());
    return *made;
  }
  Tensor floats(const std::vector<float>& values, const Shape& shape) { return put(values, shape, DType::f32); }
  std::vector<float> get(const Tensor& tensor) {
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    EXPECT_TRUE(device_->download(tensor, std::as_writable_bytes(std::span(values))).ok());
    return values;
  }
  Tensor unwritten(const Shape& shape) {
    return floats(std::vector<float>(static_cast<size_t>(shape.elements()), kUnwritten), shape);
  }

  static std::vector<float> random_floats(size_t n, uint64_t seed) {
    std::vector<float> values(n);
    for (size_t i = 0; i < n; ++i) values[i] = static_cast<float>(random_normal(seed, i));
    return values;
  }
  // Random trits, scales and the weight on the device.
  TernaryMatrix random_trits(int64_t matrices, int64_t rows, int64_t cols, int64_t group) {
    TernaryMatrix m(matrices, rows, cols, group > 0 ? ScaleGranularity::group : ScaleGranularity::row, group);
    for (int64_t e = 0; e < matrices; ++e)
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < cols; ++c)
          m.set_trit(e, r, c,
                     static_cast<int>(random_bits(7, static_cast<uint64_t>((e * rows + r) * cols + c)) % 3) - 1);
    for (size_t i = 0; i < m.scales().size(); ++i) m.scales()[i] = static_cast<float>(0.05 + random_unit(8, i));
    return m;
  }
  Weight upload(const TernaryMatrix& m) {
    Weight w = describe_weight(m, "test weight");
    std::vector<uint32_t> words(m.words().begin(), m.words().end());
    std::ranges::transform(words, words.begin(), shader::transposed_codes);
    w.data = put(words, {w.n_matrices, w.rows, w.row_stride}, DType::trit2);
    w.scales = floats(kernel_scales(m), {w.n_matrices, w.rows, w.groups_per_row()});
    return w;
  }
  static std::vector<Routing> routings(int64_t n_experts) {
    const auto last = static_cast<int32_t>(n_experts - 1);
    return {{"not routed", 11, 0, {}},
            {"one row", 1, 0, {}},
            {"all to the last expert", 3, 2, std::vector<int32_t>(6, last)},
            {"outside the stack", 3, 2, {-1, 0, last, last + 1, std::numeric_limits<int32_t>::min(), 1 % (last + 1)}}};
  }
  Tensor ids_of(const Routing& r) { return r.top_k > 0 ? put(r.ids, {r.tokens, r.top_k}, DType::i32) : Tensor(); }
  static int64_t rows_of(const Routing& r) { return r.tokens * std::max<int64_t>(1, r.top_k); }

  std::unique_ptr<Gpu> device_;
};

TEST_F(Launchers, TernaryProductsInWindowsAndTurnsAreEqualToTheBit) {
  for (int64_t experts : {1, 5})
    for (int64_t group : {0, 16, 32, 64, 128, 256})
      for (bool per_block : {false, true})
        for (const Routing& routing : routings(experts)) {
          constexpr int64_t kRows = 67, kCols = 700, kPadded = 768;
          const TernaryMatrix matrix = random_trits(experts, kRows, kCols, group);
          const int64_t rows = rows_of(routing), blocks = per_block ? kPadded / 256 : 1;
          std::vector<int8_t> q(static_cast<size_t>(routing.tokens * kPadded), 0);
          for (size_t i = 0; i < q.size(); ++i)
            if (static_cast<int64_t>(i) % kPadded < kCols) q[i] = static_cast<int8_t>(random_bits(9, i) % 255 - 127);
          const auto scales = random_floats(static_cast<size_t>(routing.tokens * blocks), 10);
          TernaryMatmul args = {.q = put(q, {routing.tokens, kPadded}, DType::i8),
                                .scales = floats(scales, {routing.tokens, blocks}),
                                .weight = upload(matrix),
                                .expert_ids = ids_of(routing),
                                .y = unwritten({rows, kRows})};
          std::vector<float> expected(static_cast<size_t>(rows * kRows));
          cpu_ref::ternary_matmul(args.params(), q, scales, matrix.words(), kernel_scales(matrix), routing.ids,
                                  expected);
          NarrowRecorder recorder(device_->recorder());
          recorder.narrow().storage_range = 16384;  // 85 rows of data, or 85 rows of 48 scales
          recorder.narrow().groups = {2, 1, 1};
          const Status status = record(recorder, args);
          ASSERT_TRUE(status.ok()) << status.message();
          EXPECT_EQ(recorder.dispatches() > 1, experts > 1);
          ASSERT_EQ(get(args.y), expected)
              << experts << " experts, group " << group << ", per block " << per_block << ", " << routing.name;
        }
}

TEST_F(Launchers, FloatProductsInWindowsAndTurnsAgreeWithTheReference) {
  for (int64_t experts : {1, 5})
    for (const Routing& routing : routings(experts)) {
      constexpr int64_t kRows = 67, kCols = 701, kStride = 704;
      const int64_t rows = rows_of(routing);
      const auto x = random_floats(static_cast<size_t>(routing.tokens * kCols), 3);
      const TernaryMatrix matrix = random_trits(experts, kRows, kCols, 64);
      TernaryMatmulF32 ternary = {.x = floats(x, {routing.tokens, kCols}),
                                  .weight = upload(matrix),
                                  .expert_ids = ids_of(routing),
                                  .y = unwritten({rows, kRows})};
      std::vector<float> dense_values(static_cast<size_t>(experts * kRows * kStride), 0.0f);
      for (size_t i = 0; i < dense_values.size(); ++i)
        if (static_cast<int64_t>(i) % kStride < kCols) dense_values[i] = static_cast<float>(random_normal(4, i));
      Weight weight = {.dtype = DType::f32, .n_matrices = experts, .rows = kRows, .cols = kCols, .row_stride = kStride};
      weight.data = floats(dense_values, {experts, kRows, kStride});
      DenseMatmul dense = {
          .x = ternary.x, .weight = weight, .expert_ids = ternary.expert_ids, .y = unwritten({rows, kRows})};

      NarrowRecorder recorder(device_->recorder());
      recorder.narrow().groups = {2, 1, 1};
      recorder.narrow().storage_range = 1 << 14;
      ASSERT_TRUE(record(recorder, ternary).ok());
      recorder.narrow().storage_range = 1 << 17;
      ASSERT_TRUE(record(recorder, dense).ok());
      EXPECT_GT(recorder.dispatches(), 2);  // the dense weight alone takes two

      std::vector<float> expected(static_cast<size_t>(rows * kRows));
      cpu_ref::ternary_matmul_f32(ternary.params(), x, matrix.words(), kernel_scales(matrix), routing.ids, expected);
      auto y = get(ternary.y);
      for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], expected[i], 1e-3f) << routing.name << " ternary " << i;
      cpu_ref::dense_matmul(dense.params(), x, std::as_bytes(std::span(dense_values)), routing.ids, expected);
      y = get(dense.y);
      for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], expected[i], 2e-3f) << routing.name << " dense " << i;
    }
}

TEST_F(Launchers, InputGradientsInWindowsAndTurnsAgreeWithTheReference) {
  for (int64_t experts : {1, 5})
    for (const Routing& routing : routings(experts))
      for (bool accumulate : {false, true}) {
        constexpr int64_t kRows = 67, kCols = 701, kStride = 704;
        const auto dy = random_floats(static_cast<size_t>(rows_of(routing) * kRows), 3);
        const auto before = random_floats(static_cast<size_t>(routing.tokens * kCols), 5);
        const TernaryMatrix matrix = random_trits(experts, kRows, kCols, 64);
        const TernaryMatmulBackward ternary = {.dy = floats(dy, {rows_of(routing), kRows}),
                                               .weight = upload(matrix),
                                               .expert_ids = ids_of(routing),
                                               .dx = floats(before, {routing.tokens, kCols}),
                                               .accumulate = accumulate};
        const auto values = random_floats(static_cast<size_t>(experts * kRows * kStride), 4);
        Weight weight = {
            .dtype = DType::f32, .n_matrices = experts, .rows = kRows, .cols = kCols, .row_stride = kStride};
        weight.data = floats(values, {experts, kRows, kStride});
        const DenseMatmulBackward dense = {.dy = ternary.dy,
                                           .weight = weight,
                                           .expert_ids = ternary.expert_ids,
                                           .dx = floats(before, {routing.tokens, kCols}),
                                           .accumulate = accumulate};
        NarrowRecorder recorder(device_->recorder());
        recorder.narrow().groups = {3, 65535, 1};
        recorder.narrow().storage_range = 40'000;  // what dx takes; of the weights some rows
        Status status = record(recorder, ternary);
        ASSERT_TRUE(status.ok()) << status.message();
        status = record(recorder, dense);
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_GT(recorder.dispatches(), 5);

        auto expected = before;
        cpu_ref::ternary_matmul_backward(ternary.params(), dy, matrix.words(), kernel_scales(matrix), routing.ids,
                                         expected);
        auto dx = get(ternary.dx);
        for (size_t i = 0; i < dx.size(); ++i) ASSERT_NEAR(dx[i], expected[i], 2e-4f) << routing.name << " " << i;
        expected = before;
        cpu_ref::dense_matmul_backward(dense.params(), dy, std::as_bytes(std::span(values)), routing.ids, expected);
        dx = get(dense.dx);
        for (size_t i = 0; i < dx.size(); ++i) ASSERT_NEAR(dx[i], expected[i], 5e-4f) << routing.name << " " << i;
      }
}

TEST_F(Launchers, WhatIsLargerThanABindingIsRefusedWithNumbers) {
  const Tensor x = unwritten({10, 100});
  NarrowRecorder recorder(device_->recorder());
  recorder.narrow().storage_range = 2048;
  const Status status = record(
      recorder,
      CombineExpertsBackward{
          .x = x, .weights = unwritten({5, 2}), .dy = unwritten({5, 100}), .dx = x, .dweights = unwritten({5, 2})});
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_NE(status.message().find("4000 bytes"), std::string::npos) << status.message();
}

TEST_F(Launchers, EmbeddingsInWindowsAreEqualToTheBit) {
  constexpr int64_t kVocabulary = 301, kDim = 300;
  const std::vector<int32_t> tokens = {0, 300, 299, 128, 127, 64, 63, 300};
  for (int64_t group : {0, 16, 64}) {
    const TernaryMatrix matrix = random_trits(1, kVocabulary, kDim, group);
    const Embedding args = {.table = upload(matrix), .tokens = put(tokens, {8}, DType::i32), .y = unwritten({8, kDim})};
    NarrowRecorder recorder(device_->recorder());
    recorder.narrow().storage_range = 8192;
    recorder.narrow().groups = {3, 65535, 1};
    ASSERT_TRUE(record(recorder, args).ok());
    EXPECT_GT(recorder.dispatches(), 1);
    std::vector<float> expected(8 * kDim);
    cpu_ref::embedding(args.params(), std::as_bytes(matrix.words()), kernel_scales(matrix), tokens, expected);
    EXPECT_EQ(get(args.y), expected) << group;
  }
}

// Tokens that the device itself chose are not checked by the host.
TEST_F(Launchers, TheEmbeddingOfATokenThatIsNoneIsZeros) {
  const std::vector<int32_t> tokens = {-1, 5, 64, std::numeric_limits<int32_t>::max()};
  const TernaryMatrix matrix = random_trits(1, 64, 300, 0);
  for (const uint64_t range : {uint64_t{4096}, uint64_t{1} << 20}) {  // in windows, and whole
    const Embedding args = {.table = upload(matrix), .tokens = put(tokens, {4}, DType::i32), .y = unwritten({4, 300})};
    NarrowRecorder recorder(device_->recorder());
    recorder.narrow().storage_range = std::max(range, uint64_t{4 * 300 * 4});
    ASSERT_TRUE(record(recorder, args).ok());
    const std::vector<float> y = get(args.y);
    for (size_t t = 0; t < 4; ++t)
      for (size_t d = 0; d < 300; ++d)
        ASSERT_EQ(y[t * 300 + d], t == 1 ? matrix.value(0, 5, static_cast<int64_t>(d)) : 0.0f) << t << " " << d;
  }
}

TEST_F(Launchers, AttentionFoldsItsGrid) {
  constexpr int64_t kTokens = 7, kHeads = 6, kKvHeads = 2, kDim = 20, kCapacity = 200;
  const auto q = random_floats(kTokens * kHeads * kDim, 1), k = random_floats(kCapacity * kKvHeads * kDim, 2);
  const auto v = random_floats(kCapacity * kKvHeads * kDim, 3);
  std::vector<int32_t> rows;
  for (int32_t t = 0; t < kTokens; ++t) rows.insert(rows.end(), {190 + t, 0});
  Attention args = {.q = floats(q, {kTokens, kHeads, kDim}),
                    .rows = put(rows, {kTokens, 2}, DType::i32),
                    .k_cache = floats(k, {kCapacity, kKvHeads, kDim}),
                    .v_cache = floats(v, {kCapacity, kKvHeads, kDim}),
                    .y = unwritten({kTokens, kHeads, kDim}),
                    .window = 150,
                    .scale = 0.2f};
  NarrowRecorder recorder(device_->recorder());
  recorder.narrow().groups = {5, 65535, 1};
  ASSERT_TRUE(record(recorder, args).ok());
  std::vector<float> expected(kTokens * kHeads * kDim);
  cpu_ref::attention(args.params(), q, rows, std::as_bytes(std::span(k)), std::as_bytes(std::span(v)), {}, {},
                     expected);
  const auto y = get(args.y);
  for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], expected[i], 1e-5f) << i;
}

TEST_F(Launchers, AttentionThatTakesLongIsDealtOutToSeveralDispatches) {
  constexpr int64_t kTokens = 150, kHeads = 2, kDim = 16, kCapacity = 200;
  const auto q = random_floats(kTokens * kHeads * kDim, 1), k = random_floats(kCapacity * kHeads * kDim, 2);
  const auto v = random_floats(kCapacity * kHeads * kDim, 3);
  std::vector<int32_t> rows;
  for (int32_t t = 0; t < kTokens; ++t) rows.insert(rows.end(), {t, 0});
  const auto attend = [&](double operations_a_second) {
    Attention args = {.q = floats(q, {kTokens, kHeads, kDim}),
                      .rows = put(rows, {kTokens, 2}, DType::i32),
                      .k_cache = floats(k, {kCapacity, kHeads, kDim}),
                      .v_cache = floats(v, {kCapacity, kHeads, kDim}),
                      .y = unwritten({kTokens, kHeads, kDim}),
                      .scale = 0.2f};
    NarrowRecorder recorder(device_->recorder());
    recorder.narrow().rates.float_operations = operations_a_second;
    EXPECT_TRUE(record(recorder, args).ok());
    return std::pair{recorder.dispatches(), get(args.y)};
  };
  const auto [one, whole] = attend(1e12);
  const auto [several, dealt] = attend(1e6);  // 3.8 million: 4 seconds
  EXPECT_EQ(one, 1);
  EXPECT_GE(several, 2);
  EXPECT_EQ(dealt, whole);
}

TEST_F(Launchers, ProductsThatTakeLongAreDealtOutByRowsOfTheWeight) {
  constexpr int64_t kRows = 67, kCols = 700, kPadded = 768, kTokens = 11;
  const TernaryMatrix matrix = random_trits(1, kRows, kCols, 0);
  std::vector<int8_t> q(kTokens * kPadded, 0);
  for (size_t i = 0; i < q.size(); ++i)
    if (i % kPadded < kCols) q[i] = static_cast<int8_t>(random_bits(9, i) % 255 - 127);
  const auto multiply = [&](double operations_a_second) {
    TernaryMatmul args = {.q = put(q, {kTokens, kPadded}, DType::i8),
                          .scales = floats(random_floats(kTokens, 10), {kTokens, 1}),
                          .weight = upload(matrix),
                          .expert_ids = {},
                          .y = unwritten({kTokens, kRows})};
    NarrowRecorder recorder(device_->recorder());
    recorder.narrow().rates.integer_operations = operations_a_second;
    EXPECT_TRUE(record(recorder, args).ok());
    return std::pair{recorder.dispatches(), get(args.y)};
  };
  const auto [one, whole] = multiply(1e12);
  const auto [several, dealt] = multiply(1e6);  // a million: a second
  EXPECT_EQ(one, 1);
  EXPECT_GE(several, 2);
  EXPECT_EQ(dealt, whole);
}

TEST_F(Launchers, ScoresBeyondTheFloatRangeGiveNoNan) {
  // q k^T is +-4e39: the largest key takes all, and where keys tie they share.
  const std::vector<float> q = {2e19f}, k = {-2e20f, 2e20f, 0.0f, 2e20f}, v = {1, 2, 3, 4};
  const std::vector<int32_t> rows = {3, 0};
  Attention args = {.q = floats(q, {1, 1, 1}),
                    .rows = put(rows, {1, 2}, DType::i32),
                    .k_cache = floats(k, {4, 1, 1}),
                    .v_cache = floats(v, {4, 1, 1}),
                    .y = unwritten({1, 1, 1})};
  ASSERT_TRUE(record(device_->recorder(), args).ok());
  EXPECT_NEAR(get(args.y)[0], 3.0f, 1e-6f);
}

TEST_F(Launchers, LogitsOfMinusInfinityHaveNoWeight) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> logits = {-kInfinity, 1e30f, -3e38f, 1e30f, -1e30f, -kInfinity, 0, 3e38f, -3e38f, 0};
  RouteTokens args = {.logits = floats(logits, {2, 5}),
                      .expert_ids = put(std::vector<int32_t>(10), {2, 5}, DType::i32),
                      .weights = unwritten({2, 5})};
  ASSERT_TRUE(record(device_->recorder(), args).ok());
  EXPECT_EQ(get(args.weights), (std::vector<float>{0.5f, 0.5f, 0, 0, 0, 1, 0, 0, 0, 0}));
  std::vector<int32_t> ids(10);
  ASSERT_TRUE(device_->download(args.expert_ids, std::as_writable_bytes(std::span(ids))).ok());
  EXPECT_EQ(ids, (std::vector<int32_t>{1, 3, 4, 2, 0, 2, 1, 4, 3, 0}));
}

TEST_F(Launchers, OneThousandExpertsInOrderOfTheirLogits) {
  constexpr int64_t kExperts = 1024;
  std::vector<float> logits(kExperts), expected_weights(kExperts);
  std::vector<int32_t> expected(kExperts), ids(kExperts);
  for (size_t e = 0; e < logits.size(); ++e)
    logits[e] = static_cast<float>(random_bits(5, e) % 97) * 0.05f;  // many ties
  RouteTokens args = {.logits = floats(logits, {1, kExperts}),
                      .expert_ids = put(ids, {1, kExperts}, DType::i32),
                      .weights = unwritten({1, kExperts}),
                      .renormalize = false};
  ASSERT_TRUE(record(device_->recorder(), args).ok());
  cpu_ref::route_tokens(args.params(), logits, {}, expected, expected_weights);
  ASSERT_TRUE(device_->download(args.expert_ids, std::as_writable_bytes(std::span(ids))).ok());
  EXPECT_EQ(ids, expected);
  const auto weights = get(args.weights);
  for (size_t i = 0; i < weights.size(); ++i) ASSERT_NEAR(weights[i], expected_weights[i], 1e-7f);
}

}  // namespace
}  // namespace tritium::vulkan
