// The cpu backend: the reference with the operations that pay rewritten for vector registers and threads.
// Which instructions it uses is decided when it is made, so one program starts on every processor.
//
//   <op>.cpp        an operation: its arguments, how the work is split over threads
//   kernels/<op>.h  its inner loops, written once over an instruction set's trait
//   isa/<set>.cpp   the kernels compiled for one instruction set
//   layout/         the order of words of packed trits
//   rungs.cpp       which kernels for which processor
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ops/backend.h"
#include "tritium/tritium.hpp"

namespace tritium {

struct CpuOptions {
  int threads = 0;  // 0: every processor this process may use
  bool pin = false;
  std::string rung;                             // whose kernels: one of simd_levels(); empty: simd_level()
  WeightLayout layout = WeightLayout::two_bit;  // base3 only where cpu_has_base3()
};

// Tokens of a prompt at once: those of a dense model are 1.2 times as fast as with 128, those of experts equal.
inline constexpr int64_t kCpuPromptBatch = 512;

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options);

// What make_cpu_backend would use now: the name of a rung (rungs.cpp). The best this processor
// has, or less when the environment variable TRITIUM_CPU_RUNG (once: TRITIUM_SIMD) names less.
std::string simd_level();
// invalid_argument: TRITIUM_CPU_RUNG names a rung that is not one of simd_levels().
Status check_cpu_rung();
// Whether the environment variable names one.
bool cpu_rung_is_named();
// Whether its kernels take weights of base3.
bool cpu_has_base3();
// Every level this program can run here, best first.
std::vector<std::string> simd_levels();

// Operations of the cpu backend that run on the reference's loops.
std::span<const std::string_view> reference_operations();

DeviceInfo describe_cpu();

}  // namespace tritium
