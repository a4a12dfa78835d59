// A model of Tencent's kind (hunyuan-dense, STQ1_0) with known logits: on every backend, and under both ids of the
// type.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "format/gguf.h"
#include "tests/model_files/known_logits.h"
#include "tests/model_files/logits.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

constexpr uint32_t kId = 43, kOtherId = 42;

template <typename T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// What stands in the file before the type of a tensor: its name and its dimensions, the row's length first.
std::string head_of(const TensorInfo& info) {
  std::string head;
  put<uint64_t>(head, info.name.size());
  head += info.name;
  put<uint32_t>(head, static_cast<uint32_t>(info.shape.size()));
  for (auto dim = info.shape.rbegin(); dim != info.shape.rend(); ++dim)
    put<uint64_t>(head, static_cast<uint64_t>(*dim));
  return head;
}

// A copy of the file whose tensors of STQ1_0 have the other id; how many there are.
int copy_with_other_id(const std::string& from, const std::string& to) {
  std::string bytes = *read_file(from);
  const auto map = open_gguf(from, {});
  int changed = 0;
  for (const TensorInfo& info : (*map)->tensors()) {
    if (info.type != "STQ1_0") continue;
    const std::string head = head_of(info);
    const size_t place = bytes.find(head) + head.size();
    uint32_t id = 0;
    std::memcpy(&id, bytes.data() + place, sizeof(id));
    if (id == kId) std::memcpy(bytes.data() + place, &kOtherId, sizeof(kOtherId)), ++changed;
  }
  std::ofstream(to, std::ios::binary) << bytes;
  return changed;
}

class StqLogits : public testing::TestWithParam<const char*> {};

TEST_P(StqLogits, AreThoseOfAnotherProgramUnderBothIds) {
  const auto root = shared_file("stq");
  if (!root) GTEST_SKIP() << kNoSharedMaterial;
  if (!has_backend(GetParam())) GTEST_SKIP() << "there is no " << GetParam() << " here";
  const std::string path = (*root / "random-hunyuan.stq1_0.gguf").string();
  const Result<Json> json = parse_json(*read_file((*root / "random-hunyuan.json").string()));
  ASSERT_TRUE(json.ok()) << json.message();
  const std::vector<int32_t> tokens = tokens_of(*json);
  const std::vector<float> expected = read_npy((*root / "random-hunyuan.logits.npy").string());
  const auto exact = logits_of(path, GetParam(), tokens, Activations::f32);
  ASSERT_TRUE(exact.ok()) << exact.message();
  EXPECT_LT(relative_distance(*exact, expected), 1e-3);

  // Rounded activations: no other program's are at hand. They are the reference's, and near those of floats.
  const size_t vocabulary = expected.size() / tokens.size();
  const auto rounded = logits_of(path, GetParam(), tokens, Activations::int8);
  const auto of_reference = logits_of(path, "reference", tokens, Activations::int8);
  ASSERT_TRUE(rounded.ok() && of_reference.ok()) << rounded.message() << of_reference.message();
  EXPECT_LT(largest_divergence(*rounded, *of_reference, vocabulary), 1e-3);
  EXPECT_LT(largest_divergence(*rounded, expected, vocabulary), 0.02);

  const TemporaryFolder folder;
  const std::string other = folder.file("id42.gguf");
  ASSERT_GT(copy_with_other_id(path, other), 0);
  EXPECT_EQ(*logits_of(other, GetParam(), tokens, Activations::f32), *exact);
  EXPECT_EQ(*logits_of(other, GetParam(), tokens, Activations::int8), *rounded);
}

INSTANTIATE_TEST_SUITE_P(Backends, StqLogits, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& backend) { return std::string(backend.param); });

}  // namespace
}  // namespace tritium
