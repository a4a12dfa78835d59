#include <algorithm>
#include <limits>
#include <set>

#include "base/atomic_file.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "format/gguf.h"
#include "format/gguf_header.h"

namespace tritium {
namespace {

uint64_t padded(uint64_t bytes) { return round_up(bytes, kGgufDefaultAlignment); }

class ByteWriter {
 public:
  template <typename T>
  void value(T v) {
    const auto* p = reinterpret_cast<const std::byte*>(&v);
    bytes_.insert(bytes_.end(), p, p + sizeof(T));
  }
  void text(const std::string& s) {
    value<uint64_t>(s.size());
    const auto* p = reinterpret_cast<const std::byte*>(s.data());
    bytes_.insert(bytes_.end(), p, p + s.size());
  }
  void type(GgufValueType t) { value(static_cast<uint32_t>(t)); }
  void pad() { bytes_.resize(padded(bytes_.size())); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

bool fits_i32(int64_t v) {
  return v >= std::numeric_limits<int32_t>::min() && v <= std::numeric_limits<int32_t>::max();
}

// The type that holds a value, or every one of an array.
GgufValueType type_of(bool) { return GgufValueType::boolean; }
GgufValueType type_of(uint64_t) { return GgufValueType::u64; }
GgufValueType type_of(double) { return GgufValueType::f32; }
GgufValueType type_of(const std::string&) { return GgufValueType::string; }
GgufValueType type_of(int64_t v) {
  if (v >= 0 && v <= std::numeric_limits<uint32_t>::max()) return GgufValueType::u32;
  return fits_i32(v) ? GgufValueType::i32 : GgufValueType::i64;
}
template <typename T>
GgufValueType type_of(const std::vector<T>&) {
  return type_of(T());
}
GgufValueType type_of(const std::vector<int64_t>& v) {
  return std::ranges::all_of(v, fits_i32) ? GgufValueType::i32 : GgufValueType::i64;
}

template <typename T>
void write_bare(ByteWriter& out, GgufValueType type, const T& v) {
  if constexpr (std::is_same_v<T, std::string>) {
    out.text(v);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.value<uint8_t>(v ? 1 : 0);
  } else if constexpr (std::is_same_v<T, double>) {
    out.value(static_cast<float>(v));
  } else if (type == GgufValueType::u32 || type == GgufValueType::i32) {
    out.value(static_cast<uint32_t>(v));
  } else {
    out.value(v);
  }
}

template <typename T>
void write_value(ByteWriter& out, const T& v) {
  out.type(type_of(v));
  write_bare(out, type_of(v), v);
}

template <typename T>
void write_value(ByteWriter& out, const std::vector<T>& v) {
  const GgufValueType type = type_of(v);
  out.type(GgufValueType::array);
  out.type(type);
  out.value<uint64_t>(v.size());
  for (const T& e : v) write_bare(out, type, e);
}

// The bytes of a tensor of that type and shape.
Result<uint64_t> stored_bytes(const GgufTensor& t) {
  if (t.shape.empty() || t.shape.size() > 4)
    return error(StatusCode::invalid_argument, t.name, ": rank ", t.shape.size(), ", must be 1 to 4");
  for (int64_t d : t.shape)
    if (d < 1) return error(StatusCode::invalid_argument, t.name, ": dimension ", d, ", must be at least 1");
  Result<uint64_t> bytes = storage_bytes(t.type, t.shape);
  if (!bytes.ok()) return Status(StatusCode::invalid_argument, t.name + ": " + bytes.message());
  return bytes;
}

struct Layout {
  std::vector<std::byte> header;
  uint64_t tensor_bytes = 0;  // with what they are padded by
};

Result<Layout> layout_of(const Metadata& metadata, const std::vector<GgufTensor>& tensors) {
  constexpr uint32_t kVersion = 3;
  ByteWriter header;
  header.value(kGgufMagic);
  header.value(kVersion);
  header.value<uint64_t>(tensors.size());
  const bool has_alignment = metadata.contains("general.alignment");  // what is written is always the default
  header.value<uint64_t>(metadata.values().size() - (has_alignment ? 1 : 0));
  for (const auto& [key, value] : metadata.values()) {
    if (key == "general.alignment") continue;
    header.text(key);
    std::visit([&](const auto& v) { write_value(header, v); }, value);
  }
  uint64_t offset = 0;
  std::set<std::string> names;
  for (const GgufTensor& t : tensors) {
    const Result<uint64_t> bytes = stored_bytes(t);
    if (!bytes.ok()) return bytes.status();
    if (!names.insert(t.name).second) return error(StatusCode::invalid_argument, "tensor ", t.name, " is given twice");
    header.text(t.name);
    header.value(static_cast<uint32_t>(t.shape.size()));
    for (size_t i = t.shape.size(); i-- > 0;) header.value(static_cast<uint64_t>(t.shape[i]));
    header.value(traits_of(t.type).ggml_id);
    header.value(offset);
    offset += padded(*bytes);
  }
  header.pad();
  return Layout{header.bytes(), offset};
}

// Values that are not all there, or too many, would move every tensor behind them.
Status check_values(const GgufTensor& t) {
  const Result<uint64_t> expected = stored_bytes(t);
  if (!expected.ok() || *expected == t.bytes.size()) return expected.status();
  return error(StatusCode::invalid_argument, t.name, ": ", *expected, " bytes expected, ", t.bytes.size(), " given");
}

}  // namespace

Result<uint64_t> gguf_bytes(const Metadata& metadata, const std::vector<GgufTensor>& tensors) {
  const Result<Layout> layout = layout_of(metadata, tensors);
  if (!layout.ok()) return layout.status();
  return layout->header.size() + layout->tensor_bytes;
}

Result<std::vector<std::byte>> gguf_header(const Metadata& metadata, const std::vector<GgufTensor>& tensors) {
  Result<Layout> layout = layout_of(metadata, tensors);
  if (!layout.ok()) return layout.status();
  return std::move(layout->header);
}

Status write_gguf(AtomicFile& file, const Metadata& metadata, const std::vector<GgufTensor>& tensors) {
  for (const GgufTensor& t : tensors)
    if (Status status = check_values(t); !status.ok()) return status.within(file.path());
  const Result<Layout> layout = layout_of(metadata, tensors);
  if (!layout.ok()) return layout.status().within(file.path());
  if (Status status = file.write(layout->header); !status.ok()) return status;
  const std::vector<std::byte> zeros(kGgufDefaultAlignment);
  for (const GgufTensor& t : tensors) {
    if (Status status = file.write(t.bytes); !status.ok()) return status;
    const auto padding = static_cast<size_t>(padded(t.bytes.size()) - t.bytes.size());
    if (Status status = file.write(std::span(zeros).first(padding)); !status.ok()) return status;
  }
  return Status();
}

Status write_gguf(const std::string& path, const Metadata& metadata, const std::vector<GgufTensor>& tensors) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  const Status written = write_gguf(*file, metadata, tensors);
  return written.ok() ? file->commit() : written;
}

}  // namespace tritium
