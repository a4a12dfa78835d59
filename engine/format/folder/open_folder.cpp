#include "format/folder/open_folder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "base/json.h"
#include "format/folder/assemble.h"
#include "format/folder/row_streams.h"
#include "tensor/half.h"

namespace tritium {
namespace {

Shape shape_of(const FolderTensor& t) { return {t.n_matrices, t.rows, t.cols}; }

class FolderTernaryRows final : public TernaryRows {
 public:
  FolderTernaryRows(const FolderTensor& tensor, std::vector<float> alphas)
      : TernaryRows(shape_of(tensor), tensor.group_size), tensor_(tensor), alphas_(std::move(alphas)) {}

  Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const override {
    const auto row_words = static_cast<size_t>(words_per_row());
    const auto groups = static_cast<size_t>(groups_per_row());
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
      check_cancelled_every<256>(i);
      const Status s = read_trits(tensor_, alphas_, first + static_cast<int64_t>(i),
                                  words.subspan(i * row_words, row_words), scales.subspan(i * groups, groups));
      if (!s.ok()) return s;
    }
    return Status();
  }

 private:
  const FolderTensor& tensor_;
  std::vector<float> alphas_;
};

class FolderDenseRows final : public DenseRows {
 public:
  FolderDenseRows(const FolderTensor& tensor, DType dtype) : DenseRows(shape_of(tensor), dtype), tensor_(tensor) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> bytes) const override {
    const auto size = static_cast<size_t>(row_bytes());
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
      check_cancelled_every<256>(i);
      const Status s = read_row(first + static_cast<int64_t>(i), bytes.subspan(i * size, size));
      if (!s.ok()) return s;
    }
    return Status();
  }

 private:
  // Floats are given as they are stored, but checked.
  Status read_row(int64_t row, std::span<std::byte> bytes) const {
    std::vector<float> values(static_cast<size_t>(tensor_.cols));
    if (Status s = read_floats(tensor_, row, values); !s.ok()) return s;
    if (dtype() == DType::f32) {
      std::memcpy(bytes.data(), values.data(), bytes.size());
      return Status();
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = dtype() == DType::f16 ? f32_to_f16(values[i]) : f32_to_bf16(values[i]);
      std::memcpy(&bytes[2 * i], &half, 2);
    }
    return Status();
  }

  const FolderTensor& tensor_;
};

class FolderMap final : public TensorMap, public RowSource {
 public:
  FolderMap(std::string path, Shards shards, Metadata metadata, std::vector<FolderTensor> tensors)
      : path_(std::move(path)),
        files_(std::move(shards.files)),
        headers_(std::move(shards.tensors)),
        metadata_(std::move(metadata)),
        tensors_(std::move(tensors)) {
    for (const FolderTensor& t : tensors_) {
      infos_.push_back(t.info);
      index_[t.info.name] = &t;
    }
  }

  const std::string& source() const override { return path_; }
  const Metadata& metadata() const override { return metadata_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }

  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override;
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override;
  Result<TernaryMatrix> load_ternary(const std::string& name) const override;
  Result<std::vector<float>> load_f32(const std::string& name) const override;
  Result<DenseMatrix> load_dense(const std::string& name) const override;

 private:
  Result<const FolderTensor*> find_tensor(const std::string& name) const {
    const auto at = index_.find(name);
    if (at == index_.end()) return error(StatusCode::not_found, path_, ": tensor ", name, " is not there");
    return at->second;
  }

  std::string path_;
  std::deque<InputFile> files_;                 // that headers_ point to
  std::map<std::string, ShardTensor> headers_;  // that tensors_ point to
  Metadata metadata_;
  std::vector<FolderTensor> tensors_;
  std::vector<TensorInfo> infos_;
  std::map<std::string, const FolderTensor*> index_;
};

// F16 holds what small integers and 16-bit scales make, unless they are large.
Result<DType> dense_type(const FolderTensor& t) {
  if (t.packing == Packing::values) return DType::f32;
  const ShardTensor& weight = *t.matrices.front().weight;
  if (t.packing == Packing::floats || t.packing == Packing::masters)
    return weight.is("F32") ? DType::f32 : weight.is("F16") ? DType::f16 : DType::bf16;
  constexpr float kLargestF16 = 65504.0f;
  std::vector<float> values(static_cast<size_t>(t.cols));
  for (int64_t row = 0; row < t.n_matrices * t.rows; ++row) {
    if (Status s = read_floats(t, row, values); !s.ok()) return s;
    if (std::ranges::any_of(values, [](float v) { return std::abs(v) > kLargestF16; })) return DType::f32;
  }
  return DType::f16;
}

