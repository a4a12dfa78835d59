// The weights of a model as a backend keeps them, in a file: another process that wants the same has them without
// decoding anything, and shares their memory. A file that is damaged, or was made from something else, is as good as
// none.
//
// Layout: planes, each from a page on and followed by 64 zeros at least; a checksum (XXH3) of each stretch of
// kStretch bytes of those; entries; their names; a footer of 64 bytes. Numbers are little-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/mapped_file.h"
#include "model/weights.h"

namespace tritium {

class WeightCache {
 public:
  static constexpr uint64_t kStretch = uint64_t{1} << 22;

  // `key` says what it must have been made from. Reads all of it, by all threads, for its checksums. Errors say why it
  // is of no use; cancelled is one of them.
  static Result<WeightCache> open(const std::string& path, uint64_t key, const std::function<bool(double)>& progress);
  // Written beside, then renamed. The caller holds backend.mutex().
  static Status write(const std::string& path, uint64_t key, const Weights& weights, Backend& backend,
                      const std::function<bool(double)>& progress);

  // corrupt_file: it has no weight of that name and of those sizes.
  Result<Weight> restore(const TensorSpec& spec, Backend& backend) const;

 private:
  struct Entry;
  struct Plane;
  WeightCache(std::string path, std::shared_ptr<const MappedFile> file, std::span<const Entry> entries,
              std::string_view names)
      : path_(std::move(path)), file_(std::move(file)), entries_(entries), names_(names) {}

  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  std::span<const Entry> entries_;
  std::string_view names_;
};

}  // namespace tritium
