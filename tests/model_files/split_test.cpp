// Models in several GGUF files.
#include <gtest/gtest.h>

#include <filesystem>

#include "format/codec.h"
#include "format/gguf.h"
#include "model/checked_model.h"
#include "model_files/open_model.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

constexpr int kParts = 3;

std::string name_of_part(int number) { return "m-0000" + std::to_string(number) + "-of-00003.gguf"; }

GgufTensor stored(const TensorMap& map, const TensorInfo& info) {
  return {.name = info.name,
          .type = StorageType::f32,
          .shape = info.shape,
          .bytes = *encode_f32(*map.load_f32(info.name), info.shape, StorageType::f32)};
}

// Tensor i of the model goes to part i % 3.
struct Split {
  MemoryTensorMap map = random_model({.architecture = "qwen3", .n_layers = 1, .ternary = false});
  TemporaryFolder folder;

  Split() {
    for (int number = 1; number <= kParts; ++number) write(number, number - 1);
  }
  // The part of that number, under the name of part `named`; 0: its own.
  void write(int number, int64_t split_no, int64_t total = -1, const std::string& extra = {}, int named = 0) {
    Metadata m;
    if (number == 1) m = map.metadata();
    m.set("split.no", split_no);
    m.set("split.count", int64_t{kParts});
    m.set("split.tensors.count", total < 0 ? static_cast<int64_t>(map.tensors().size()) : total);
    std::vector<GgufTensor> tensors;
    for (size_t i = 0; i < map.tensors().size(); ++i) {
      const TensorInfo& info = map.tensors()[i];
      if (static_cast<int>(i) % kParts == number - 1 || info.name == extra) tensors.push_back(stored(map, info));
    }
    ASSERT_TRUE(write_gguf(folder.file(name_of_part(named ? named : number)), m, tensors).ok());
  }
  Result<OpenedModel> open(int number) const { return open_model(folder.file(name_of_part(number))); }
};

TEST(SplitGguf, OpensFromAnyPart) {
  const Split split;
  for (int number = 1; number <= kParts; ++number) {
    const auto model = split.open(number);
    ASSERT_TRUE(model.ok()) << model.message();
    ASSERT_TRUE(CheckedModel::check(*model->tensors).ok()) << CheckedModel::check(*model->tensors).message();
    for (const TensorInfo& info : split.map.tensors()) {
      const auto values = model->tensors->load_f32(info.name);
      ASSERT_TRUE(values.ok()) << values.message();
      EXPECT_TRUE(*values == *split.map.load_f32(info.name)) << info.name;
    }
    EXPECT_FALSE(model->tensors->metadata().contains("split.count"));
    EXPECT_EQ(model->tensors->load_f32("no.such").code(), StatusCode::not_found);
  }
  const auto files = files_of_model(split.folder.file(name_of_part(2)));
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->size(), 3u);
}

void expect_refused(const Result<OpenedModel>& model, StatusCode code, const std::string& part) {
  ASSERT_FALSE(model.ok()) << part;
  EXPECT_EQ(model.code(), code) << model.message();
  EXPECT_NE(model.message().find(part), std::string::npos) << model.message();
}

TEST(SplitGguf, APartThatIsMissingIsNamed) {
  const Split split;
  std::filesystem::remove(split.folder.file(name_of_part(2)));
  expect_refused(split.open(3), StatusCode::not_found, "m-00002-of-00003.gguf: part 2 of 3 is missing");
}

TEST(SplitGguf, APartThatIsCutOffIsNamed) {
  const Split split;
  std::filesystem::resize_file(split.folder.file(name_of_part(2)), 3000);
  expect_refused(split.open(1), StatusCode::corrupt_file, "m-00002-of-00003.gguf: ");
}

TEST(SplitGguf, PartsUnderOthersNamesAreRefused) {
  Split split;
  split.write(1, 0, -1, {}, 2);
  expect_refused(split.open(1), StatusCode::corrupt_file,
                 "part 2 of 3, by its keys split.no and split.count part 1 of 3");
}

TEST(SplitGguf, PartsOfTwoModelsAreRefused) {
  {
    Split split;
    split.write(2, 1, -1, "token_embd.weight");
    expect_refused(split.open(1), StatusCode::corrupt_file, "tensor token_embd.weight is also in");
  }
  {
    Split split;
    split.write(2, 1, 77);
    expect_refused(split.open(1), StatusCode::corrupt_file, "split.tensors.count is 77, but all parts together have");
  }
}

TEST(SplitGguf, APartWithAnotherNameSaysHowPartsAreFound) {
  const Split split;
  std::filesystem::rename(split.folder.file(name_of_part(2)), split.folder.file("renamed.gguf"));
  expect_refused(open_model(split.folder.file("renamed.gguf")), StatusCode::corrupt_file,
                 "by its keys this is part 2 of 3 of a model; parts are found by their names");
}

}  // namespace
}  // namespace tritium
