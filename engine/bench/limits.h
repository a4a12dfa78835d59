// What this machine can do at most, measured when it is asked for: the denominators of every fraction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tritium/bench.hpp"

namespace tritium::bench {

// Bytes of the data caches, as the system tells them; a guess where it does not.
struct CacheSizes {
  uint64_t l1 = 0, l2 = 0;  // of a core
  uint64_t l3 = 0;          // shared; 0: none
};
CacheSizes cache_sizes();

class Limits {
 public:
  // Of the kernels of `rung`. A measurement is the best of `windows` of 4 ms.
  // Reads from memory are of `most_bytes` at most.
  Limits(std::string rung, int windows, uint64_t most_bytes = uint64_t{1} << 30);
  ~Limits();

  // GB/s of reading `bytes` again and again, each thread its own part. More than `memory_bytes()` count as that. 0:
  // there is no memory to measure with.
  double read(int threads, uint64_t bytes);
  double dot(int threads);  // Gop/s
  double fma(int threads);
  double amx(int threads);  // 0: there is none
  uint64_t memory_bytes() const { return memory_bytes_; }

  // The caches, the memory and the peaks, each once.
  void measure_all(int threads);
  // The medians of what was measured under the names of MachineLimit.
  std::vector<MachineLimit> found() const;

 private:
  class Pages;
  struct Found {
    MachineLimit limit;
    std::vector<double> values;
  };
  double read_rate(int threads, uint64_t bytes);
  double peak(const char* name, int threads, double (*step)());
  double noted(const char* name, int threads, uint64_t bytes, double value);

  std::string rung_;
  int windows_;
  CacheSizes caches_;
  uint64_t memory_bytes_;
  std::unique_ptr<Pages> pages_;  // that are read
  std::vector<Found> found_;      // in the order of the first measurement
};

}  // namespace tritium::bench
