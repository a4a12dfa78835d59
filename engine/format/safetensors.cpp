#include "format/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "base/git_lfs.h"
#include "base/json.h"

namespace tritium {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMostHeader = 100'000'000;           // the format's own limit
constexpr int64_t kMostInteger = int64_t{1} << 53;      // what JSON numbers hold everywhere
constexpr std::string_view kMetadata = "__metadata__";  // the one member that is no tensor

constexpr std::array kTypes = {
    SafetensorsType{"BOOL", 8},        SafetensorsType{"U8", 8},          SafetensorsType{"I8", 8},
    SafetensorsType{"F8_E4M3", 8},     SafetensorsType{"F8_E5M2", 8},     SafetensorsType{"F8_E8M0", 8},
    SafetensorsType{"F8_E4M3FNUZ", 8}, SafetensorsType{"F8_E5M2FNUZ", 8}, SafetensorsType{"U16", 16},
    SafetensorsType{"I16", 16},        SafetensorsType{"F16", 16},        SafetensorsType{"BF16", 16},
    SafetensorsType{"U32", 32},        SafetensorsType{"I32", 32},        SafetensorsType{"F32", 32},
    SafetensorsType{"U64", 64},        SafetensorsType{"I64", 64},        SafetensorsType{"F64", 64},
    SafetensorsType{"C64", 64},        SafetensorsType{"F4", 4},          SafetensorsType{"F6_E2M3", 6},
    SafetensorsType{"F6_E3M2", 6},
};

Status corrupt(const auto&... what) { return error(StatusCode::corrupt_file, what...); }

// The text of the header.
Result<std::string> read_header(const InputFile& file) {
  if (file.size() < kLengthBytes)
    return corrupt("the file has ", file.size(), " bytes, fewer than the ", kLengthBytes, " of the header's length");
  std::array<std::byte, kLengthBytes> length_bytes{};
  if (Status s = file.read_at(0, length_bytes); !s.ok()) return s;
  if (begins_lfs_pointer({reinterpret_cast<const char*>(length_bytes.data()), length_bytes.size()}))
    return corrupt(kLfsAdvice);
  uint64_t length = 0;
  std::memcpy(&length, length_bytes.data(), sizeof length);
  if (length > kMostHeader)
    return corrupt("the header is announced as ", length, " bytes, at most ", kMostHeader,
                   " are allowed: this is no safetensors file, or it is damaged");
  if (length > file.size() - kLengthBytes)
    return corrupt("the header is announced as ", length, " bytes, but only ", file.size() - kLengthBytes,
                   " follow: the file is damaged or cut off");
  std::string text(length, '\0');
  if (Status s = file.read_at(kLengthBytes, std::as_writable_bytes(std::span(text))); !s.ok()) return s;
  return text;
}

// A whole number from 0 to 2^53.
std::optional<int64_t> count_of(const Json& value) {
  const int64_t* number = value.integer();
  return number && *number >= 0 && *number <= kMostInteger ? std::optional(*number) : std::nullopt;
}

Result<std::vector<int64_t>> counts_of(const Json* list, std::string_view field) {
  if (!list) return corrupt(field, " is missing");
  if (!list->array()) return corrupt(field, " is ", list->kind(), ", must be an array");
  std::vector<int64_t> counts;
  for (const Json& value : *list->array()) {
    const std::optional<int64_t> count = count_of(value);
    if (!count) return corrupt(field, " must hold whole numbers from 0 to 2^53");
    counts.push_back(*count);
  }
  return counts;
}

// The bytes of a shape.
Result<uint64_t> bytes_of(const SafetensorsType& type, std::span<const int64_t> shape) {
  std::optional<uint64_t> bits = static_cast<uint64_t>(type.bits);
  for (const int64_t d : shape) bits = bits ? checked_mul(*bits, static_cast<uint64_t>(d)) : std::nullopt;
  if (!bits) return corrupt("its shape has more elements than 64 bits count");
  if (*bits % 8 != 0) return corrupt(*bits, " bits are not whole bytes");
  return *bits / 8;
}

// Offsets count from the data, which is `data_bytes` long.
Result<SafetensorsTensor> read_tensor(const Json::Member& member, uint64_t data_bytes) {
  if (!member.value.object()) return corrupt("is ", member.value.kind(), ", must be an object");
  const Json* dtype = member.value.find("dtype");
  if (!dtype || !dtype->text()) return corrupt("dtype is ", dtype ? "no string" : "missing");
  const std::optional<SafetensorsType> type = safetensors_type(*dtype->text());
  if (!type) return corrupt("dtype \"", *dtype->text(), "\" is unknown");
  Result<std::vector<int64_t>> shape = counts_of(member.value.find("shape"), "shape");
  if (!shape.ok()) return shape.status();
  const Result<std::vector<int64_t>> offsets = counts_of(member.value.find("data_offsets"), "data_offsets");
  if (!offsets.ok()) return offsets.status();
  if (offsets->size() != 2) return corrupt("data_offsets has ", offsets->size(), " numbers, must have 2");
  const auto begin = static_cast<uint64_t>((*offsets)[0]), end = static_cast<uint64_t>((*offsets)[1]);
  if (begin > end || end > data_bytes)
    return corrupt("data_offsets are ", begin, " to ", end, ", but the data has ", data_bytes,
                   " bytes: the file is damaged or cut off");
  const Result<uint64_t> bytes = bytes_of(*type, *shape);
  if (!bytes.ok()) return bytes.status();
  if (*bytes != end - begin)
    return corrupt("its shape takes ", *bytes, " bytes of ", type->name, ", its data_offsets have ", end - begin);
  return SafetensorsTensor{
      .name = member.name, .type = *type, .shape = *std::move(shape), .offset = begin, .bytes = *bytes};
}

Result<std::vector<std::pair<std::string, std::string>>> read_metadata(const Json& value) {
  if (!value.object()) return corrupt("__metadata__ is ", value.kind(), ", must be an object");
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const Json::Member& m : *value.object()) {
    if (!m.value.text()) return corrupt("__metadata__: \"", m.name, "\" is ", m.value.kind(), ", must be a string");
    metadata.emplace_back(m.name, *m.value.text());
  }
  return metadata;
}

