// Headers that are right, and each way in which one is wrong.
#include "format/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>

#include "base/json.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

Result<SafetensorsHeader> parse_file(const std::string& path) {
  const Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  return parse_safetensors_header(*file);
}

// Length, JSON and so many bytes of data.
std::string bytes_of(const std::string& json, size_t data_bytes) {
  const uint64_t length = json.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + json + std::string(data_bytes, '\1');
}

Result<SafetensorsHeader> parse(const std::string& bytes) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("x")) << bytes;
  return parse_file(folder.file("x"));
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

void expect_refused(const std::string& bytes, const std::string& part) {
  const auto header = parse(bytes);
  ASSERT_FALSE(header.ok()) << part;
  EXPECT_EQ(header.code(), StatusCode::corrupt_file);
  EXPECT_NE(header.message().find(part), std::string::npos) << header.message();
}

TEST(Safetensors, TensorsAreFoundWhereTheyLie) {
  const std::string json = "{" + tensor("b", "BF16", "[2,3]", "[9,21]") + ",\"__metadata__\":{\"format\":\"pt\"}," +
                           tensor("a", "U8", "[9]", "[0,9]") + "," + tensor("none", "F32", "[0,4]", "[9,9]") + "," +
                           tensor("one", "F32", "[]", "[21,25]") + "}   ";
  const auto header = parse(bytes_of(json, 25));
  ASSERT_TRUE(header.ok()) << header.message();
  ASSERT_EQ(header->tensors.size(), 4u);
  EXPECT_EQ(header->metadata, (std::vector<std::pair<std::string, std::string>>{{"format", "pt"}}));
  const auto& t = header->tensors;
  EXPECT_EQ(t[0].name, "a");
  EXPECT_EQ(t[1].name, "none");
  EXPECT_EQ(t[1].bytes, 0u);
  EXPECT_EQ(t[2].name, "b");
  EXPECT_EQ(t[2].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(t[2].offset, 8 + json.size() + 9);
  EXPECT_EQ(t[2].type.name, "BF16");
  EXPECT_EQ(t[3].bytes, 4u);
  EXPECT_TRUE(t[3].shape.empty());
}

TEST(Safetensors, ATypeSmallerThanAByteFillsWholeBytes) {
  EXPECT_TRUE(parse(bytes_of("{" + tensor("x", "F4", "[4]", "[0,2]") + "}", 2)).ok());
  expect_refused(bytes_of("{" + tensor("x", "F4", "[3]", "[0,2]") + "}", 2), "12 bits are not whole bytes");
}

TEST(Safetensors, AWrongHeaderIsRefusedWithTheReason) {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets, size_t data) {
    return bytes_of("{" + tensor("x", dtype, shape, offsets) + "}", data);
  };
  expect_refused("", "the file has 0 bytes, fewer than the 8");
  expect_refused("1234567", "the file has 7 bytes, fewer than the 8");
  expect_refused(std::string("\x64\0\0\0\0\0\0\0{}", 10), "announced as 100 bytes, but only 2 follow");
  expect_refused(std::string(8, '\xFF'), "at most 100000000 are allowed");
  expect_refused(bytes_of("[]", 0), "the header is an array, must be an object");
  expect_refused(bytes_of("{} x", 0), "the header: ");
  expect_refused(bytes_of("{\"\xFF\":1}", 0), "the header: ");
  expect_refused(bytes_of("{" + tensor("x", "U8", "[1]", "[0,1]") + "," + tensor("x", "U8", "[1]", "[1,2]") + "}", 2),
                 "the name \"x\" stands twice");
  expect_refused(bytes_of("{\"__metadata__\":{\"a\":1}}", 0), "__metadata__: \"a\" is a number, must be a string");
  expect_refused(one("F31", "[1]", "[0,4]", 4), "tensor x: dtype \"F31\" is unknown");
  expect_refused(bytes_of(R"({"x":{"dtype":"U8","shape":[1]}})", 1), "data_offsets is missing");
  expect_refused(bytes_of(R"({"x":3})", 0), "tensor x: is a number, must be an object");
  expect_refused(one("U8", "[-1]", "[0,1]", 1), "shape must hold whole numbers");
  expect_refused(one("U8", "[1.5]", "[0,1]", 1), "shape must hold whole numbers");
  expect_refused(one("U8", "[9007199254740993]", "[0,1]", 1), "shape must hold whole numbers");
  expect_refused(one("F32", "[4294967296,4294967296]", "[0,16]", 16), "more elements than 64 bits count");
  expect_refused(one("U8", "[2]", "[2,0]", 2), "data_offsets are 2 to 0");
  expect_refused(one("U8", "[3]", "[0,3]", 2), "but the data has 2 bytes");
  expect_refused(one("U8", "[2]", "[0,2,3]", 2), "data_offsets has 3 numbers");
  expect_refused(one("F32", "[2]", "[0,4]", 4), "its shape takes 8 bytes of F32, its data_offsets have 4");
  expect_refused(one("U8", "[2]", "[0,2]", 3), "the last tensor ends at 2 of the data, which has 3");
  expect_refused(one("U8", "[2]", "[1,3]", 3), "there is a hole");
  expect_refused(bytes_of("{" + tensor("x", "U8", "[2]", "[0,2]") + "," + tensor("y", "U8", "[2]", "[1,3]") + "}", 3),
                 "tensor y begins at 1 of the data, but the one before it ends at 2: they overlap");
}

TEST(Safetensors, GoodFilesOpenAndBadOnesDoNot) {
  const auto list = shared_file("safetensors/cases.json");
  if (!list) GTEST_SKIP() << kNoSharedMaterial;
  const Result<std::string> text = read_file(list->string());
  ASSERT_TRUE(text.ok());
  const Result<Json> cases = parse_json(*text);
  ASSERT_TRUE(cases.ok()) << cases.message();
  for (const Json& c : *cases->array()) {
    const std::string name = *c.find("file")->text();
    const auto header = parse_file((list->parent_path() / name).string());
    EXPECT_EQ(header.ok(), *c.find("ok")->boolean()) << name << ": " << header.message();
    const Json* values = c.find("values");
    if (!header.ok() || !values) continue;
    const Result<InputFile> file = InputFile::open_regular((list->parent_path() / name).string());
    for (const Json::Member& expected : *values->object()) {
      const auto found = std::ranges::find(header->tensors, expected.name, &SafetensorsTensor::name);
      ASSERT_NE(found, header->tensors.end()) << name << " " << expected.name;
      ASSERT_EQ(found->type.name, "F32");
      std::vector<float> read(found->bytes / 4);
      ASSERT_TRUE(file->read_at(found->offset, std::as_writable_bytes(std::span(read))).ok());
      ASSERT_EQ(read.size(), expected.value.array()->size());
      for (size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i], *(*expected.value.array())[i].integer());
    }
  }
}

}  // namespace
}  // namespace tritium
