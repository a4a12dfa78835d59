#include "train/identity.h"
#include "base/checksum.h"

#include <chrono>
#include <random>

#include "base/input_file.h"
#include "model_files/open_model.h"

namespace tritium::training {
namespace {

template <typename T>
void add_number(Checksum& sum, const T& value) {
  sum.add(std::as_bytes(std::span(&value, 1)));
}

// Texts with their lengths, so that two never read as one.
void add_value(Checksum& sum, const std::string& value) {
  add_number(sum, uint64_t{value.size()});
  sum.add(value);
}

template <typename T>
requires std::is_arithmetic_v<T>
void add_value(Checksum& sum, T value) { add_number(sum, value); }

template <typename T>
void add_value(Checksum& sum, const std::vector<T>& values) {
  add_number(sum, uint64_t{values.size()});
  for (const auto& value : values) add_value(sum, static_cast<const T&>(value));
}

// Read, not mapped: a file that is cut off meanwhile is another file, not the end of the process.
Status add_file(Checksum& sum, const std::string& path) {
  Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  std::vector<std::byte> piece(size_t{1} << 20);
  for (;;) {
    const Result<size_t> n = file->read(piece);
    if (!n.ok() || *n == 0) return n.status();
    sum.add(std::span(piece).first(*n));
  }
}

Status add_tensors(Checksum& sum, const TensorMap& map) {
  for (const TensorInfo& info : map.tensors()) {
    add_value(sum, info.name);
    add_value(sum, info.shape);
    const Result<std::vector<float>> values = map.load_f32(info.name);
    if (!values.ok()) return values.status();
    sum.add(std::as_bytes(std::span(*values)));
  }
  return Status();
}

}  // namespace

std::string new_run_name() {
  std::random_device draw;
  Checksum sum;
  for (int i = 0; i < 4; ++i) add_number(sum, draw());
  add_number(sum, std::chrono::system_clock::now().time_since_epoch().count());
  return sum.text();
}

Result<std::string> fingerprint_of(const TrainOptions& options, const Setup& setup) {
  Checksum sum;
  if (!options.model.empty()) {
    const Result<std::vector<std::string>> files = files_of_model(options.model);
    if (!files.ok()) return files.status();
    for (const std::string& file : *files)
      if (Status s = add_file(sum, file); !s.ok()) return s;
    return sum.text();
  }
  for (const auto& [key, value] : setup.model.metadata().values()) {
    add_value(sum, key);
    std::visit([&sum](const auto& v) { add_value(sum, v); }, static_cast<const MetadataVariant&>(value));
  }
  if (Status s = add_tensors(sum, setup.model.tensors()); !s.ok()) return s;
  return sum.text();
}

}  // namespace tritium::training
