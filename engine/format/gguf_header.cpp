#include "format/gguf_header.h"

#include <array>
#include <limits>
#include <set>

#include "base/git_lfs.h"
#include "format/byte_reader.h"

namespace tritium {
namespace {

constexpr int64_t kMaxDim = int64_t{1} << 40;

// Smallest size of a value of this type, for checking counts; 0 for an unknown type.
uint64_t least_bytes(GgufValueType type) {
  constexpr std::array<uint64_t, 13> kBytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};  // in the order of the enum
  const auto number = static_cast<uint32_t>(type);
  return number < kBytes.size() ? kBytes[number] : 0;
}

bool is_real(GgufValueType type) { return type == GgufValueType::f32 || type == GgufValueType::f64; }

double read_real(ByteReader& in, GgufValueType type) {
  return type == GgufValueType::f32 ? double{in.value<float>("a float")} : in.value<double>("a double");
}

int64_t read_integer(ByteReader& in, GgufValueType type) {
  switch (type) {
    case GgufValueType::u8: return in.value<uint8_t>("an integer");
    case GgufValueType::i8: return in.value<int8_t>("an integer");
    case GgufValueType::u16: return in.value<uint16_t>("an integer");
    case GgufValueType::i16: return in.value<int16_t>("an integer");
    case GgufValueType::u32: return in.value<uint32_t>("an integer");
    case GgufValueType::i32: return in.value<int32_t>("an integer");
    case GgufValueType::boolean: return in.value<uint8_t>("a boolean") != 0;
    default: return in.value<int64_t>("an integer");
  }
}

// What an element takes in memory: integers are kept as 64 bits, booleans as one.
uint64_t memory_bytes(GgufValueType type) {
  return type == GgufValueType::string ? sizeof(std::string) : type == GgufValueType::boolean ? 1 : 8;
}

MetadataValue read_array(ByteReader& in, const std::string& key) {
  const auto type = static_cast<GgufValueType>(in.value<uint32_t>("an array's type"));
  const auto announced = in.value<uint64_t>("an array's length");
  const uint64_t each = least_bytes(type);
  if (each == 0 || type == GgufValueType::array) {
    in.fail(error(StatusCode::corrupt_file, "key ", key, ": array elements have type ", static_cast<uint32_t>(type),
                  ", which is unknown or nested"));
    return int64_t{0};
  }
  const uint64_t n = in.count(announced, each, memory_bytes(type), "array elements");
  if (type == GgufValueType::string) {
    std::vector<std::string> texts;
    texts.reserve(n);
    for (uint64_t i = 0; i < n && in.ok(); ++i) texts.push_back(in.text("a string"));
    return texts;
  }
  if (is_real(type)) {
    std::vector<double> reals(n);
    for (double& v : reals) v = read_real(in, type);
    return reals;
  }
  if (type == GgufValueType::boolean) {
    std::vector<bool> booleans(n);
    for (uint64_t i = 0; i < n; ++i) booleans[i] = read_integer(in, type) != 0;
    return booleans;
  }
  std::vector<int64_t> integers(n);
  for (int64_t& v : integers) {
    v = read_integer(in, type);
    if (type == GgufValueType::u64 && v < 0)
      in.fail(error(StatusCode::unsupported, "key ", key, ": an array element is above ",
                    std::numeric_limits<int64_t>::max()));
  }
  return integers;
}

MetadataValue read_value(ByteReader& in, const std::string& key) {
  const auto type = static_cast<GgufValueType>(in.value<uint32_t>("a value's type"));
  if (in.ok() && least_bytes(type) == 0)
    in.fail(error(StatusCode::corrupt_file, "key ", key, ": value type ", static_cast<uint32_t>(type), " is unknown"));
  if (!in.ok()) return int64_t{0};
  if (type == GgufValueType::array) return read_array(in, key);
  if (type == GgufValueType::string) return in.text("a string");
  if (type == GgufValueType::boolean) return read_integer(in, type) != 0;
  if (is_real(type)) return read_real(in, type);
  if (type == GgufValueType::u64) {
    const auto v = in.value<uint64_t>("an integer");
    if (v > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return v;
    return static_cast<int64_t>(v);
  }
  return read_integer(in, type);
}

struct Counts {
  uint64_t tensors = 0;
  uint64_t keys = 0;
};

Counts read_preamble(ByteReader& in) {
  const auto magic = in.value<uint32_t>("the magic number");
  if (in.ok() && magic != kGgufMagic)
    in.fail(error(StatusCode::corrupt_file, begins_lfs_pointer({reinterpret_cast<const char*>(&magic), sizeof magic})
                                                ? kLfsAdvice
                                                : "this is not a GGUF file (it does not begin with \"GGUF\")"));
  const auto version = in.value<uint32_t>("the version");
  if (in.ok() && version != 0 && (version & 0xFFFFu) == 0)
    in.fail(error(StatusCode::unsupported, "this GGUF file is big-endian; convert it to little-endian"));
  if (in.ok() && version != 2 && version != 3)
    in.fail(error(StatusCode::unsupported, "GGUF version ", version, " is not supported; 2 and 3 are"));
  Counts counts;
  counts.tensors = in.value<uint64_t>("the number of tensors");
  counts.keys = in.value<uint64_t>("the number of keys");
  constexpr uint64_t kLeastKey = 8 + 4 + 1;             // name length, type, value
  constexpr uint64_t kLeastTensor = 8 + 4 + 8 + 4 + 8;  // name length, rank, one dimension, type, offset
  // Nodes of maps, names and values.
  constexpr uint64_t kKeyMemory = 256, kTensorMemory = 512;
  counts.keys = in.count(counts.keys, kLeastKey, kKeyMemory, "keys");
  counts.tensors = in.count(counts.tensors, kLeastTensor, kTensorMemory, "tensors");
  return counts;
}

// Offsets are still relative to the data section; q2_0's group size is not decided.
GgufTensorHeader read_tensor(ByteReader& in) {
  GgufTensorHeader t;
  t.name = in.text("a tensor's name");
  const auto rank = in.value<uint32_t>("a tensor's rank");
  if (in.ok() && (rank < 1 || rank > 4))
    in.fail(error(StatusCode::corrupt_file, t.name, ": has ", rank, " dimensions, must have 1 to 4"));
  for (uint32_t i = 0; i < rank && in.ok(); ++i) {
    const auto dim = in.value<uint64_t>("a dimension");
    if (in.ok() && (dim < 1 || dim > static_cast<uint64_t>(kMaxDim)))
      in.fail(error(StatusCode::corrupt_file, t.name, ": dimension ", i, " is ", dim, ", must be 1 to ", kMaxDim));
    t.shape.insert(t.shape.begin(), static_cast<int64_t>(dim));
  }
  const auto id = in.value<uint32_t>("a tensor's type");
  t.offset = in.value<uint64_t>("a tensor's offset");
  if (!in.ok()) return t;
  const auto type = storage_type_of_id(id);
  if (!type) {
    in.fail(error(StatusCode::unsupported, t.name, ": tensor type ", id,
                  " is not supported; supported: ", supported_storage_types()));
    return t;
  }
  t.type = *type;
  const Result<uint64_t> bytes = storage_bytes(t.type, t.shape);
  // Rows that do not fit the larger block of id 42 may fit the smaller one; place_tensors decides.
  if (bytes.ok()) {
    t.bytes = *bytes;
  } else {
    in.fail(bytes.status().within(t.name));
  }
  return t;
}

Result<uint64_t> alignment_of(const Metadata& metadata) {
  if (!metadata.contains("general.alignment")) return kGgufDefaultAlignment;
  const auto value = metadata.integer("general.alignment");
  constexpr int64_t kLargest = 1 << 20;
  if (!value || *value < 1 || *value > kLargest || (*value & (*value - 1)) != 0)
    return error(StatusCode::corrupt_file, "general.alignment is ", value.value_or(0),
                 ", must be a power of two up to ", kLargest);
  return static_cast<uint64_t>(*value);
}

Result<GgufHeader> parse(ByteReader in, uint64_t file_bytes) {
  const Counts counts = read_preamble(in);
  GgufHeader header;
  for (uint64_t i = 0; i < counts.keys && in.ok(); ++i) {
    const std::string key = in.text("a key");
    MetadataValue value = read_value(in, key);
    if (in.ok() && header.metadata.contains(key))
      in.fail(error(StatusCode::corrupt_file, "key ", key, " is there twice"));
    header.metadata.set(key, std::move(value));
  }
  std::set<std::string> names;
  for (uint64_t i = 0; i < counts.tensors && in.ok(); ++i) {
    header.tensors.push_back(read_tensor(in));
    if (in.ok() && !names.insert(header.tensors.back().name).second)
      in.fail(error(StatusCode::corrupt_file, "tensor ", header.tensors.back().name, " is there twice"));
  }
  if (!in.ok()) return in.status();
  const Result<uint64_t> alignment = alignment_of(header.metadata);
  if (!alignment.ok()) return alignment.status();
  const Status placed = place_tensors(header.tensors, in.position(), file_bytes, *alignment);
  if (!placed.ok()) return placed;
  return header;
}

}  // namespace

Result<GgufHeader> parse_gguf_header(std::span<const std::byte> file) { return parse(ByteReader(file), file.size()); }
Result<GgufHeader> parse_gguf_header(const InputFile& file) { return parse(ByteReader(file), file.size()); }
Result<GgufHeader> parse_gguf_header(std::span<const std::byte> beginning, uint64_t file_bytes) {
  return parse(ByteReader(beginning), file_bytes);
}

}  // namespace tritium
