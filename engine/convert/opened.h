// What converting and quantising begin with: the model, checked, and its output apart from it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "convert/write_model.h"
#include "model/checked_model.h"
#include "model/tensors.h"

namespace tritium {

struct OpenedSource {
  std::shared_ptr<const TensorMap> tensors;
  Config config;
  std::map<std::string, TensorRole> roles;  // of the model's tensors; others are rope factors and scales
  std::vector<std::string> warnings;
};

Result<OpenedSource> open_source(const std::string& input, const std::string& output);

// "tq2_0" and "TQ2_0"; invalid_argument: there is none of that name that is written.
Result<StorageType> type_named(const std::string& name);

// The type and the encoding of a tensor that stays what it is: the smallest one that holds all values exactly.
Result<TensorJob> exact_job(const TensorMap& source, const TensorInfo& info, bool vector_or_router, ThreadPool& pool);

// With general.file_type of the type that most bytes have.
Metadata metadata_of(Metadata metadata, const std::vector<TensorJob>& jobs);

// Fractions for progress(); cancelled: it said so.
class Steps {
 public:
  Steps(const std::function<bool(double)>& progress, int64_t total) : progress_(progress), total_(total) {}
  Status add(int64_t n);

 private:
  const std::function<bool(double)>& progress_;
  int64_t total_;
  int64_t done_ = 0;
};

// What both end with: the tensors as planned, with the model's metadata. A pass over all elements, told to `steps`.
Result<WrittenModel> write_opened(OpenedSource opened, const std::string& output, const std::vector<TensorJob>& jobs,
                                  ThreadPool& pool, Steps& steps);

}  // namespace tritium
