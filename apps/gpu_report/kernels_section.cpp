// Single operations in the shapes of real models, as fractions of what the device can do.
#include <algorithm>
#include <array>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "gpu_report/section.h"
#include "gpu_report/synthetic_model.h"
#include "selftest/case_inputs.h"

namespace tritium::gpu_report {
namespace {

struct ProductShape {
  const char* name;
  int64_t rows, cols;
  int64_t experts, used;  // 1, 1: one matrix
};
constexpr std::array kProducts = {ProductShape{"BitNet-2B feed-forward up", 6912, 2560, 1, 1},
                                  ProductShape{"BitNet-2B feed-forward down", 2560, 6912, 1, 1},
                                  ProductShape{"BitNet-2B attention output", 2560, 2560, 1, 1},
                                  ProductShape{"Qwen3-30B query", 4096, 2048, 1, 1},
                                  ProductShape{"Maple-20B experts up", 512, 2048, 256, 8},
                                  ProductShape{"Maple-20B experts down", 2048, 512, 256, 8},
                                  ProductShape{"Qwen3-30B experts up", 768, 2048, 128, 8}};

struct HeadShape {
  const char* name;
  int64_t vocabulary, dim;
};
constexpr std::array kHeads = {HeadShape{"Maple-20B and Qwen3-30B head, f16", 151936, 2048},
                               HeadShape{"BitNet-2B head, f16", 128256, 2560}};

struct AttentionShape {
  const char* name;
  int64_t heads, kv_heads;
};
constexpr std::array kAttentions = {AttentionShape{"Maple-20B attention", 16, 4},
                                    AttentionShape{"Qwen3-30B attention", 32, 4},
                                    AttentionShape{"BitNet-2B attention", 20, 5}};
constexpr int64_t kHeadDim = 128;

// What one call reads of weights or caches, and how many operations it takes.
struct Work {
  std::string kernel;
  std::string shape;
  int64_t tokens = 1;
  double bytes = 0;
  double operations = 0;
};

class KernelBench {
 public:
  KernelBench(Context& context, Entry& entry, Backend& backend)
      : context_(context), entry_(entry), backend_(backend), ops_(backend), inputs_(ops_, 1) {}

  Status product(const ProductShape& shape, int64_t tokens);
  Status head(const HeadShape& shape);
  Status attention(const AttentionShape& shape, int64_t tokens, int64_t position);
  // Forgets what the one before may have failed in.
  void restart() {
    inputs_.restart(1);
    static_cast<void>(ops_.finish());
  }
  std::string summary() const {
    return join("best GEMV ", figure(best_gemv_), " GB/s, best GEMM ", figure(best_gemm_), " Gop/s");
  }

 private:
  // So many copies that no cache holds them all.
  int64_t copies_of(uint64_t bytes) const;
  Tensor experts_of(const ProductShape& shape, int64_t tokens, uint64_t seed);
  // A row of the table: `call(i)` records the i-th call, `y` is what it writes.
  Status measure(const Work& work, const Tensor& y, const std::function<void(size_t)>& call);

