// Where a model's weights come from: when it is loaded, and again after they were parked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/cached_weights.h"
#include "base/log.h"
#include "model/checked_model.h"
#include "model_files/open_model.h"
#include "tritium/options.hpp"

namespace tritium {

class WeightSource {
 public:
  WeightSource() = default;
  // Files that are opened again by their path, and must not have changed.
  static Result<WeightSource> at_path(const std::string& path, const LoadOptions& options);
  // A file that stays open, for its descriptor cannot be asked for again.
  static Result<WeightSource> of_descriptor(int descriptor, const LoadOptions& options);

  // The model as it was opened; only before load_first().
  const CheckedModel& model() const { return *model_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  // The caller of these holds backend.mutex(). The first time files are closed again.
  Result<Weights> load_first(const LoadOptions& options, Backend& backend, const LogSink& log);
  Result<Weights> load_again(Backend& backend, const LogSink& log) const;
  // Whether load_again() would find what was loaded.
  Status check() const;

 private:
  std::string path_;
  LoadOptions options_;  // without functions
  uint64_t stamp_ = 0;
  bool stays_open_ = false;
  std::shared_ptr<const CheckedModel> model_;
  std::vector<std::string> warnings_;
};

}  // namespace tritium
