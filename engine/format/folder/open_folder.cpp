#include "format/folder/open_folder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "base/json.h"
#include "format/folder/assemble.h"
#include "format/folder/packed_row.h"
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
      Status s = read_trits(tensor_, alphas_, first + static_cast<int64_t>(i), words.subspan(i * row_words, row_words),
                            scales.subspan(i * groups, groups));
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
  // `alphas`: of masters, which come rounded.
  FolderDenseRows(const FolderTensor& tensor, DType dtype, std::vector<float> alphas)
      : DenseRows(shape_of(tensor), dtype), tensor_(tensor), alphas_(std::move(alphas)) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> bytes) const override {
    const auto size = static_cast<size_t>(row_bytes());
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
      check_cancelled_every<256>(i);
      Status s = read_row(first + static_cast<int64_t>(i), bytes.subspan(i * size, size));
      if (!s.ok()) return s;
    }
    return Status();
  }

 private:
  // Floats are given as they are stored, but checked.
  Status read_row(int64_t row, std::span<std::byte> bytes) const {
    std::vector<float> values(static_cast<size_t>(tensor_.cols));
    if (Status s = read_floats(tensor_, row, values); !s.ok()) return s;
    if (!alphas_.empty()) round_to_trits(values, alphas_[static_cast<size_t>(row / tensor_.rows)]);
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
  std::vector<float> alphas_;
};

class FolderMap final : public TensorMap {
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

// The values of masters are alpha times a trit. F16 has to hold a trit times its scale exactly; what it
// rounds of small integers with 16-bit scales is below their own steps.
Result<DType> dense_type(const FolderTensor& t) {
  if (t.packing == Packing::values || t.packing == Packing::masters) return DType::f32;
  const ShardTensor& weight = *t.matrices.front().weight;
  if (t.packing == Packing::floats) return weight.is("F32") ? DType::f32 : weight.is("F16") ? DType::f16 : DType::bf16;
  constexpr float kLargestF16 = 65504.0f;
  std::vector<float> values(static_cast<size_t>(t.cols));
  for (int64_t row = 0; row < t.n_matrices * t.rows; ++row) {
    if (Status s = read_floats(t, row, values); !s.ok()) return s;
    const bool exact = t.packing != Packing::mlx_affine;
    const auto lost = [exact](float v) {
      return std::abs(v) > kLargestF16 || (exact && f16_to_f32(f32_to_f16(v)) != v);
    };
    if (std::ranges::any_of(values, lost)) return DType::f32;
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
  Result<std::vector<float>> alphas = master_alphas(**t);
  if (!alphas.ok()) return alphas.status();
  return std::unique_ptr<DenseRows>(std::make_unique<FolderDenseRows>(**t, *dtype, *std::move(alphas)));
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

// How the tokens of a text become one vector, as the folder of an embedding model says beside it: GGUF's number, 0: it
// does not say.
int64_t read_pooling(const std::string& path, std::vector<std::string>& warnings) {
  constexpr int64_t kUnknown = 0, kMean = 1, kLast = 3;
  const std::string file = path + "/1_Pooling/config.json";
  const Result<std::string> text = read_file(file);
  if (!text.ok()) return kUnknown;
  const Result<Json> json = parse_json(*text);
  const auto says = [&](std::string_view flag, std::string_view mode) {
    const Json* value = json.ok() ? json->find(flag) : nullptr;
    const Json* named = json.ok() ? json->find("pooling_mode") : nullptr;
    return (value && value->boolean() && *value->boolean()) || (named && named->text() && *named->text() == mode);
  };
  if (says("pooling_mode_lasttoken", "lasttoken")) return kLast;
  if (says("pooling_mode_mean_tokens", "mean")) return kMean;
  warnings.push_back(join(file, ": ", json.ok() ? "neither the last token nor the mean" : json.message(),
                          "; as the vector of a text its last token's is taken"));
  return kUnknown;
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
  if (const int64_t pooling = read_pooling(path, folder.warnings); pooling > 0)
    metadata.set(config->architecture + ".pooling_type", pooling);
  for (const auto& [key, value] : tokenizer.values()) metadata.set(key, value);
  folder.tensors = std::make_unique<FolderMap>(path, *std::move(shards), std::move(metadata), *std::move(tensors));
  return folder;
}

}  // namespace tritium
