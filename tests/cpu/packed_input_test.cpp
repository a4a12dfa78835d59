// Products that follow each other with one input share what was packed from it, until anything may have changed it.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "ops/program.h"
#include "tests/cpu/cpu_test.h"

namespace tritium {
namespace {

constexpr int64_t kTokens = 20, kCols = 300, kExperts = 5, kTopK = 2, kRows = 70;

class PackedInput : public ::testing::Test {
 protected:
  // What `body` leaves in its tensor, by the cpu backend and by the reference.
  using Body = std::function<Tensor(Ops&, cases::CaseInputs&)>;
  static std::vector<float> result_of(std::unique_ptr<Backend> backend, const Body& body) {
    Ops ops(*backend);
    cases::CaseInputs in(ops, 1);
    const Tensor y = body(ops, in);
    std::vector<float> values(static_cast<size_t>(y.elements()));
    ops.download(y, std::as_writable_bytes(std::span(values)));
    EXPECT_TRUE(ops.finish().ok());
    return values;
  }
  static void expect_reference(const Body& body) {
    for (const int threads : {1, 2})
      EXPECT_EQ(result_of(make_cpu_backend({.threads = threads}), body), result_of(make_reference_backend(), body));
  }

  struct Product {
    cases::CaseInputs::Quantized x;
    Tensor ids;
  };
  static Product product(cases::CaseInputs& in) {
    return {.x = in.quantized(kTokens, kCols, false),
            .ids = in.ints({kTokens, kTopK}, in.some_below(kTokens * kTopK, kExperts + 1))};
  }
  static Tensor multiply(Ops& ops, cases::CaseInputs& in, const Product& p) {
    const Tensor y = in.zeros({kTokens * kTopK, kRows});
    const Weight weight = in.ternary(kExperts, kRows, kCols, ScaleGranularity::row);
    ops(TernaryMatmul{.q = p.x.q, .scales = p.x.scales, .weight = weight, .expert_ids = p.ids, .y = y});
    return y;
  }
};

TEST_F(PackedInput, ServesTheNextProduct) {
  expect_reference([](Ops& ops, cases::CaseInputs& in) {
    const Product p = product(in);
    const Weight gate = in.ternary(kExperts, kRows, kCols, ScaleGranularity::row),
                 up = in.ternary(kExperts, kRows + 40, kCols, ScaleGranularity::row);
    const Tensor y = in.zeros({kTokens * kTopK, kRows}), z = in.zeros({kTokens * kTopK, kRows + 40});
    ops(TernaryMatmul{.q = p.x.q, .scales = p.x.scales, .weight = gate, .expert_ids = p.ids, .y = y});
    ops(TernaryMatmul{.q = p.x.q, .scales = p.x.scales, .weight = up, .expert_ids = p.ids, .y = z});
    return z;
  });
}

TEST_F(PackedInput, IsPackedAnewWhenAnOperationWroteIt) {
  expect_reference([](Ops& ops, cases::CaseInputs& in) {
    const Product p = product(in);
    const Tensor other = in.random({kTokens, kCols});
    multiply(ops, in, p);
    ops(QuantizeActivations{.x = other, .q = p.x.q, .scales = p.x.scales});
    return multiply(ops, in, p);
  });
}

// Nothing but the upload stands between the two products.
TEST_F(PackedInput, IsPackedAnewWhenItWasUploaded) {
  expect_reference([](Ops& ops, cases::CaseInputs& in) {
    const Product p = product(in);
    const Weight weight = in.ternary(kExperts, kRows, kCols, ScaleGranularity::row);
    const Tensor y = in.zeros({kTokens * kTopK, kRows});
    const TernaryMatmul op = {.q = p.x.q, .scales = p.x.scales, .weight = weight, .expert_ids = p.ids, .y = y};
    const std::vector<int32_t> ids = in.some_below(kTokens * kTopK, kExperts);
    ops(op);
    ops.upload(p.ids, std::as_bytes(std::span(ids)));
    ops(op);
    return y;
  });
}

TEST_F(PackedInput, IsNotThatOfOtherExperts) {
  expect_reference([](Ops& ops, cases::CaseInputs& in) {
    Product p = product(in);
    const Weight weight = in.ternary(kExperts, kRows, kCols, ScaleGranularity::row);
    const Tensor y = in.zeros({kTokens * kTopK, kRows}), z = in.zeros({kTokens * kTopK, kRows});
    const Tensor ids = in.ints({kTokens, kTopK}, in.some_below(kTokens * kTopK, kExperts));
    ops(TernaryMatmul{.q = p.x.q, .scales = p.x.scales, .weight = weight, .expert_ids = p.ids, .y = y});
    ops(TernaryMatmul{.q = p.x.q, .scales = p.x.scales, .weight = weight, .expert_ids = ids, .y = z});
    return z;
  });
}

// The last one has other rows; the others are one loop of the threads.
TEST_F(PackedInput, AProgramOfProductsGivesWhatTheyGiveOneByOne) {
  for (const int64_t experts : {1, 5, 40})
    for (const int64_t rows : {kRows, kRows + 40, int64_t{33}, int64_t{0}})
      expect_reference([=](Ops& ops, cases::CaseInputs& in) {
        const auto x = in.quantized(kTokens, kCols, false);
        const Tensor ids = in.ints({kTokens, kTopK}, in.some_below(kTokens * kTopK, experts + 1));
        Program program;
        Ops record(program);
        Tensor wanted;
        for (const int64_t r : {kRows, kRows + 40, int64_t{33}}) {
          const Tensor y = in.zeros({kTokens * kTopK, r});
          const Weight weight = in.ternary(experts, r, kCols, ScaleGranularity::row);
          record(TernaryMatmul{.q = x.q, .scales = x.scales, .weight = weight, .expert_ids = ids, .y = y});
          if (r == rows) wanted = y;
        }
        const Tensor dense = in.zeros({kTokens, kRows});
        const Weight weight = in.ternary(1, kRows, kCols, ScaleGranularity::row);
        record(TernaryMatmul{.q = x.q, .scales = x.scales, .weight = weight, .expert_ids = {}, .y = dense});
        EXPECT_TRUE(record.finish().ok());
        EXPECT_TRUE((*ops.backend().prepare(program))->run().ok());
        return wanted ? wanted : dense;
      });
}

}  // namespace
}  // namespace tritium
