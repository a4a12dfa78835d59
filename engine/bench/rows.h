// Rows: what is measured. A family is those that share what is made for them: weights, a whole model.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ops/backend.h"
#include "tritium/bench.hpp"

namespace tritium::bench {

// One number of threads, with a backend that has so many. All lanes' backends are of one kind and in host memory: they
// read each other's tensors and weights.
struct Lane {
  int threads = 1;
  std::unique_ptr<Backend> backend;
};

// What a row is a fraction of.
enum class Against { nearer, reading, int8_products, float_products };

// Of one measured action.
struct Work {
  double bytes = 0;  // that it reads
  double operations = 0;
  bool floats = false;      // the operations are of floats, not of integers
  double tokens = 0;        // 0: there are no tokens a second
  uint64_t read_again = 0;  // bytes that come by before the same ones are read again: which cache or memory they are in
  Against against = Against::nearer;
};

struct RowName {
  std::string name;
  int64_t n = 1;
};

struct Row {
  RowName name;
  Work work;
  std::function<Result<double>(Lane&)> seconds;  // of one action, the median of some
};

struct Family {
  std::string name;
  std::vector<RowName> rows;  // of what make() gives, in its order
  uint64_t bytes = 0;         // of memory that it needs, about
  std::function<Result<std::vector<Row>>(std::span<Lane>)> make;
};

// `beyond_caches`: bytes of which no cache holds much.
void add_products(std::vector<Family>& families, uint64_t beyond_caches);
void add_experts(std::vector<Family>& families);
void add_heads(std::vector<Family>& families);
void add_attention(std::vector<Family>& families);
void add_models(std::vector<Family>& families);
void add_training(std::vector<Family>& families);

// The median time of a call, of at least three and of those that 60 ms allow.
Result<double> median_seconds(const std::function<Status()>& call);

}  // namespace tritium::bench
