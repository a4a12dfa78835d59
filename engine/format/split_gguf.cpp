#include "format/split_gguf.h"

#include <map>
#include <vector>

#include "base/format_text.h"
#include "tensor/split_file.h"

namespace tritium {
namespace {

using Part = std::unique_ptr<TensorMap>;

// The tensors of all parts, in their order; the metadata of the first one.
class SplitGguf final : public TensorMap {
 public:
  SplitGguf(std::string path, std::vector<Part> parts) : path_(std::move(path)), parts_(std::move(parts)) {
    for (const Part& part : parts_)
      for (const TensorInfo& info : part->tensors()) {
        part_of_[info.name] = part.get();
        infos_.push_back(info);
      }
    for (const auto& [key, value] : parts_.front()->metadata().values())
      if (!key.starts_with("split.")) metadata_.set(key, value);
  }

  const std::string& source() const override { return path_; }
  const Metadata& metadata() const override { return metadata_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }

  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override {
    return part(name).ternary_rows(name);
  }
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override {
    return part(name).dense_rows(name);
  }

 private:
  // The first one says of a tensor that no part has that it is not there.
  const TensorMap& part(const std::string& name) const {
    const auto found = part_of_.find(name);
    return found == part_of_.end() ? *parts_.front() : *found->second;
  }

  std::string path_;
  std::vector<Part> parts_;
  Metadata metadata_;
  std::vector<TensorInfo> infos_;
  std::map<std::string, const TensorMap*> part_of_;
};

// The number and the count that are in the part are those of its name.
Status check_part(const TensorMap& part, const PartName& name) {
  const Metadata& m = part.metadata();
  const auto number = m.integer("split.no"), count = m.integer("split.count");
  if (count && *count == name.count && number && *number == name.number - 1) return Status();
  return error(StatusCode::corrupt_file, part.source(), ": by its name this is part ", name.number, " of ", name.count,
               ", by its keys split.no and split.count part ", number ? *number + 1 : 0, " of ", count.value_or(0),
               ": give each part the name it was written under");
}

Status check_tensors(const std::vector<Part>& parts) {
  std::map<std::string, const TensorMap*> owner;
  for (const Part& part : parts)
    for (const TensorInfo& info : part->tensors())
      if (const auto [at, added] = owner.emplace(info.name, part.get()); !added)
        return error(StatusCode::corrupt_file, part->source(), ": tensor ", info.name, " is also in ",
                     at->second->source());
  for (const Part& part : parts)
    if (const auto wanted = part->metadata().integer("split.tensors.count"))
      if (*wanted != static_cast<int64_t>(owner.size()))
        return error(StatusCode::corrupt_file, part->source(), ": key split.tensors.count is ", *wanted,
                     ", but all parts together have ", owner.size(), " tensors: they are not of one model");
  return Status();
}

}  // namespace

Result<std::unique_ptr<TensorMap>> open_whole_gguf(const std::string& path, const GgufOptions& options) {
  Result<Part> given = open_gguf(path, options);
  if (!given.ok()) return given;
  if ((*given)->metadata().integer("split.count").value_or(0) <= 1) return given;
  const std::optional<PartName> name = part_name(path);
  if (!name)
    return error(StatusCode::corrupt_file, path, ": by its keys this is part ",
                 (*given)->metadata().integer("split.no").value_or(0) + 1, " of ",
                 *(*given)->metadata().integer("split.count"),
                 " of a model; parts are found by their names, which end in -00001-of-00003.gguf and so on");
  std::vector<Part> parts(static_cast<size_t>(name->count));
  parts[static_cast<size_t>(name->number - 1)] = *std::move(given);
  for (int number = 1; number <= name->count; ++number) {
    const PartName wanted = {.stem = name->stem, .number = number, .count = name->count};
    Part& place = parts[static_cast<size_t>(number - 1)];
    if (!place) {
      Result<Part> part = open_gguf(path_of(wanted), options);
      if (part.code() == StatusCode::not_found)
        return error(StatusCode::not_found, path_of(wanted), ": part ", number, " of ", name->count,
                     " is missing; all parts must lie in one folder");
      if (!part.ok()) return part.status();
      place = *std::move(part);
    }
    if (Status s = check_part(*place, wanted); !s.ok()) return s;
  }
  if (Status s = check_tensors(parts); !s.ok()) return s;
  return std::unique_ptr<TensorMap>(std::make_unique<SplitGguf>(path, std::move(parts)));
}

}  // namespace tritium