Result<std::unique_ptr<TernaryRows>> FolderMap::ternary_rows(const std::string& name) const {
  const Result<const FolderTensor*> t = find_tensor(name);
  if (!t.ok()) return t.status();
  if (!(*t)->info.ternary) return error(StatusCode::unsupported, path_, ": tensor ", name, " is not ternary");
  Result<std::vector<float>> alphas = master_alphas(**t);
  if (!alphas.ok()) return alphas.status();
  return std::unique_ptr<TernaryRows>(std::make_unique<FolderTernaryRows>(**t, *std::move(alphas)));
}

Result<std::unique_ptr<DenseRows>> FolderMap::dense_rows(const std::string& name) const {
  const Result<const FolderTensor*> t = find_tensor(name);
  if (!t.ok()) return t.status();
  const Result<DType> dtype = dense_type(**t);
  if (!dtype.ok()) return dtype.status();
  return std::unique_ptr<DenseRows>(std::make_unique<FolderDenseRows>(**t, *dtype));
}

Result<TernaryMatrix> FolderMap::load_ternary(const std::string& name) const {
  const Result<std::unique_ptr<TernaryRows>> rows = ternary_rows(name);
  if (!rows.ok()) return rows.status();
  const Shape shape = (*rows)->shape();
  const bool whole = (*rows)->group_size() == shape[2];
  TernaryMatrix matrix(shape[0], shape[1], shape[2], whole ? ScaleGranularity::row : ScaleGranularity::group,
                       whole ? 0 : (*rows)->group_size());
  if (Status s = (*rows)->read(0, shape[0] * shape[1], matrix.words(), matrix.scales()); !s.ok()) return s;
  return matrix.with_coarsest_scales();
}

Result<std::vector<float>> FolderMap::load_f32(const std::string& name) const {
  const Result<const FolderTensor*> found = find_tensor(name);
  if (!found.ok()) return found.status();
  const FolderTensor& t = **found;
  std::vector<float> values(static_cast<size_t>(t.n_matrices * t.rows * t.cols));
  const auto cols = static_cast<size_t>(t.cols);
  if (t.packing == Packing::masters) {
    const Result<TernaryMatrix> matrix = load_ternary(name);
    if (!matrix.ok()) return matrix.status();
    return matrix->dequantize();
  }
  for (int64_t row = 0; row < t.n_matrices * t.rows; ++row) {
    check_cancelled_every<256>(static_cast<size_t>(row));
    if (Status s = read_floats(t, row, std::span(values).subspan(static_cast<size_t>(row) * cols, cols)); !s.ok())
      return s;
  }
  return values;
}

Result<DenseMatrix> FolderMap::load_dense(const std::string& name) const {
  const Result<std::unique_ptr<DenseRows>> rows = dense_rows(name);
  if (!rows.ok()) return rows.status();
  const Shape shape = (*rows)->shape();
  DenseMatrix m{.n_matrices = shape[0], .rows = shape[1], .cols = shape[2], .dtype = (*rows)->dtype(), .bytes = {}};
  m.bytes.resize(static_cast<size_t>(shape.elements() * bits_of(m.dtype) / 8));
  if (Status s = (*rows)->read(0, shape[0] * shape[1], m.bytes); !s.ok()) return s;
  return m;
}

// The folder's own name: "Maple-20B".
std::string name_of(const std::string& path) {
  std::string_view name = path;
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  return std::string(name.substr(name.rfind('/') + 1));
}

Result<FolderConfig> read_config_file(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text.ok()) {
    if (text.code() != StatusCode::not_found) return text.status();
    return error(StatusCode::not_found, path, ": is missing; a model folder has one, with its safetensors files");
  }
  const Result<Json> json = parse_json(*text);
  if (!json.ok()) return json.status().within(path);
  Result<FolderConfig> config = read_folder_config(*json);
  if (!config.ok()) return config.status().within(path);
  return config;
}

}  // namespace

Result<OpenFolder> open_folder(const std::string& path, const Metadata& tokenizer) {
  Result<FolderConfig> config = read_config_file(path + "/config.json");
  if (!config.ok()) return config.status();
  Result<Shards> shards = open_shards(path);
  if (!shards.ok()) return shards.status();
  OpenFolder folder;
  folder.warnings = std::move(shards->warnings);
  Result<std::vector<FolderTensor>> tensors = assemble(*config, *shards, folder.warnings);
  if (!tensors.ok()) return tensors.status();
  Metadata metadata = std::move(config->metadata);
  metadata.set("general.name", name_of(path));
  for (const auto& [key, value] : tokenizer.values()) metadata.set(key, value);
  folder.tensors = std::make_unique<FolderMap>(path, *std::move(shards), std::move(metadata), *std::move(tensors));
  return folder;
}

}  // namespace tritium
