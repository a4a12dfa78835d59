#include "format/gguf_header.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/checked_math.h"
#include "format/byte_reader.h"

namespace tritium {
namespace {

constexpr int64_t kMaxDim = int64_t{1} << 40;

// Smallest size of a value of this type, for checking counts; 0 for an unknown type.
uint64_t least_bytes(GgufValueType type) {
  switch (type) {
    case GgufValueType::u8:
    case GgufValueType::i8:
    case GgufValueType::boolean: return 1;
    case GgufValueType::u16:
    case GgufValueType::i16: return 2;
    case GgufValueType::u32:
    case GgufValueType::i32:
    case GgufValueType::f32: return 4;
    case GgufValueType::u64:
    case GgufValueType::i64:
    case GgufValueType::f64:
    case GgufValueType::string: return 8;
    case GgufValueType::array: return 12;
  }
  return 0;
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

MetadataValue read_array(ByteReader& in, const std::string& key) {
  const auto type = static_cast<GgufValueType>(in.value<uint32_t>("an array's type"));
  const auto announced = in.value<uint64_t>("an array's length");
  const uint64_t each = least_bytes(type);
  if (each == 0 || type == GgufValueType::array) {
    in.fail(error(StatusCode::corrupt_file, "key ", key, ": array elements have type ", static_cast<uint32_t>(type),
                  ", which is unknown or nested"));
    return int64_t{0};
  }
  const uint64_t n = in.count(announced, each, "array elements");
  if (type == GgufValueType::string) {
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < n && in.ok(); ++i) texts.push_back(in.text("a string"));
    return texts;
  }
  if (is_real(type)) {
    std::vector<double> reals(n);
    for (double& v : reals) v = read_real(in, type);
    return reals;
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
    in.fail(error(StatusCode::corrupt_file, "this is not a GGUF file (it does not begin with \"GGUF\")"));
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
  counts.keys = in.count(counts.keys, kLeastKey, "keys");
  counts.tensors = in.count(counts.tensors, kLeastTensor, "tensors");
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

uint64_t round_to(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

// "18432 bytes expected for Q2_0 [64,1024] group 64".
std::string expectation(const GgufTensorHeader& t) {
  std::string shape;
  for (int64_t d : t.shape) shape += (shape.empty() ? "" : ",") + std::to_string(d);
  return join(t.bytes, " bytes expected for ", traits_of(t.type).name, " [", shape, "]",
              t.type == StorageType::q2_0 ? " group 64" : "");
}

// The bytes from a tensor to the next one, or to the end of the file, must be its size and padding below the alignment.
// This is what tells layouts with the same id apart, and ids that other programs use for something else.
Status fit(GgufTensorHeader& t, uint64_t available, const GgufTensorHeader* next, uint64_t alignment) {
  const auto fits = [&](uint64_t bytes) {
    return bytes <= available && round_to(bytes, alignment) == round_to(available, alignment);
  };
  const bool shared_id = t.type == StorageType::q2_0;
  if (fits(t.bytes)) return Status();
  std::string other_layout;
  if (shared_id) {
    const Result<uint64_t> legacy = storage_bytes(StorageType::q2_0_group128, t.shape);
    if (legacy.ok() && fits(*legacy)) {
      t.type = StorageType::q2_0_group128;
      t.bytes = *legacy;
      return Status();
    }
    if (legacy.ok()) other_layout = join(", or ", *legacy, " for group 128");
  }
  if (!next && !shared_id && t.bytes <= available) return Status();  // more may follow the last tensor

  std::string reason = "the type may be another program's";
  if (t.bytes > available)
    reason = next ? join("it overlaps ", next->name, ", or ", reason) : "the file is cut off, or " + reason;
  return error(StatusCode::corrupt_file, t.name, ": ", expectation(t), other_layout, ", file has ", available, ": ",
               reason);
}

// Decides q2_0's group size and makes offsets count from the beginning of the file.
Status place_tensors(GgufHeader& header, uint64_t data_start, uint64_t file_size, uint64_t alignment) {
  std::vector<GgufTensorHeader*> by_offset;
  for (GgufTensorHeader& t : header.tensors) {
    if (t.offset % alignment != 0)
      return error(StatusCode::corrupt_file, t.name, ": offset ", t.offset, " is not a multiple of the alignment ",
                   alignment);
    const auto start = checked_add(data_start, t.offset);
    if (!start || *start > file_size)
      return error(StatusCode::corrupt_file, t.name, ": offset ", t.offset, " lies outside the file of ", file_size,
                   " bytes: the file is damaged or cut off");
    t.offset = *start;
    by_offset.push_back(&t);
  }
  std::ranges::stable_sort(by_offset, {}, &GgufTensorHeader::offset);
  for (size_t i = 0; i < by_offset.size(); ++i) {
    const GgufTensorHeader* next = i + 1 < by_offset.size() ? by_offset[i + 1] : nullptr;
    const uint64_t available = (next ? next->offset : file_size) - by_offset[i]->offset;
    if (Status status = fit(*by_offset[i], available, next, alignment); !status.ok()) return status;
  }
  return Status();
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

}  // namespace

Result<GgufHeader> parse_gguf_header(std::span<const std::byte> file) {
  ByteReader in(file);
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
  const uint64_t data_start = round_to(in.position(), *alignment);
  if (Status status = place_tensors(header, data_start, file.size(), *alignment); !status.ok()) return status;
  return header;
}

}  // namespace tritium
