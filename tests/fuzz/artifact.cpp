// An artifact in which some bytes are others, or whose directory says something else, with the checksum of what it then
// is: a damaged one is refused before.
#include "tritium/artifact.hpp"
#include "artifact/compress.h"
#include "artifact/container.h"
#include "base/checksum.h"
#include "base/input_file.h"
#include "format/gguf.h"
#include "tests/fuzz/input.h"
#include "tests/support/temporary_folder.h"

namespace tritium::fuzz {
namespace {

using namespace artifact;

std::string bytes_of_file(const std::string& path) {
  const Result<std::string> bytes = read_file(path);
  require(bytes.ok(), "a file is read");
  return *bytes;
}

struct Base {
  TemporaryFolder folder;
  std::string model = folder.file("m.gguf"), artifact = folder.file("a.tpk"), back = folder.file("back.gguf");
  std::string bytes, model_bytes;
  Directory directory;

  Base() {
    std::vector<GgufTensor> tensors;
    for (const StorageType type : {StorageType::tq2_0, StorageType::tq1_0, StorageType::i2_s, StorageType::q6_k,
                                   StorageType::q8_0, StorageType::f16, StorageType::stq1_0}) {
      GgufTensor& t = tensors.emplace_back();
      t = {.name = std::string(traits_of(type).name), .type = type, .shape = {2, 256}, .bytes = {}};
      t.bytes.resize(*storage_bytes(type, t.shape));
      for (size_t i = 0; i < t.bytes.size(); ++i) t.bytes[i] = std::byte{static_cast<uint8_t>(i * i % 41)};
    }
    // Rows of integers under a scale, values of F16, and others.
    for (const int kind : {0, 1, 2}) {
      std::vector<float> values(2048);
      for (size_t i = 0; i < values.size(); ++i) {
        const auto q = static_cast<float>(static_cast<int>(i * i % 15) - 7);
        values[i] = kind == 0   ? 0.25f * q
                    : kind == 1 ? 1.0f + static_cast<float>(i % 1000) / 1024.0f
                                : q / 3.0f + 1e-3f;
      }
      GgufTensor& t = tensors.emplace_back();
      t = {.name = "floats" + std::to_string(kind), .type = StorageType::f32, .shape = {2, 1024}, .bytes = {}};
      t.bytes.resize(values.size() * sizeof(float));
      std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    }
    require(write_gguf(model, Metadata(), tensors).ok(), "a model is written");
    require(pack_model(model, {.output = artifact, .level = 1}).ok(), "a model is packed");
    bytes = bytes_of_file(artifact);
    model_bytes = bytes_of_file(model);
    directory = ArtifactFile::open(artifact)->directory();
  }
};

void change_bytes(std::string& bytes, Choices& choices) {
  for (uint8_t n = choices.take<uint8_t>() % 8; n > 0 && !bytes.empty(); --n)
    bytes[choices.below(bytes.size())] = choices.take<char>();
  if (choices.take<uint8_t>() % 4 == 0) bytes.resize(choices.below(bytes.size() + 1));
}

void change_directory(Directory& d, Choices& choices) {
  for (uint8_t n = 1 + choices.take<uint8_t>() % 4; n > 0; --n) {
    SectionEntry& section = d.sections[choices.below(d.sections.size())];
    StreamEntry& stream = section.streams[choices.below(section.streams.size())];
    switch (choices.take<uint8_t>() % 10) {
      case 0: d.gguf_bytes = choices.take<uint64_t>(); break;
      case 1: d.header_bytes += choices.take<int8_t>(); break;
      case 2: d.uses[choices.below(d.uses.size())].kind = static_cast<Kind>(choices.below(9)); break;
      case 3: stream.packing = static_cast<Packing>(choices.take<uint8_t>() % 7); break;
      case 4: stream.radix = choices.take<uint16_t>(); break;
      case 5: stream.packed_bytes += choices.take<uint64_t>(); break;
      case 6: section.streams.resize(1 + choices.below(2)); break;
      case 7: std::swap(section, d.sections[choices.below(d.sections.size())]); break;
      case 8: d.uses[choices.below(d.uses.size())].content = {choices.take<uint8_t>(), choices.take<uint16_t>()}; break;
      default: d.gguf_bytes += choices.take<uint8_t>(); break;
    }
  }
}

// The streams as they are, before another directory.
std::string with_directory(const std::string& bytes, const Directory& directory) {
  uint64_t offset = 0;
  std::memcpy(&offset, bytes.data() + bytes.size() - kTrailerBytes, sizeof offset);
  const std::vector<uint8_t> plain = artifact::bytes_of(directory);
  std::vector<std::vector<std::byte>> frame;
  require(compress_each(std::span(&plain, 1), 1, frame).ok(), "a directory is compressed");
  const auto tail = tail_bytes(frame[0], offset, plain.size());
  return bytes.substr(0, offset) + std::string(reinterpret_cast<const char*>(tail.data()), tail.size()) +
         std::string(8, '\0');
}

void write_checksum(std::string& bytes) {
  if (bytes.size() < sizeof(uint64_t)) return;
  const size_t n = bytes.size() - sizeof(uint64_t);
  const uint64_t sum = checksum_of(std::as_bytes(std::span(bytes).first(n)));
  std::memcpy(bytes.data() + n, &sum, sizeof sum);
}

}  // namespace

void try_input(std::string_view input) {
  static const Base base;
  Choices choices(input);
  const uint8_t how = choices.take<uint8_t>() % 4;
  std::string bytes = base.bytes;
  if (how == 0) bytes = choices.rest();
  if (how & 1) {
    Directory directory = base.directory;
    change_directory(directory, choices);
    bytes = with_directory(bytes, directory);
  }
  if (how & 2) change_bytes(bytes, choices);
  if (choices.take<uint8_t>() != 1) write_checksum(bytes);
  const MemoryFile file(bytes);
  // Where nothing waits for a disk; what comes of it is looked at when something does.
  const Result<uint64_t> unpacked = unpack_model(file.path(), {.output = "/dev/null"});
  require(unpacked.ok() || !unpacked.message().empty(), "an error has a message");
  if (!unpacked.ok()) return;
  // The checksum of what it holds is one of those that are compared then.
  if (unpack_model(file.path(), {.output = base.back}).ok())
    require(bytes_of_file(base.back) == base.model_bytes, "what is unpacked is what was packed");
}

}  // namespace tritium::fuzz
