// tritium-bench: the cpu backend's ternary products as fractions of what this machine can do, both measured
// in the same run, seconds apart. Takes the options of Google Benchmark (--benchmark_filter,
// --benchmark_format=json).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "cpu/cpu_backend.h"
#include "ops/ops.h"
#include "tests/bench/machine_limits.h"

namespace tritium {
namespace {

// Tokens, each multiplied with `used` of the stack's matrices; successive calls walk through the stack.
struct Product {
  const char* name;
  int64_t n_matrices, rows, cols, used, tokens;

  int64_t weight_bytes() const { return rows * ((cols + 255) / 256 * 64); }
  double operations() const {
    return 2.0 * static_cast<double>(tokens) * static_cast<double>(used * rows) * static_cast<double>(cols);
  }
};

constexpr Product kProducts[] = {
    {"gemv/2560x6912, one matrix again and again", 1, 2560, 6912, 1, 1},
    {"gemv/2560x6912, a stack of 600 MB", 136, 2560, 6912, 1, 1},
    {"gemv/8 of 64 experts 2048x512", 64, 2048, 512, 8, 1},
    {"batch/4 tokens, 2560x6912", 1, 2560, 6912, 1, 4},
    {"gemm/512 tokens, 2560x6912", 1, 2560, 6912, 1, 512},
    {"gemm/512 tokens, 8 of 64 experts 2048x512", 64, 2048, 512, 8, 512},
};

TernaryMatrix random_matrix(const Product& p) {
  TernaryMatrix matrix(p.n_matrices, p.rows, p.cols, ScaleGranularity::row);
  uint64_t counter = 0;
  for (uint32_t& word : matrix.words()) {
    const auto bits = static_cast<uint32_t>(random_bits(1, counter++));
    word = bits & ~(bits >> 1 & 0x55555555u);  // code 3 becomes 2
  }
  std::ranges::fill(matrix.scales(), 0.01f);
  return matrix;
}

// Everything that one benchmark needs, on its own backend.
class ProductCall {
 public:
  ProductCall(const Product& p, int threads)
      : product_(p), backend_(make_cpu_backend({.threads = threads})), ops_(*backend_) {
    const int64_t padded = (p.cols + 255) / 256 * 256;
    weight_ = backend_->upload_weight(random_matrix(p), "bench").value();
    const Tensor x = tensor({p.tokens, p.cols}, DType::f32);
    std::vector<float> values(static_cast<size_t>(x.elements()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random_normal(2, i));
    ops_.upload(x, std::as_bytes(std::span(values)));
    q_ = tensor({p.tokens, padded}, DType::i8);
    scales_ = tensor({p.tokens, 1}, DType::f32);
    ops_(QuantizeActivations{.x = x, .q = q_, .scales = scales_});
    ids_ = tensor({p.tokens, p.used}, DType::i32);
    y_ = tensor({p.tokens * p.used, p.rows}, DType::f32);
  }

  Status run() {
    std::vector<int32_t> ids(static_cast<size_t>(product_.tokens * product_.used));
    for (int32_t& id : ids) id = static_cast<int32_t>(next_++ % product_.n_matrices);
    ops_.upload(ids_, std::as_bytes(std::span(ids)));
    ops_(TernaryMatmul{.q = q_, .scales = scales_, .weight = weight_, .expert_ids = ids_, .y = y_});
    return ops_.finish();
  }

 private:
  Tensor tensor(const Shape& shape, DType dtype) { return backend_->allocate(shape, dtype, "bench").value(); }

  const Product product_;
  std::unique_ptr<Backend> backend_;
  Ops ops_;
  Weight weight_;
  Tensor q_, scales_, ids_, y_;
  int64_t next_ = 0;
};

void bench_product(benchmark::State& state, const Product& p, int threads) {
  ProductCall call(p, threads);
  const bool matrix_bound = p.tokens > 16;
  ThreadPool pool(threads);
  const double limit =
      matrix_bound ? int8_peak_gop_s(pool) : read_bandwidth_gb_s(pool, p.n_matrices * p.weight_bytes());
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state)
    if (const Status status = call.run(); !status.ok()) state.SkipWithError(status.message().c_str());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  const double work = matrix_bound ? p.operations() : static_cast<double>(p.used * p.weight_bytes());
  const double rate = work * 1e-9 * static_cast<double>(state.iterations()) / seconds.count();
  state.counters[matrix_bound ? "GOP/s" : "GB/s"] = rate;
  state.counters[matrix_bound ? "int8_peak" : "read_limit"] = limit;
  if (limit > 0) state.counters["fraction"] = rate / limit;
}

void bench_read(benchmark::State& state, int64_t bytes, int threads) {
  ThreadPool pool(threads);
  double limit = 0;
  for (auto _ : state) limit = std::max(limit, read_bandwidth_gb_s(pool, bytes));
  state.counters["GB/s"] = limit;
}

void bench_int8_peak(benchmark::State& state, int threads) {
  ThreadPool pool(threads);
  double limit = 0;
  for (auto _ : state) limit = std::max(limit, int8_peak_gop_s(pool));
  state.counters["GOP/s"] = limit;
}

void register_benchmarks(int threads) {
  const auto named = [&](const std::string& name) { return join(name, "/threads:", threads); };
  for (int64_t mib : {4, 600})
    benchmark::RegisterBenchmark(named(join("limit/read ", mib, " MiB")).c_str(), bench_read, mib << 20, threads)
        ->Iterations(2);
  benchmark::RegisterBenchmark(named("limit/int8 dot products").c_str(), bench_int8_peak, threads)->Iterations(2);
  for (const Product& p : kProducts)
    benchmark::RegisterBenchmark(named(p.name).c_str(), bench_product, p, threads)->UseRealTime()->MinTime(0.3);
}

std::string reference_operation_list() {
  std::string list;
  for (std::string_view op : reference_operations()) list += std::string(list.empty() ? "" : ", ") + std::string(op);
  return list.empty() ? "none" : list;
}

}  // namespace
}  // namespace tritium

int main(int argc, char** argv) {
  using namespace tritium;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("cpu", describe_cpu().description);
  benchmark::AddCustomContext("simd level", simd_level());
  benchmark::AddCustomContext("threads", std::to_string(usable_processors()));
  benchmark::AddCustomContext("operations on the reference", reference_operation_list());
  register_benchmarks(1);
  if (usable_processors() > 1) register_benchmarks(usable_processors());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
