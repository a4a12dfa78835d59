#include "base/format_text.h"
#include "base/input_file.h"
#include "format/gguf.h"
#include "format/gguf_header.h"
#include "format/stored_rows.h"
#include "tensor/split_file.h"

namespace tritium {
namespace {

class GgufFile final : public TensorMap {
 public:
  GgufFile(InputFile file, GgufHeader header, const GgufOptions& options)
      : path_(file.path()), file_(std::move(file)), header_(std::move(header)), options_(options) {
    for (size_t i = 0; i < header_.tensors.size(); ++i) {
      const GgufTensorHeader& t = header_.tensors[i];
      const StorageTraits& traits = traits_of(t.type);
      index_[t.name] = i;
      infos_.push_back({.name = t.name,
                        .type = std::string(traits.name),
                        .shape = t.shape,
                        .bytes = t.bytes,
                        .ternary = traits.ternary,
                        .dtype = dtype_of(t.type)});
    }
  }

  const std::string& source() const override { return path_; }
  const Metadata& metadata() const override { return header_.metadata; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }

  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override {
    return rows(name, stored_ternary_rows);
  }
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override {
    return rows(name, stored_dense_rows);
  }

 private:
  template <typename Rows>
  Result<std::unique_ptr<Rows>> rows(const std::string& name,
                                     Result<std::unique_ptr<Rows>> (*open)(StoredLayout, ReadBytes)) const {
    const auto it = index_.find(name);
    if (it == index_.end()) return error(StatusCode::not_found, path_, ": tensor ", name, " is not there");
    const GgufTensorHeader& t = header_.tensors[it->second];
    return open({.type = t.type,
                 .shape = t.shape,
                 .i2s_interleave_64 = options_.i2s_interleave_64,
                 .name = join(path_, ": ", name)},
                [&file = file_, start = t.offset](uint64_t offset, std::span<std::byte> out) {
                  return file.read_at(start + offset, out);
                });
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
  return open_gguf(*std::move(file), options);
}

Result<std::unique_ptr<TensorMap>> open_gguf(InputFile file, const GgufOptions& options) {
  const std::string path = file.path();
  if (file.size() == 0) return error(StatusCode::corrupt_file, path, ": the file is empty");
  Result<GgufHeader> header = parse_gguf_header(file);
  if (!header.ok()) return Status(header.code(), join(path, ": ", header.message(), part_by_name(path)));
  return std::unique_ptr<TensorMap>(std::make_unique<GgufFile>(std::move(file), *std::move(header), options));
}

}  // namespace tritium
