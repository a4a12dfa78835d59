// Reads the keys of one architecture ("maple.block_count") with their ranges, and keeps the first thing that is wrong.
// After an error the values returned are the lower bound or the default, so that reading can go on safely.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

class KeyReader {
 public:
  KeyReader(const Metadata& metadata, const std::string& architecture)
      : metadata_(metadata), prefix_(architecture + ".") {}

  bool has(const std::string& key) const { return metadata_.contains(prefix_ + key); }
  // Of the whole model: an array whose elements all agree counts as that element.
  int64_t integer(const std::string& key, int64_t low, int64_t high);
  int64_t integer_or(const std::string& key, int64_t fallback, int64_t low, int64_t high);
  double real(const std::string& key, double low, double high);
  double real_or(const std::string& key, double fallback, double low, double high);
  bool boolean_or(const std::string& key, bool fallback);
  std::string text_or(const std::string& key, const std::string& fallback);
  // One value a layer, from an array, or one integer for all.
  std::vector<int64_t> integers(const std::string& key, int64_t n_layers, int64_t low, int64_t high);
  // A fallback for each layer.
  std::vector<int64_t> integers_or(const std::string& key, const std::vector<int64_t>& fallbacks, int64_t low,
                                   int64_t high);
  // An array of any length above 0, or the fallback.
  std::vector<int64_t> integers_of_any_number(const std::string& key, const std::vector<int64_t>& fallback, int64_t low,
                                              int64_t high);
  // One value a layer, booleans or integers; empty when the key is absent.
  std::vector<bool> booleans_or(const std::string& key, int64_t n_layers);
  // One value a layer, from an array, one number for all, or the fallback.
  std::vector<double> reals_or(const std::string& key, int64_t n_layers, double fallback);

  void require(bool condition, const std::string& key, const std::string& problem);
  const Status& status() const { return status_; }

 private:
  const Metadata& metadata_;
  std::string prefix_;
  Status status_;
};

}  // namespace tritium
