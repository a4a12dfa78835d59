#include "tensor/split_file.h"

#include <gtest/gtest.h>

namespace tritium {
namespace {

std::string refusal(const std::string& path, const Metadata& m) {
  MemoryTensorMap map(path);
  map.mutable_metadata() = m;
  return refuse_part(map).message();
}

TEST(SplitFile, APartSaysWhichItIsAndHowPartsAreJoined) {
  Metadata m;
  m.set("split.no", int64_t{1});
  m.set("split.count", int64_t{3});
  EXPECT_EQ(refusal("a/m-00002-of-00003.gguf", m),
            "a/m-00002-of-00003.gguf: this is part 2 of 3 of a split model; join them with `llama-gguf-split --merge "
            "a/m-00001-of-00003.gguf a/m.gguf`, which needs all 3 parts in one folder, and give a/m.gguf");
  EXPECT_EQ(refusal("renamed.gguf", m),
            "renamed.gguf: this is part 2 of 3 of a split model; join them with `llama-gguf-split --merge FIRST "
            "WHOLE.gguf`, which needs all 3 parts in one folder, and give WHOLE.gguf");
}

TEST(SplitFile, AWholeFileIsNoPart) {
  Metadata m;
  EXPECT_EQ(refusal("m-00001-of-00003.gguf", m), "");
  m.set("split.count", int64_t{1});
  EXPECT_EQ(refusal("m.gguf", m), "");
  m.set("split.count", int64_t{0});
  EXPECT_EQ(refusal("m.gguf", m), "");
  m.set("split.count", std::string("two"));
  EXPECT_EQ(refusal("m.gguf", m), "m.gguf: key split.count must be a number from 0 up");
}

TEST(SplitFile, OnlyNamesThatCountAreTakenForParts) {
  EXPECT_NE(part_by_name("m-00002-of-00003.gguf").find("; by its name it is part 2 of 3"), std::string::npos);
  for (const char* name : {"m.gguf", "m-00001-of-00001.gguf", "m-00004-of-00003.gguf", "m-0001-of-0003.gguf",
                           "m-00000-of-00003.gguf", "-00001-of-00003.gguf", "m-00001-of-00003.bin", ""})
    EXPECT_EQ(part_by_name(name), "") << name;
}

}  // namespace
}  // namespace tritium
