#include "simd/cpu_backend.h"

#include <array>
#include <cstdlib>
#include <fstream>

#include "simd/simd_backend.h"

#if defined(__linux__)
#include <unistd.h>
#endif

namespace tritium {
namespace {

bool runs_here(const simd::KernelTable& kernels) {
#if defined(__x86_64__)
  if (&kernels == &simd::kAvx512VnniKernels)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
  // F16C is older than AVX2 on every processor that has both (and GCC 10's cpu_supports does not know it).
  if (&kernels == &simd::kAvx2Kernels) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return &kernels == &simd::kPortableKernels;
}

// Best first.
std::vector<const simd::KernelTable*> usable_kernels() {
  std::vector<const simd::KernelTable*> usable;
  for (const simd::KernelTable* kernels : {
#if defined(__x86_64__)
         &simd::kAvx512VnniKernels, &simd::kAvx2Kernels,
#endif
             &simd::kPortableKernels
       })
    if (runs_here(*kernels)) usable.push_back(kernels);
  return usable;
}

const simd::KernelTable& chosen_kernels() {
  const auto usable = usable_kernels();
  if (const char* wanted = std::getenv("TRITIUM_SIMD"))
    for (const simd::KernelTable* kernels : usable)
      if (std::string_view(kernels->level) == wanted) return *kernels;
  return *usable.front();
}

// Whether SimdBackend has a method of its own: the address of an inherited one is of the base class's type.
template <typename Method>
constexpr bool inherited(Method) {
  return false;
}
template <typename Args>
constexpr bool inherited(Status (ReferenceBackend::*)(const Args&)) {
  return true;
}

uint64_t physical_memory() {
#if defined(__linux__)
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
#else
  return 0;
#endif
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "CPU";
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  return std::make_unique<SimdBackend>(chosen_kernels(), options.threads);
}

std::string simd_level() { return chosen_kernels().level; }

std::vector<std::string> simd_levels() {
  std::vector<std::string> levels;
  for (const simd::KernelTable* kernels : usable_kernels()) levels.emplace_back(kernels->level);
  return levels;
}

std::vector<std::string_view> reference_operations() {
  const std::array<std::pair<std::string_view, bool>, kOpNames.size()> operations = {{
      {EmbeddingArgs::kName, inherited(&SimdBackend::embedding)},
      {RmsNormArgs::kName, inherited(&SimdBackend::rms_norm)},
      {QuantizeActivationsArgs::kName, inherited(&SimdBackend::quantize_activations)},
      {TernaryMatmulArgs::kName, inherited(&SimdBackend::ternary_matmul)},
      {TernaryMatmulF32Args::kName, inherited(&SimdBackend::ternary_matmul_f32)},
      {DenseMatmulArgs::kName, inherited(&SimdBackend::dense_matmul)},
      {RopeArgs::kName, inherited(&SimdBackend::rope)},
      {StoreKvArgs::kName, inherited(&SimdBackend::store_kv)},
      {AttentionArgs::kName, inherited(&SimdBackend::attention)},
      {GatedActivationArgs::kName, inherited(&SimdBackend::gated_activation)},
      {AddArgs::kName, inherited(&SimdBackend::add)},
      {RouteTokensArgs::kName, inherited(&SimdBackend::route_tokens)},
      {CombineExpertsArgs::kName, inherited(&SimdBackend::combine_experts)},
      {EmbeddingBackwardArgs::kName, inherited(&SimdBackend::embedding_backward)},
      {RmsNormBackwardArgs::kName, inherited(&SimdBackend::rms_norm_backward)},
      {TernaryMatmulBackwardArgs::kName, inherited(&SimdBackend::ternary_matmul_backward)},
      {DenseMatmulBackwardArgs::kName, inherited(&SimdBackend::dense_matmul_backward)},
      {WeightGradientArgs::kName, inherited(&SimdBackend::weight_gradient)},
      {AttentionBackwardArgs::kName, inherited(&SimdBackend::attention_backward)},
      {GatedActivationBackwardArgs::kName, inherited(&SimdBackend::gated_activation_backward)},
      {CombineExpertsBackwardArgs::kName, inherited(&SimdBackend::combine_experts_backward)},
      {RouteTokensBackwardArgs::kName, inherited(&SimdBackend::route_tokens_backward)},
      {ExpertLoadArgs::kName, inherited(&SimdBackend::expert_load)},
      {CrossEntropyArgs::kName, inherited(&SimdBackend::cross_entropy)},
      {FlipTritsArgs::kName, inherited(&SimdBackend::flip_trits)},
      {KlDivergenceArgs::kName, inherited(&SimdBackend::kl_divergence)},
      {ScaledAddArgs::kName, inherited(&SimdBackend::scaled_add)},
      {SumSquaresArgs::kName, inherited(&SimdBackend::sum_squares)},
      {DequantizeActivationsArgs::kName, inherited(&SimdBackend::dequantize_activations)},
      {AbsmeanArgs::kName, inherited(&SimdBackend::absmean)},
      {TernarizeArgs::kName, inherited(&SimdBackend::ternarize)},
      {FakeQuantizeArgs::kName, inherited(&SimdBackend::fake_quantize)},
      {AdamwUpdateArgs::kName, inherited(&SimdBackend::adamw_update)},
      {SgdUpdateArgs::kName, inherited(&SimdBackend::sgd_update)},
  }};
  std::vector<std::string_view> names;
  for (const auto& [name, is_inherited] : operations)
    if (is_inherited) names.push_back(name);
  return names;
}

DeviceInfo describe_cpu() {
  return {.backend = "cpu",
          .description = processor_name(),
          .driver = simd_level(),
          .available = true,
          .reason = {},
          .software = false,
          .chosen_by_auto = false,
          .memory_bytes = physical_memory(),
          .features = {std::to_string(usable_processors()) + " processors"}};
}

}  // namespace tritium
