#include <algorithm>
#include <limits>
#include <set>

#include "base/atomic_file.h"
#include "base/format_text.h"
#include "format/gguf.h"
#include "format/gguf_header.h"

namespace tritium {
namespace {

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
  void pad() {
    bytes_.resize((bytes_.size() + kGgufDefaultAlignment - 1) / kGgufDefaultAlignment * kGgufDefaultAlignment);
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

bool fits_i32(int64_t v) {
  return v >= std::numeric_limits<int32_t>::min() && v <= std::numeric_limits<int32_t>::max();
}

void write_value(ByteWriter& out, bool v) {
  out.type(GgufValueType::boolean);
  out.value<uint8_t>(v ? 1 : 0);
}
void write_value(ByteWriter& out, int64_t v) {
  if (v >= 0 && v <= std::numeric_limits<uint32_t>::max()) {
    out.type(GgufValueType::u32);
    out.value(static_cast<uint32_t>(v));
  } else if (fits_i32(v)) {
    out.type(GgufValueType::i32);
    out.value(static_cast<int32_t>(v));
  } else {
    out.type(GgufValueType::i64);
    out.value(v);
  }
}
void write_value(ByteWriter& out, uint64_t v) {
  out.type(GgufValueType::u64);
  out.value(v);
}
void write_value(ByteWriter& out, double v) {
  out.type(GgufValueType::f32);
  out.value(static_cast<float>(v));
}
void write_value(ByteWriter& out, const std::string& v) {
  out.type(GgufValueType::string);
  out.text(v);
}
void write_value(ByteWriter& out, const std::vector<bool>& v) {
  out.type(GgufValueType::array);
  out.type(GgufValueType::boolean);
  out.value<uint64_t>(v.size());
  for (bool e : v) out.value<uint8_t>(e ? 1 : 0);
}
void write_value(ByteWriter& out, const std::vector<int64_t>& v) {
  const bool narrow = std::ranges::all_of(v, fits_i32);
  out.type(GgufValueType::array);
  out.type(narrow ? GgufValueType::i32 : GgufValueType::i64);
  out.value<uint64_t>(v.size());
  for (int64_t e : v) narrow ? out.value(static_cast<int32_t>(e)) : out.value(e);
}
void write_value(ByteWriter& out, const std::vector<double>& v) {
  out.type(GgufValueType::array);
  out.type(GgufValueType::f32);
  out.value<uint64_t>(v.size());
  for (double e : v) out.value(static_cast<float>(e));
}
void write_value(ByteWriter& out, const std::vector<std::string>& v) {
  out.type(GgufValueType::array);
  out.type(GgufValueType::string);
  out.value<uint64_t>(v.size());
  for (const std::string& e : v) out.text(e);
}

Status check_tensor(const GgufTensor& t) {
  if (t.shape.empty() || t.shape.size() > 4)
    return error(StatusCode::invalid_argument, t.name, ": rank ", t.shape.size(), ", must be 1 to 4");
  for (int64_t d : t.shape)
    if (d < 1) return error(StatusCode::invalid_argument, t.name, ": dimension ", d, ", must be at least 1");
  const Result<uint64_t> expected = storage_bytes(t.type, t.shape);
  if (!expected.ok()) return Status(StatusCode::invalid_argument, t.name + ": " + expected.message());
  if (*expected != t.bytes.size())
    return error(StatusCode::invalid_argument, t.name, ": ", *expected, " bytes expected, ", t.bytes.size(), " given");
  return Status();
}

uint64_t padded(uint64_t bytes) {
  return (bytes + kGgufDefaultAlignment - 1) / kGgufDefaultAlignment * kGgufDefaultAlignment;
}

}  // namespace

Status write_gguf(const std::string& path, const Metadata& metadata, const std::vector<GgufTensor>& tensors) {
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
    if (Status status = check_tensor(t); !status.ok()) return status.within(path);
    if (!names.insert(t.name).second)
      return error(StatusCode::invalid_argument, path, ": tensor ", t.name, " is given twice");
    header.text(t.name);
    header.value(static_cast<uint32_t>(t.shape.size()));
    for (size_t i = t.shape.size(); i-- > 0;) header.value(static_cast<uint64_t>(t.shape[i]));
    header.value(traits_of(t.type).ggml_id);
    header.value(offset);
    offset += padded(t.bytes.size());
  }
  header.pad();

  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status status = file->write(header.bytes()); !status.ok()) return status;
  const std::vector<std::byte> zeros(kGgufDefaultAlignment);
  for (const GgufTensor& t : tensors) {
    if (Status status = file->write(t.bytes); !status.ok()) return status;
    const auto padding = static_cast<size_t>(padded(t.bytes.size()) - t.bytes.size());
    if (Status status = file->write(std::span(zeros).first(padding)); !status.ok()) return status;
  }
  return file->commit();
}

}  // namespace tritium
