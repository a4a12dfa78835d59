#include <new>

#include "base/format_text.h"
#include "base/input_file.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "format/gguf_header.h"
#include "tensor/split_file.h"

namespace tritium {
namespace {

class GgufFile final : public TensorMap {
 public:
  GgufFile(std::string path, InputFile file, GgufHeader header, const GgufOptions& options)
      : path_(std::move(path)), file_(std::move(file)), header_(std::move(header)), options_(options) {
    for (size_t i = 0; i < header_.tensors.size(); ++i) {
      const GgufTensorHeader& t = header_.tensors[i];
      const StorageTraits& traits = traits_of(t.type);
      index_[t.name] = i;
      infos_.push_back({.name = t.name,
                        .type = std::string(traits.name),
                        .shape = t.shape,
                        .bytes = t.bytes,
                        .ternary = traits.ternary});
    }
  }

  const std::string& source() const override { return path_; }
  const Metadata& metadata() const override { return header_.metadata; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }

  Result<TernaryMatrix> load_ternary(const std::string& name) const override { return load(name, decode_ternary); }
  Result<std::vector<float>> load_f32(const std::string& name) const override { return load(name, decode_f32); }
  Result<DenseMatrix> load_dense(const std::string& name) const override { return load(name, decode_dense); }

 private:
  template <typename T>
  Result<T> load(const std::string& name, Result<T> (*decode)(const StoredTensor&)) const {
    const auto it = index_.find(name);
    if (it == index_.end()) return error(StatusCode::not_found, path_, ": tensor ", name, " is not there");
    const GgufTensorHeader& t = header_.tensors[it->second];
    try {
      const auto stored = std::make_unique_for_overwrite<std::byte[]>(t.bytes);
      const std::span bytes(stored.get(), t.bytes);
      if (Status s = file_.read_at(t.offset, bytes); !s.ok()) return s;
      Result<T> result =
          decode({.type = t.type, .shape = t.shape, .bytes = bytes, .i2s_interleave_64 = options_.i2s_interleave_64});
      if (!result.ok()) return result.status().within(join(path_, ": ", name));
      return result;
    } catch (const std::bad_alloc&) {
      return error(StatusCode::out_of_memory, path_, ": ", name, ": not enough memory to decode ", t.bytes, " bytes");
    }
  }

  std::string path_;
  InputFile file_;
  GgufHeader header_;
  GgufOptions options_;
  std::map<std::string, size_t> index_;
  std::vector<TensorInfo> infos_;
};

}  // namespace

Result<std::unique_ptr<TensorMap>> open_gguf(const std::string& path, const GgufOptions& options) {
  Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  if (file->size() == 0) return error(StatusCode::corrupt_file, path, ": the file is empty");
  Result<GgufHeader> header = parse_gguf_header(*file);
  if (!header.ok()) return Status(header.code(), join(path, ": ", header.message(), part_by_name(path)));
  return std::unique_ptr<TensorMap>(std::make_unique<GgufFile>(path, *std::move(file), *std::move(header), options));
}

}  // namespace tritium
