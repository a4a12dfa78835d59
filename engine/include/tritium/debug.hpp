// For kernel engineers: a backend beside the reference, operation by operation, the time that each operation takes,
// captures of what a GPU runs, and values as files that other programs read.
// Threads and errors as in tritium.hpp; selftest() and write_npy() may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/profile.hpp"
#include "tritium/runtime.hpp"
#include "tritium/status.hpp"

namespace tritium {

// Watches over a Runtime: Runtime::create(options, debug).
struct DebugOptions {
  // Run this backend beside, operation by operation, and stop at the first result outside its bound, leaving both
  // tensors as .npy files in compare_dump_dir. What is within goes on from this backend's values, so that both always
  // start from the same. Empty: none. Errors as for RuntimeOptions::backend.
  std::string compare_with{};
  std::string compare_dump_dir = ".";
  // Vulkan: write a RenderDoc capture of an evaluation of a single token to this file: of the first, which records the
  // commands that later ones run again, or of the capture_token-th. Empty: none. invalid_argument for other backends.
  std::string capture_file{};
  int capture_token = 1;
  // Measure the operations: Runtime::profile(). A GPU notes the time behind each (timestamp queries), and operations
  // that nothing separates overlap: the later one has what it took longer. Where its clock cannot be read each
  // operation is waited for before the next one starts. invalid_argument together with capture_file.
  bool profile = false;
};

struct OperationReport {
  std::string operation;
  int cases = 0;
  double worst_error = 0;  // largest |difference| / largest |expected|, of the output that came nearest to its bound
  double bound = 0;        // what is allowed there; 0: bit-identical
  std::string worst_case;  // the shape that gave it
  std::string failure;     // empty: all cases within the bound
};

// Of one set of kernels.
struct KernelsReport {
  std::string rung;  // of the cpu: "avx2"; else empty
  std::vector<OperationReport> operations;
  bool passed() const {
    for (const OperationReport& op : operations)
      if (!op.failure.empty()) return false;
    return !operations.empty();
  }
};

struct SelftestReport {
  std::string backend;
  KernelsReport used;                 // the kernels that this backend runs here
  std::vector<KernelsReport> others;  // of the cpu: those of the processor's other rungs
  bool passed() const {
    for (const KernelsReport& other : others)
      if (!other.passed()) return false;
    return used.passed();
  }
};

// Runs every operation of a backend against the reference over many shapes; of the cpu all rungs that this processor
// has, or the one that TRITIUM_CPU_RUNG names. Fails only when the backend cannot be made, or with `cancelled`
// (options.hpp: keep_going).
Result<SelftestReport> selftest(const std::string& backend, const LogSink& log = {},
                                const std::function<bool()>& keep_going = {});

// invalid_argument when a file that is to be written is one of those that are read, through links and other spellings
// too; empty names are none.
Status check_output(const std::string& output, const std::vector<std::string>& inputs);

// Writes values as NumPy's .npy (float32, row-major), atomically. Errors: invalid_argument when they do not fill a
// shape of one to three dimensions; io_error says what the system refused.
Status write_npy(const std::string& path, std::span<const float> values, std::span<const int64_t> shape);

}  // namespace tritium
