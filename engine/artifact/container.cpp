#include "artifact/container.h"

#include <cstring>
#include <string_view>

#include "artifact/compress.h"
#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "format/byte_reader.h"

namespace tritium::artifact {
namespace {

constexpr std::string_view kMagic = "TRITPK";
constexpr uint16_t kVersion = 2;

template <typename T, typename Byte>
void append(std::vector<Byte>& to, T value) {
  to.resize(to.size() + sizeof value);
  std::memcpy(to.data() + to.size() - sizeof value, &value, sizeof value);
}

struct Trailer {
  uint64_t directory_offset = 0, directory_bytes = 0, file_bytes = 0, checksum = 0;
};
static_assert(sizeof(Trailer) == kTrailerBytes);

Status check_head(const InputFile& file) {
  std::byte head[kHeadBytes];
  if (Status s = file.read_at(0, head); !s.ok()) return s;
  if (std::memcmp(head, kMagic.data(), kMagic.size()) != 0)
    return error(StatusCode::corrupt_file, "this is no artifact of tritium experiment pack (it does not begin with \"",
                 kMagic, "\")");
  uint16_t version = 0;
  std::memcpy(&version, head + kMagic.size(), sizeof version);
  if (version == kVersion) return Status();
  return error(StatusCode::unsupported, "artifacts of version ", version, " are not supported; ", kVersion, " is");
}

// All but the checksum itself.
Status check_sum(const InputFile& file, uint64_t expected) {
  Checksum sum;
  std::vector<std::byte> some(1 << 20);
  for (uint64_t at = 0, end = file.size() - sizeof expected; at < end;) {
    check_cancelled();
    const auto n = std::min<uint64_t>(some.size(), end - at);
    if (Status s = file.read_at(at, std::span(some).first(n)); !s.ok()) return s;
    sum.add(std::span(some).first(n));
    at += n;
  }
  if (sum.value() == expected) return Status();
  return error(StatusCode::corrupt_file, "its checksum is not that of its bytes: the file is damaged");
}

// A size that is promised before it is seen.
Status check_size(const char* what, uint64_t bytes, uint64_t packed, uint64_t most) {
  if (bytes > most)
    return error(StatusCode::corrupt_file, what, " is said to have ", bytes, " bytes; ", most, " are the most");
  if (bytes <= saturated_mul(packed, kMostExpansion)) return Status();
  return error(StatusCode::corrupt_file, what, " is said to have ", bytes, " bytes, more than ", packed,
               " bytes of zstd can hold");
}

Result<Trailer> read_trailer(const InputFile& file) {
  constexpr uint64_t kLeast = kHeadBytes + kTrailerBytes;
  if (file.size() < kLeast)
    return error(StatusCode::corrupt_file, "has ", file.size(), " bytes, an artifact has ", kLeast, " or more");
  Trailer trailer;
  std::byte bytes[kTrailerBytes];
  if (Status s = file.read_at(file.size() - kTrailerBytes, bytes); !s.ok()) return s;
  std::memcpy(&trailer, bytes, sizeof trailer);
  if (trailer.file_bytes != file.size())
    return error(StatusCode::corrupt_file, "has ", file.size(), " bytes and ends with a size of ", trailer.file_bytes,
                 ": the file is cut off or damaged");
  if (Status s = check_sum(file, trailer.checksum); !s.ok()) return s;
  const uint64_t end = file.size() - kTrailerBytes;
  if (trailer.directory_offset < kHeadBytes || trailer.directory_offset > end)
    return error(StatusCode::corrupt_file, "its directory is said to lie at byte ", trailer.directory_offset, " of ",
                 file.size());
  Status s = check_size("its directory", trailer.directory_bytes, end - trailer.directory_offset, kMostHeaderBytes);
  if (!s.ok()) return s;
  return trailer;
}

StreamEntry read_stream_entry(ByteReader& in) {
  StreamEntry stream;
  const auto number = in.value<uint8_t>("a packing");
  stream.radix = in.value<uint16_t>("a radix");
  stream.packed_bytes = in.value<uint64_t>("the size of a stream");
  const auto packing = packing_of_number(number);
  if (!packing) in.fail(error(StatusCode::corrupt_file, "packing ", int{number}, " is unknown"));
  stream.packing = packing.value_or(Packing::plain);
  return stream;
}

Result<Directory> parse_directory(std::span<const uint8_t> bytes) {
  ByteReader in(std::as_bytes(bytes));
  Directory d;
  d.gguf_bytes = in.value<uint64_t>("the size of the GGUF file");
  d.gguf_checksum = in.value<uint64_t>("the checksum of the GGUF file");
  d.header_bytes = in.value<uint64_t>("the size of the header");
  d.header_packed_bytes = in.value<uint64_t>("the size of the header's stream");
  const uint64_t tensors = in.count(in.value<uint32_t>("the number of tensors"), 4, 6, "tensors");
  for (uint64_t i = 0; i < tensors && in.ok(); ++i) {
    const auto number = in.value<uint8_t>("a kind");
    const auto kind = kind_of_number(number);
    if (!kind) in.fail(error(StatusCode::corrupt_file, "kind ", int{number}, " is unknown"));
    Content content = {in.value<uint8_t>("a content")};
    content.group = in.value<uint16_t>("a size of groups");
    if (!content.valid())
      in.fail(error(StatusCode::corrupt_file, "content ", int{content.number}, " in groups of ", content.group,
                    " is unknown"));
    d.uses.push_back({kind.value_or(Kind::other), content});
  }
  constexpr uint64_t kLeastSection = 1 + 1 + 2 + 8;
  const uint64_t sections =
      in.count(in.value<uint32_t>("the number of sections"), kLeastSection, sizeof(SectionEntry) + 64, "sections");
  for (uint64_t i = 0; i < sections && in.ok(); ++i) {
    const auto streams = in.value<uint8_t>("a number of streams");
    if (streams != 1 && streams != 2)
      in.fail(error(StatusCode::corrupt_file, "section ", i, " has ", int{streams}, " streams, must have 1 or 2"));
    SectionEntry& section = d.sections.emplace_back();
    for (int k = 0; k < streams && in.ok(); ++k) section.streams.push_back(read_stream_entry(in));
  }
  if (in.ok() && in.left() > 0)
    in.fail(error(StatusCode::corrupt_file, "its directory has ", in.left(), " bytes too many"));
  if (!in.ok()) return in.status();
  return d;
}

// The streams fill the file up to the directory, and what is promised fits what there is.
Status check_directory(const Directory& d, uint64_t directory_offset, uint64_t file_bytes) {
  uint64_t packed = d.header_packed_bytes;
  for (const SectionEntry& section : d.sections)
    for (const StreamEntry& stream : section.streams) packed = saturated_add(packed, stream.packed_bytes);
  if (packed != directory_offset - kHeadBytes)
    return error(StatusCode::corrupt_file, "its streams are said to have ", packed, " bytes, they have ",
                 directory_offset - kHeadBytes);
  Status s = check_size("the GGUF file's header", d.header_bytes, d.header_packed_bytes, kMostHeaderBytes);
  if (!s.ok()) return s;
  if (d.header_bytes > d.gguf_bytes)
    return error(StatusCode::corrupt_file, "the GGUF file is said to have ", d.gguf_bytes, " bytes, its header ",
                 d.header_bytes);
  return check_size("the GGUF file", d.gguf_bytes, file_bytes, INT64_MAX);
}

}  // namespace

std::vector<std::byte> head_bytes() {
  std::vector<std::byte> head;
  for (const char c : kMagic) append(head, c);
  append(head, kVersion);
  return head;
}

std::vector<uint8_t> bytes_of(const Directory& d) {
  std::vector<uint8_t> bytes;
  for (const uint64_t v : {d.gguf_bytes, d.gguf_checksum, d.header_bytes, d.header_packed_bytes}) append(bytes, v);
  append(bytes, static_cast<uint32_t>(d.uses.size()));
  for (const TensorUse& use : d.uses) {
    append(bytes, static_cast<uint8_t>(use.kind));
    append(bytes, use.content.number);
    append(bytes, use.content.group);
  }
  append(bytes, static_cast<uint32_t>(d.sections.size()));
  for (const SectionEntry& section : d.sections) {
    append(bytes, static_cast<uint8_t>(section.streams.size()));
    for (const StreamEntry& stream : section.streams) {
      append(bytes, static_cast<uint8_t>(stream.packing));
      append(bytes, static_cast<uint16_t>(stream.radix));
      append(bytes, stream.packed_bytes);
    }
  }
  return bytes;
}

std::vector<std::byte> tail_bytes(std::span<const std::byte> directory_frame, uint64_t directory_offset,
                                  uint64_t directory_bytes) {
  std::vector<std::byte> tail(directory_frame.begin(), directory_frame.end());
  for (const uint64_t v : {directory_offset, directory_bytes, directory_offset + tail.size() + kTrailerBytes})
    append(tail, v);
  return tail;
}

Result<ArtifactFile> ArtifactFile::open(const std::string& path) {
  Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  if (file->size() >= kHeadBytes)  // a shorter one is refused by its size
    if (Status s = check_head(*file); !s.ok()) return s.within(path);
  const Result<Trailer> trailer = read_trailer(*file);
  if (!trailer.ok()) return trailer.status().within(path);
  std::vector<std::byte> frame(file->size() - kTrailerBytes - trailer->directory_offset);
  if (Status s = file->read_at(trailer->directory_offset, frame); !s.ok()) return s;
  Bytes bytes(trailer->directory_bytes);
  if (Status s = decompress(frame, bytes); !s.ok()) return s.within(path + ": its directory");
  Result<Directory> directory = parse_directory(bytes);
  if (!directory.ok()) return directory.status().within(path);
  Status s = check_directory(*directory, trailer->directory_offset, file->size());
  if (!s.ok()) return s.within(path);
  return ArtifactFile(*std::move(file), *std::move(directory));
}

Result<Bytes> ArtifactFile::next_stream(uint64_t packed_bytes, uint64_t bytes) {
  Status s = check_size("a stream", bytes, packed_bytes, INT64_MAX);
  if (!s.ok()) return s.within(join(file_.path(), ": byte ", at_));
  std::vector<std::byte> frame(packed_bytes);
  if (s = file_.read_at(at_, frame); !s.ok()) return s;
  Bytes out(bytes);
  if (s = decompress(frame, out); !s.ok()) return s.within(join(file_.path(), ": byte ", at_));
  at_ += packed_bytes;
  return out;
}

}  // namespace tritium::artifact
