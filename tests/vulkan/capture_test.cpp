// A RenderDoc capture of a small labelled run, opened again without a display.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "tests/vulkan/test_gpu.h"

namespace tritium::vulkan {
namespace {

struct Outcome {
  int exit_code = -1;
  std::string output;
};

// open_capture.py with the system's interpreter, which python3-renderdoc is for. Exit code 77: no module.
Outcome open_capture(const std::filesystem::path& file) {
  Outcome outcome;
  const std::string command =
      "env -u ENABLE_VULKAN_RENDERDOC_CAPTURE PYTHONPATH=/usr/lib/python3/dist-packages "
      "/usr/bin/python3 " TRITIUM_OPEN_CAPTURE " " +
      file.string() + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return outcome;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe)) outcome.output += buffer.data();
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

Status dispatch_scale(Gpu& gpu, const Tensor& x, const Tensor& y) {
  const ScalePush push = {static_cast<uint32_t>(x.elements()), 1.0f};
  return gpu.recorder().dispatch({.kernel = "scale",
                                  .bindings = {{&x, Access::read}, {&y, Access::write}},
                                  .push_constants = bytes_of(push),
                                  .groups = {2, 1, 1},
                                  .constants = {3}});
}

TEST(Capture, HoldsTheLabelTreeWithNamedKernels) {
  // Listing first: a real program makes an instance before the one that is captured.
  if (const auto devices = list_devices(); !devices.ok()) GTEST_SKIP() << devices.message();
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "exactly this.name.rdc";
  VulkanOptions options;
  options.capture_file = file;
  auto gpu = Gpu::open(options, test_kernels(), {.dispatches = 3});  // submissions end in the middle of labels
  if (gpu.code() == StatusCode::not_found) GTEST_SKIP() << gpu.message();
  ASSERT_TRUE(gpu.ok()) << gpu.message();

  auto a = (*gpu)->allocate({100}, DType::f32, "activations");
  auto b = (*gpu)->allocate({100}, DType::f32, "result");
  ASSERT_TRUE(dispatch_scale(**gpu, *a, *b).ok());  // before the capture: not part of it
  const Status begun = (*gpu)->begin_capture();
  ASSERT_TRUE(begun.ok()) << begun.message();
  EXPECT_FALSE((*gpu)->begin_capture().ok());
  (*gpu)->push_label("model");
  for (const char* layer : {"layer0", "layer1"}) {
    (*gpu)->push_label(layer);
    for (const char* op : {"attention", "ffn"}) {
      (*gpu)->push_label(op);
      ASSERT_TRUE(dispatch_scale(**gpu, *a, *b).ok());
      ASSERT_TRUE(dispatch_scale(**gpu, *b, *a).ok());
      (*gpu)->pop_label();
    }
    (*gpu)->pop_label();
  }
  (*gpu)->pop_label();
  const Status ended = (*gpu)->end_capture();
  ASSERT_TRUE(ended.ok()) << ended.message();
  EXPECT_FALSE((*gpu)->end_capture().ok());
  ASSERT_TRUE(std::filesystem::exists(file));
  gpu = Status(StatusCode::internal, "closed");

  const std::filesystem::path plain = folder.path() / "plain.rdc";
  std::filesystem::copy_file(file, plain);
  const Outcome opened = open_capture(plain);
  if (opened.exit_code == 77) GTEST_SKIP() << opened.output;
  EXPECT_EQ(opened.exit_code, 0);
  std::string expected;
  for (const char* place : {"layer0/attention", "layer0/ffn", "layer1/attention", "layer1/ffn"})
    for (int i = 0; i < 2; ++i) expected += std::string("model/") + place + "/vkCmdDispatch(2, 1, 1) kernel=scale\n";
  EXPECT_EQ(opened.output, expected);
}

}  // namespace
}  // namespace tritium::vulkan
