// Ternary products: one matrix for 1 … 512 tokens, from a cache and from memory; and stacks of experts.
#include <algorithm>
#include <array>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "bench/case_tensors.h"
#include "bench/rows.h"

namespace tritium::bench {
namespace {

struct MatrixShape {
  int64_t rows, cols;
};
constexpr std::array kShapes = {MatrixShape{2560, 6912}, MatrixShape{6912, 2560}, MatrixShape{2048, 512},
                                MatrixShape{512, 2048}};

uint64_t bytes_of(const Weight& weight) { return static_cast<uint64_t>(weight.data.bytes() + weight.scales.bytes()); }

// ---- one matrix, or as many as no cache holds, one after another --------------------------------------------------

struct ProductCase {
  std::vector<Weight> weights;
  CaseTensors::Quantized x;
  Tensor y;
  size_t calls = 0;
};

Work product_work(const ProductCase& made, int64_t n) {
  const Weight& w = made.weights.front();
  return {.bytes = static_cast<double>(bytes_of(w)),
          .operations = 2.0 * static_cast<double>(n) * static_cast<double>(w.rows * w.cols),
          .read_again = bytes_of(w) * made.weights.size()};
}

Result<double> product_seconds(ProductCase& made, Lane& lane) {
  Ops ops(*lane.backend);
  return median_seconds([&] {
    const Weight& weight = made.weights[made.calls++ % made.weights.size()];
    ops(TernaryMatmul{.q = made.x.q, .scales = made.x.scales, .weight = weight, .expert_ids = {}, .y = made.y});
    return ops.finish();
  });
}

Result<std::vector<Row>> make_products(std::span<Lane> lanes, MatrixShape shape, size_t copies,
                                       const std::vector<RowName>& names) {
  CaseTensors tensors(*lanes.front().backend);
  std::vector<Weight> weights;
  for (size_t i = 0; i < copies; ++i) weights.push_back(tensors.trits({1, shape.rows, shape.cols}));
  std::vector<Row> rows;
  for (const RowName& name : names) {
    const auto made = std::make_shared<ProductCase>(
        ProductCase{weights, tensors.quantized(name.n, shape.cols), tensors.zeros({name.n, shape.rows})});
    if (Status s = tensors.finish(); !s.ok()) return s;
    rows.push_back({name, product_work(*made, name.n), [made](Lane& lane) { return product_seconds(*made, lane); }});
  }
  return rows;
}

void add_matrix(std::vector<Family>& families, MatrixShape shape, uint64_t bytes, bool from_memory) {
  const uint64_t matrix = static_cast<uint64_t>(shape.rows * shape.cols) / 4;
  const size_t copies = from_memory ? static_cast<size_t>(bytes / matrix + 1) : 1;
  Family family = {.name = join("product/", shape.rows, "x", shape.cols),
                   .rows = {},
                   .bytes = copies * matrix + (uint64_t{64} << 20),
                   .make = {}};
  // Many tokens do not wait for memory.
  for (const int64_t n : {1, 2, 4, 8, 32, 512})
    if (!from_memory || n <= 8) family.rows.push_back({join(family.name, "/n=", n, from_memory ? "/memory" : ""), n});
  family.make = [shape, copies, names = family.rows](std::span<Lane> lanes) {
    return make_products(lanes, shape, copies, names);
  };
  families.push_back(std::move(family));
}

// ---- experts ------------------------------------------------------------------------------------------------------

struct Stack {
  int64_t experts;
  MatrixShape shape;
};
constexpr int64_t kUsed = 8, kRowsOfExpert = 64;

// Different experts for each token. Skewed: the first ones come more often, with probabilities as 1 / (1 + i / 4).
std::vector<int32_t> choices(int64_t tokens, int64_t experts, bool skewed, uint64_t seed) {
  std::vector<int32_t> ids;
  uint64_t counter = 0;
  const auto draw = [&] {
    for (;;) {
      const auto id = static_cast<int64_t>(random_bits(seed, counter++) % static_cast<uint64_t>(experts));
      if (!skewed || random_unit(seed, counter++) < 4.0 / static_cast<double>(4 + id)) return static_cast<int32_t>(id);
    }
  };
  for (int64_t t = 0; t < tokens; ++t) {
    const auto begin = static_cast<std::ptrdiff_t>(ids.size());
    while (std::ssize(ids) < begin + kUsed)
      if (const int32_t id = draw(); std::find(ids.begin() + begin, ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

struct ExpertCase {
  Weight weight;
  CaseTensors::Quantized x;
  std::vector<Tensor> ids;  // of successive calls
  Tensor y;
  size_t calls = 0;
};

Result<Row> make_experts(CaseTensors& tensors, const Weight& weight, const RowName& name, bool skewed) {
  constexpr uint64_t kDraws = 16;
  const int64_t tokens = name.n, experts = weight.n_matrices;
  auto made = std::make_shared<ExpertCase>();
  made->weight = weight;
  made->x = tensors.quantized(tokens, weight.cols);
  for (uint64_t seed = 0; seed < kDraws; ++seed)
    made->ids.push_back(tensors.ints({tokens, kUsed}, choices(tokens, experts, skewed, seed)));
  made->y = tensors.zeros({tokens * kUsed, weight.rows});
  if (Status s = tensors.finish(); !s.ok()) return s;
  const double matrix = static_cast<double>(bytes_of(weight)) / static_cast<double>(experts);
  const Work work = {
      .bytes = matrix * static_cast<double>(std::min(experts, tokens * kUsed)),  // of many tokens: all, once
      .operations = 2.0 * static_cast<double>(tokens * kUsed * weight.rows * weight.cols),
      .read_again = bytes_of(weight)};
  return Row{name, work, [made](Lane& lane) {
               Ops ops(*lane.backend);
               return median_seconds([&] {
                 ops(TernaryMatmul{.q = made->x.q,
                                   .scales = made->x.scales,
                                   .weight = made->weight,
                                   .expert_ids = made->ids[made->calls++ % made->ids.size()],
                                   .y = made->y});
                 return ops.finish();
               });
             }};
}

void add_stack(std::vector<Family>& families, const Stack& stack) {
  const int64_t many = kRowsOfExpert * stack.experts / kUsed;
  Family family = {.name = join("experts/8 of ", stack.experts, "/", stack.shape.rows, "x", stack.shape.cols),
                   .rows = {},
                   .bytes = static_cast<uint64_t>(stack.experts * stack.shape.rows * stack.shape.cols / 4 +
                                                  many * kUsed * (stack.shape.rows + stack.shape.cols) * 4),
                   .make = {}};
  family.rows = {{family.name + "/n=1", 1},
                 {join(family.name, "/n=", many, "/uniform"), many},
                 {join(family.name, "/n=", many, "/skewed"), many}};
  family.make = [stack, names = family.rows](std::span<Lane> lanes) -> Result<std::vector<Row>> {
    CaseTensors tensors(*lanes.front().backend);
    const Weight weight = tensors.trits({stack.experts, stack.shape.rows, stack.shape.cols});
    if (Status s = tensors.finish(); !s.ok()) return s;
    std::vector<Row> rows;
    for (const RowName& name : names) {
      Result<Row> row = make_experts(tensors, weight, name, name.name.ends_with("skewed"));
      if (!row.ok()) return row.status();
      rows.push_back(*std::move(row));
    }
    return rows;
  };
  families.push_back(std::move(family));
}

}  // namespace

void add_products(std::vector<Family>& families, uint64_t beyond_caches) {
  for (const MatrixShape& shape : kShapes)
    for (const bool from_memory : {false, true}) add_matrix(families, shape, beyond_caches, from_memory);
}

void add_experts(std::vector<Family>& families) {
  for (const int64_t experts : {64, 256})
    for (const MatrixShape& shape : {MatrixShape{512, 2048}, MatrixShape{2048, 512}})
      add_stack(families, {experts, shape});
}

}  // namespace tritium::bench
