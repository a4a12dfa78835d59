// Artifacts that are not what was written: an exact error each, whatever their checksum says.
#include <gtest/gtest.h>

#include <cstring>

#include "artifact/compress.h"
#include "artifact/container.h"
#include "base/checksum.h"
#include "base/counter_rng.h"
#include "tests/artifact/packed_model.h"
#include "tritium/artifact.hpp"

namespace tritium::artifact {
namespace {

// Of a small model, as bytes that may be changed.
struct Artifact {
  TemporaryFolder folder;
  std::string path = folder.file("a.tpk"), back = folder.file("back.gguf");
  std::string bytes;

  Artifact() {
    const std::string model = folder.file("m.gguf");
    GgufTensor t = {.name = "t", .type = StorageType::tq2_0, .shape = {4, 256}, .bytes = {}};
    t.bytes.assign(*storage_bytes(t.type, t.shape), std::byte{0x24});
    EXPECT_TRUE(write_gguf(model, Metadata(), {t}).ok());
    const auto packed = pack_model(model, {.output = path, .level = 3});
    EXPECT_TRUE(packed.ok()) << packed.message();
    bytes = bytes_of_file(path);
  }

  Status unpacked(const std::string& changed) const {
    write_bytes(path, changed);
    return unpack_model(path, {.output = back}).status();
  }
  // With the checksum of what it is now.
  Status unpacked_as_if_whole(std::string changed) const {
    const size_t n = changed.size() - 8;
    const uint64_t sum = checksum_of(std::as_bytes(std::span(changed).first(n)));
    std::memcpy(changed.data() + n, &sum, sizeof sum);
    return unpacked(changed);
  }
  // With another directory.
  Status unpacked_with(const Directory& directory) const {
    uint64_t offset = 0;
    std::memcpy(&offset, bytes.data() + bytes.size() - kTrailerBytes, sizeof offset);
    const std::vector<uint8_t> unpacked_directory = bytes_of(directory);
    std::vector<std::vector<std::byte>> frame;
    EXPECT_TRUE(compress_each(std::span(&unpacked_directory, 1), 3, frame).ok());
    const auto tail = tail_bytes(frame[0], offset, unpacked_directory.size());
    return unpacked_as_if_whole(bytes.substr(0, offset) +
                                std::string(reinterpret_cast<const char*>(tail.data()), tail.size()) +
                                std::string(8, '\0'));
  }
  Directory directory() const {
    write_bytes(path, bytes);
    const auto file = ArtifactFile::open(path);
    EXPECT_TRUE(file.ok()) << file.message();
    return file->directory();
  }
};

TEST(DamagedArtifact, EveryFlippedBitIsFound) {
  const Artifact a;
  for (size_t i = 0; i < a.bytes.size(); ++i) {
    std::string changed = a.bytes;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    const Status s = a.unpacked(changed);
    EXPECT_TRUE(s.code() == StatusCode::corrupt_file || s.code() == StatusCode::unsupported) << i << " " << s.message();
    EXPECT_EQ(s.message().rfind(a.path, 0), 0u) << s.message();
  }
  EXPECT_TRUE(a.unpacked(a.bytes).ok());
}

TEST(DamagedArtifact, EveryCutIsFound) {
  const Artifact a;
  for (size_t n = 0; n < a.bytes.size(); ++n)
    EXPECT_EQ(a.unpacked(a.bytes.substr(0, n)).code(), StatusCode::corrupt_file) << n;
  EXPECT_EQ(a.unpacked(a.bytes + "x").code(), StatusCode::corrupt_file);
}

TEST(DamagedArtifact, AnotherVersionAndAnotherFileAreSaid) {
  const Artifact a;
  std::string changed = a.bytes;
  changed[6] = 3;
  const Status version = a.unpacked(changed);
  EXPECT_EQ(version.code(), StatusCode::unsupported);
  EXPECT_EQ(version.message(), a.path + ": artifacts of version 3 are not supported; 2 is");
  const Status other = a.unpacked(std::string(100, 'x'));
  EXPECT_EQ(other.message(),
            a.path + ": this is no artifact of tritium experiment pack (it does not begin with \"TRITPK\")");
}

TEST(DamagedArtifact, ChangedBytesWithARightChecksumEndNothing) {
  const Artifact a;
  const std::string model = bytes_of_file(a.folder.file("m.gguf"));
  for (size_t i = 0; i + 8 < a.bytes.size(); ++i)
    for (int how = 0; how < 3; ++how) {
      std::string changed = a.bytes;
      changed[i] = static_cast<char>(how == 0 ? 0xff : how == 1 ? 0 : changed[i] ^ (1 << random_bits(1, i) % 8));
      const Status s = a.unpacked_as_if_whole(changed);
      EXPECT_FALSE(s.ok() && bytes_of_file(a.back) != model) << i;
    }
}

TEST(DamagedArtifact, SizesThatNoBytesCanHoldAreRefusedBeforeTheyAreTaken) {
  const Artifact a;
  const Directory d = a.directory();
  Directory changed = d;
  changed.gguf_bytes = uint64_t{1} << 50;
  EXPECT_NE(a.unpacked_with(changed).message().find("more than"), std::string::npos);
  changed = d;
  changed.header_bytes = uint64_t{1} << 40;
  EXPECT_NE(a.unpacked_with(changed).message().find("67108864 are the most"), std::string::npos);
  changed = d;
  changed.sections[0].streams[0].packed_bytes = uint64_t{1} << 63;
  EXPECT_NE(a.unpacked_with(changed).message().find("its streams are said to have"), std::string::npos);
  changed = d;
  changed.gguf_bytes += 32;
  EXPECT_EQ(a.unpacked_with(changed).code(), StatusCode::corrupt_file);
  EXPECT_TRUE(a.unpacked_with(d).ok());
}

TEST(DamagedArtifact, ADirectoryThatDoesNotFitTheModelIsRefused) {
  const Artifact a;
  const Directory d = a.directory();
  const auto refused = [&](const auto& change) {
    Directory changed = d;
    change(changed);
    return a.unpacked_with(changed).message();
  };
  EXPECT_NE(refused([](Directory& c) { c.uses.clear(); }).find("does not fit the header"), std::string::npos);
  EXPECT_NE(refused([](Directory& c) { c.sections[0].streams[0].radix = 1; }).find("impossible radix"),
            std::string::npos);
  EXPECT_NE(refused([](Directory& c) { c.sections[0].streams[0].radix = 257; }).find("impossible radix"),
            std::string::npos);
  EXPECT_NE(
      refused([](Directory& c) { c.sections[0].streams[0].packing = Packing::planes; }).find("packed as the other"),
      std::string::npos);
  EXPECT_NE(refused([](Directory& c) { ++c.gguf_checksum; }).find("not the file that was packed"), std::string::npos);
  EXPECT_NE(refused([](Directory& c) { c.sections.push_back({{{}}}); }).find("sections"), std::string::npos);
}

}  // namespace
}  // namespace tritium::artifact