  Context& context_;
  Entry& entry_;
  Backend& backend_;
  Ops ops_;
  cases::CaseInputs inputs_;
  double best_gemv_ = 0, best_gemm_ = 0;
};

int64_t KernelBench::copies_of(uint64_t bytes) const {
  constexpr uint64_t kBeyondCaches = uint64_t{256} << 20;
  const uint64_t room = context_.free_bytes > 0 ? std::min(kBeyondCaches, context_.free_bytes / 4) : kBeyondCaches;
  return context_.tiny ? 1 : static_cast<int64_t>(std::clamp<uint64_t>(room / std::max<uint64_t>(1, bytes), 1, 64));
}

// Different ones for each token, all over the stack.
Tensor KernelBench::experts_of(const ProductShape& shape, int64_t tokens, uint64_t seed) {
  if (shape.experts == 1) return {};
  std::vector<int32_t> ids;
  const int64_t step = shape.experts / shape.used;
  for (int64_t t = 0; t < tokens; ++t) {
    const auto first = static_cast<int64_t>(random_bits(seed, static_cast<uint64_t>(t)) % static_cast<uint64_t>(step));
    for (int64_t s = 0; s < shape.used; ++s) ids.push_back(static_cast<int32_t>(first + s * step));
  }
  return inputs_.ints({tokens, shape.used}, ids);
}

Status KernelBench::measure(const Work& work, const Tensor& y, const std::function<void(size_t)>& call) {
  std::array<float, 1> first{};
  size_t calls = 0;
  const auto time = best_time(entry_.deadline(), 4096, [&](uint32_t n) -> Result<double> {
    ops_.download(y, std::as_writable_bytes(std::span(first)));
    const auto start = Clock::now();
    for (uint32_t i = 0; i < n; ++i) call(calls++);
    ops_.download(y, std::as_writable_bytes(std::span(first)));
    if (Status s = ops_.finish(); !s.ok()) return s;
    return seconds_since(start);
  });
  if (!time.ok()) return time.status();
  const double bytes = work.bytes / time->seconds / 1e9;
  const double operations = work.operations / time->seconds / 1e9;
  Json row = {{"kernel", work.kernel},     {"shape", work.shape},    {"tokens", work.tokens},
              {"us", time->seconds * 1e6}, {"gb_per_second", bytes}, {"gop_per_second", operations}};
  if (context_.read_gb_per_second > 0) row["of_reading"] = bytes / context_.read_gb_per_second;
  if (context_.multiply_adds_gop_per_second > 0)
    row["of_multiply_adds"] = operations / context_.multiply_adds_gop_per_second;
  entry_.add_row("rows", row);
  if (work.kernel == "GEMV") best_gemv_ = std::max(best_gemv_, bytes);
  if (work.kernel == "GEMM") best_gemm_ = std::max(best_gemm_, operations);
  return Status();
}

Status KernelBench::product(const ProductShape& s, int64_t tokens) {
  const TernaryMatrix matrix = random_trits(s.experts, s.rows, s.cols, 1);
  const int64_t copies = tokens == 1 ? copies_of(matrix.words().size_bytes()) : 1;
  std::vector<Weight> weights;
  std::vector<Tensor> ids;
  for (int64_t i = 0; i < copies; ++i) {
    Result<Weight> weight = backend_.upload_weight(matrix, "report");
    if (!weight.ok()) return weight.status();
    weights.push_back(*std::move(weight));
  }
  constexpr uint64_t kDraws = 16;
  for (uint64_t seed = 0; seed < kDraws; ++seed) ids.push_back(experts_of(s, tokens, seed));
  const cases::CaseInputs::Quantized x = inputs_.quantized(tokens, s.cols, false);
  const Tensor y = inputs_.zeros({tokens * s.used, s.rows});
  if (Status failed = inputs_.status(); !failed.ok()) return failed;
  const double matrices = static_cast<double>(std::min(s.experts, tokens * s.used));
  const double elements = static_cast<double>(s.rows * s.cols);
  const Work work = {
      .kernel = tokens == 1 ? "GEMV" : "GEMM",
      .shape = join(s.name, " ", s.rows, "x", s.cols, s.experts > 1 ? join(", ", s.used, " of ", s.experts) : ""),
      .tokens = tokens,
      .bytes = matrices * elements / 4.0,
      .operations = 2.0 * elements * static_cast<double>(tokens * s.used)};
  return measure(work, y, [&](size_t i) {
    ops_(TernaryMatmul{
        .q = x.q, .scales = x.scales, .weight = weights[i % weights.size()], .expert_ids = ids[i % kDraws], .y = y});
  });
}

Status KernelBench::head(const HeadShape& s) {
  Result<Weight> weight = backend_.upload_weight(random_halves(s.vocabulary, s.dim, 1), "report");
  if (!weight.ok()) return weight.status();
  const Tensor x = inputs_.random({1, s.dim});
  const Tensor y = inputs_.zeros({1, s.vocabulary});
  if (Status failed = inputs_.status(); !failed.ok()) return failed;
  const double elements = static_cast<double>(s.vocabulary * s.dim);
  const Work work = {.kernel = "head",
                     .shape = join(s.name, " ", s.vocabulary, "x", s.dim),
                     .tokens = 1,
                     .bytes = 2.0 * elements,
                     .operations = 2.0 * elements};
  return measure(work, y, [&](size_t) { ops_(DenseMatmul{.x = x, .weight = *weight, .expert_ids = {}, .y = y}); });
}

Status KernelBench::attention(const AttentionShape& s, int64_t tokens, int64_t position) {
  const Shape cache = {position + tokens, s.kv_heads, kHeadDim};
  const double cache_bytes = 2.0 * sizeof(float) * static_cast<double>(cache.elements());
  std::vector<std::pair<Tensor, Tensor>> caches;
  for (int64_t i = 0; i < std::min<int64_t>(16, copies_of(static_cast<uint64_t>(cache_bytes))); ++i)
    caches.emplace_back(inputs_.zeros(cache), inputs_.zeros(cache));
  const Tensor q = inputs_.random({tokens, s.heads, kHeadDim});
  const Tensor y = inputs_.zeros({tokens, s.heads, kHeadDim});
  const Tensor rows = inputs_.rows(tokens, position);
  if (Status failed = inputs_.status(); !failed.ok()) return failed;
  const double keys =
      static_cast<double>(position) + (static_cast<double>(tokens) + 1.0) / 2.0;  // of a query, on average
  const Work work = {.kernel = "attention",
                     .shape = join(s.name, " ", s.heads, "/", s.kv_heads, "x", kHeadDim, " at position ", position),
                     .tokens = tokens,
                     .bytes = cache_bytes,
                     .operations = 4.0 * static_cast<double>(tokens * s.heads * kHeadDim) * keys};
  return measure(work, y, [&](size_t i) {
    const auto& [k, v] = caches[i % caches.size()];
    ops_(Attention{.q = q, .rows = rows, .k_cache = k, .v_cache = v, .y = y, .window = 0, .scale = 0.088f});
  });
}

// A software driver gets through with these.
ProductShape tiny(ProductShape s) {
  return {s.name, s.rows / 8, s.cols / 8, std::min<int64_t>(s.experts, 16), std::min<int64_t>(s.used, 2)};
}

using Step = std::function<Status(KernelBench&)>;

// Where time is short, the last are left out.
std::vector<Step> steps_of() {
  constexpr int64_t kPrompt = 512;
  std::vector<Step> steps;
  for (const int64_t tokens : {int64_t{1}, kPrompt})
    for (const ProductShape& shape : kProducts)
      steps.emplace_back([=](KernelBench& bench) { return bench.product(shape, tokens); });
  for (const HeadShape& shape : kHeads) steps.emplace_back([=](KernelBench& bench) { return bench.head(shape); });
  for (const AttentionShape& shape : kAttentions) {
    for (const int64_t position : {511, 4095, 32767})
      steps.emplace_back([=](KernelBench& bench) { return bench.attention(shape, 1, position); });
    steps.emplace_back([=](KernelBench& bench) { return bench.attention(shape, kPrompt, 0); });
  }
  return steps;
}

// One of each kind, small.
std::vector<Step> tiny_steps() {
  constexpr int64_t kPrompt = 8;
  std::vector<Step> steps;
  for (const int64_t tokens : {int64_t{1}, kPrompt})
    for (const ProductShape& shape : {tiny(kProducts.front()), tiny(kProducts.back())})
      steps.emplace_back([=](KernelBench& bench) { return bench.product(shape, tokens); });
  steps.emplace_back([](KernelBench& bench) { return bench.head({"small head, f16", 1024, 256}); });
  steps.emplace_back([](KernelBench& bench) { return bench.attention(kAttentions.front(), 1, 63); });
  steps.emplace_back([](KernelBench& bench) { return bench.attention(kAttentions.front(), kPrompt, 0); });
  return steps;
}

}  // namespace

Status kernels_section(Context& context, Entry& entry) {
  Result<std::unique_ptr<Backend>> backend = vulkan::make_vulkan_backend(context.device());
  if (!backend.ok()) return backend.status();
  KernelBench bench(context, entry, **backend);
  const std::vector<Step> steps = context.tiny ? tiny_steps() : steps_of();
  size_t done = 0;
  for (const Step& step : steps) {
    if (entry.deadline().over()) break;
    ++done;
    bench.restart();
    Status status = step(bench);
    if (status.code() == StatusCode::device_error) return status;
    if (!status.ok()) entry.cut(status.message());  // too large for this device: the next may not be
  }
  if (done < steps.size()) entry.cut(join(steps.size() - done, " of ", steps.size(), " rows were not reached in time"));
  entry.headline(bench.summary());
  return Status();
}

}  // namespace tritium::gpu_report
