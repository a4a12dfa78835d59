// What this machine can do at most, and how much of that the engine reaches: `tritium bench`.
// Errors as in tritium.hpp. Calls take seconds to minutes, use all the threads that they are to measure with, and may
// come from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/options.hpp"
#include "tritium/status.hpp"

namespace tritium {

// Measured. One of the two is not 0.
struct MachineLimit {
  std::string name;    // "read L1", "read L2", "read L3", "read memory", "int8 dot", "int8 amx", "float fma"
  int threads = 1;     // together
  uint64_t bytes = 0;  // that are read again and again; 0: only registers are at work
  double gb_s = 0;     // 10^9 bytes a second
  double gop_s = 0;    // 10^9 operations a second, of which a multiply-add is two
};

// This machine's limits, in less than half a second: those that the CPU's kernels meet, on `threads` threads (0: all).
// `cancelled` as in options.hpp.
Result<std::vector<MachineLimit>> machine_limits(int threads, const std::function<bool()>& keep_going = {});

// Those of a Vulkan device, "vulkan:INDEX", in some tenths of a second and 256 MiB of its memory: "read memory", reads
// of less, and "float fma". Errors as of opening the device.
Result<std::vector<MachineLimit>> device_limits(int device_index, const std::function<bool()>& keep_going = {});

// How fast memory of that many bytes can be read again and again: what the cache gives that holds them, or the memory.
// 0: not measured.
double read_limit(const std::vector<MachineLimit>& limits, uint64_t bytes);
// 10^9 operations a second of the limit of that name; 0: not measured.
double peak_limit(const std::vector<MachineLimit>& limits, const std::string& name);

// One measurement. What does not apply is not there.
struct BenchRow {
  std::string name;  // "product/2560x6912/n=1/memory": unique among those of one number of threads
  int threads = 1;
  int64_t n = 1;                // tokens at once
  std::optional<double> gb_s;   // read: weights, or of attention keys and values
  std::optional<double> gop_s;  // multiplications and additions, of integers or floats
  std::optional<double> tokens_s;
  // Of the limit that is met first, measured in the same rounds on as many threads. Products, heads, attention: the
  // time that the limits allow for reading and computing, whichever is longer, over the time taken. Decoding: bytes of
  // weights a token * tokens/s over reading. Prompts: 2 * weights * tokens/s of the ternary products over the peak of
  // int8 dot products; AMX can be beyond that. Training: 6 * weights * tokens/s over the peak of float multiply-adds.
  std::optional<double> fraction_of_limit;
};

struct BenchMachine {
  std::string processor;
  int processors = 0;              // that this process may use
  std::string rung;                // whose kernels were measured
  std::vector<std::string> rungs;  // that this processor could use, best first
  uint64_t free_bytes = 0;         // of memory, at the start; 0: unknown
};

struct BenchOptions {
  WeightLayout layout = WeightLayout::automatic;
  std::string filter;                 // a regular expression (ECMAScript) that a row's name must contain; empty: all
  std::vector<int> threads = {1, 0};  // each is measured, in turn; 0: all that this process may use
  int rounds = 3;                     // of all rows that share their weights; medians of them are reported
  LogSink log{};                      // what is being measured, and what is left out
  std::function<void(const BenchRow&)> on_row{};  // as soon as it is known
  std::function<bool()> keep_going{};             // options.hpp; what was measured until then is reported
};

struct LeftOut {
  std::string name;  // of the rows: "model/Maple-20B-A1B"
  std::string reason;
};

struct BenchReport {
  BenchMachine machine;
  std::vector<MachineLimit> limits;
  std::vector<BenchRow> rows;
  std::vector<LeftOut> left_out;
  bool cancelled = false;
};

// The rows that a filter chooses, without measuring anything.
Result<std::vector<std::string>> bench_rows(const std::string& filter);

// invalid_argument: the filter is no regular expression, or chooses nothing; a number of threads is out of range.
Result<BenchReport> run_bench(const BenchOptions& options);

}  // namespace tritium