// From here on offsets count from the beginning of the file.
Status place(std::vector<SafetensorsTensor>& tensors, uint64_t data_start, uint64_t data_bytes) {
  std::ranges::stable_sort(tensors, [](const SafetensorsTensor& a, const SafetensorsTensor& b) {
    return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
  });
  uint64_t end = 0;
  for (SafetensorsTensor& t : tensors) {
    if (t.offset != end)
      return corrupt("tensor ", t.name, " begins at ", t.offset, " of the data, but the one before it ends at ", end,
                     t.offset < end ? ": they overlap" : ": there is a hole");
    end += t.bytes;
    t.offset += data_start;
  }
  if (end == data_bytes) return Status();
  return corrupt("the last tensor ends at ", end, " of the data, which has ", data_bytes, " bytes");
}

}  // namespace

std::optional<SafetensorsType> safetensors_type(std::string_view name) {
  const auto* found = std::ranges::find(kTypes, name, &SafetensorsType::name);
  return found == kTypes.end() ? std::nullopt : std::optional(*found);
}

Result<SafetensorsHeader> parse_safetensors_header(const InputFile& file) {
  const Result<std::string> text = read_header(file);
  if (!text.ok()) return text.status();
  const Result<Json> json = parse_json(*text);
  if (!json.ok()) return json.status().within("the header");
  if (!json->object()) return corrupt("the header is ", json->kind(), ", must be an object");
  const uint64_t data_start = kLengthBytes + text->size();
  const uint64_t data_bytes = file.size() - data_start;
  SafetensorsHeader header;
  for (const Json::Member& member : *json->object()) {
    if (member.name == kMetadata) {
      auto metadata = read_metadata(member.value);
      if (!metadata.ok()) return metadata.status();
      header.metadata = *std::move(metadata);
      continue;
    }
    Result<SafetensorsTensor> tensor = read_tensor(member, data_bytes);
    if (!tensor.ok()) return tensor.status().within("tensor " + member.name);
    header.tensors.push_back(*std::move(tensor));
  }
  if (Status s = place(header.tensors, data_start, data_bytes); !s.ok()) return s;
  return header;
}

}  // namespace tritium
