// Uploads, kernels and downloads on device 0 with validation on.
#include "vulkan/gpu.h"

#include <numeric>
#include <thread>

#include "base/available_memory.h"
#include "tests/vulkan/test_gpu.h"
#include "vulkan/device/device.h"

namespace tritium::vulkan {
namespace {

std::vector<float> counting(size_t n, float start = 0) {
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), start);
  return values;
}

class OnDevice : public GpuTest {};

TEST_F(OnDevice, MemoryStartsAsZeros) {
  for (const int64_t n : {1, 3, 1000, 100000}) {
    const auto t = gpu().allocate({n}, DType::f32, "zeros");
    ASSERT_TRUE(t.ok()) << t.message();
    EXPECT_EQ(values_of(*t), std::vector<float>(static_cast<size_t>(n), 0.0f));
  }
}

TEST_F(OnDevice, UploadsOfEverySizeComeBack) {
  for (const size_t n : {1u, 5u, 4096u, 16384u, 16385u, 1u << 20, (9u << 20) + 3}) {
    const auto values = counting(n);
    EXPECT_EQ(values_of(tensor(values, "round trip")), values) << n;
  }
}

TEST_F(OnDevice, ShortUploadsChangeOnlyTheStart) {
  const Tensor t = tensor({1, 2, 3, 4}, "t");
  const std::vector<float> start = {9, 8};
  ASSERT_TRUE(gpu().upload(t, std::as_bytes(std::span(start))).ok());
  EXPECT_EQ(values_of(t), (std::vector<float>{9, 8, 3, 4}));
  std::vector<float> first(3);
  ASSERT_TRUE(gpu().download(t, std::as_writable_bytes(std::span(first))).ok());
  EXPECT_EQ(first, (std::vector<float>{9, 8, 3}));
}

TEST_F(OnDevice, UploadsAndKernelsTakeEffectInOrder) {
  const Tensor x = tensor({1, 2, 3}, "x");
  const Tensor y = tensor({0, 0, 0}, "y");
  const Tensor z = tensor({0, 0, 0}, "z");
  ASSERT_TRUE(scale(gpu(), x, y, 2, 0.5f).ok());
  const std::vector<float> later = {10, 20, 30};
  ASSERT_TRUE(gpu().upload(x, std::as_bytes(std::span(later))).ok());  // after the kernel has read x
  ASSERT_TRUE(scale(gpu(), x, z, 3, 0).ok());
  ASSERT_TRUE(accumulate(gpu(), y, z).ok());
  ASSERT_TRUE(accumulate(gpu(), y, z).ok());
  EXPECT_EQ(values_of(z), (std::vector<float>{30 + 5, 60 + 9, 90 + 13}));
  EXPECT_EQ(values_of(y), (std::vector<float>{2.5, 4.5, 6.5}));
}

TEST_F(OnDevice, OneDownloadIsOneSubmission) {
  const Tensor x = tensor({1}, "x");
  const Tensor sum = tensor({0}, "sum");
  ASSERT_TRUE(gpu().submit().ok());
  const uint64_t before = gpu().work().submits;
  const std::vector<float> two = {2};
  ASSERT_TRUE(gpu().upload(x, std::as_bytes(std::span(two))).ok());
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(accumulate(gpu(), x, sum).ok());
  EXPECT_EQ(values_of(sum), std::vector<float>{3000});
  EXPECT_EQ(gpu().work().submits, before + 1);
}

TEST_F(OnDevice, LongRecordingsAreSplit) {
  const auto split = open({.dispatches = 10});
  ASSERT_TRUE(split);
  const auto x = split->allocate({4}, DType::f32, "x");
  const auto sum = split->allocate({4}, DType::f32, "sum");
  const auto ones = std::vector<float>(4, 1.0f);
  ASSERT_TRUE(split->upload(*x, std::as_bytes(std::span(ones))).ok());
  split->push_label("model");
  for (int i = 0; i < 95; ++i) {
    split->push_label("layer");
    ASSERT_TRUE(accumulate(*split, *x, *sum).ok());
    split->pop_label();
  }
  split->pop_label();
  split->pop_label();  // one too many is ignored
  EXPECT_EQ(split->work().submits, 9u);
  std::vector<float> result(4);
  ASSERT_TRUE(split->download(*sum, std::as_writable_bytes(std::span(result))).ok());
  EXPECT_EQ(result, std::vector<float>(4, 95.0f));
}

TEST_F(OnDevice, SubmissionsEndBeforeTheyTakeTooLong) {
  const auto split = open({.seconds = 1.0});
  ASSERT_TRUE(split);
  const auto x = split->allocate({64}, DType::f32, "x");
  const auto sum = split->allocate({64}, DType::f32, "sum");
  for (int i = 0; i < 160; ++i) {
    split->expect(0.015625);
    ASSERT_TRUE(accumulate(*split, *x, *sum).ok());
  }
  EXPECT_EQ(split->work().submits, 2u);  // each of 64
  split->expect(5.0);
  ASSERT_TRUE(accumulate(*split, *x, *sum).ok());
  EXPECT_EQ(split->work().submits, 3u);
}

TEST_F(OnDevice, ADeviceThatDoesNotAnswerIsTakenAsLost) {
  const Tensor x = tensor({1}, "x"), sum = tensor({0}, "sum");
  ASSERT_TRUE(gpu().finish().ok());
  gpu().device().patience = -1;
  for (int i = 0; i < 4000; ++i) ASSERT_TRUE(accumulate(gpu(), x, sum).ok());
  std::vector<float> value(1);
  const Status status = gpu().download(sum, std::as_writable_bytes(std::span(value)));
  if (status.ok()) GTEST_SKIP() << "it answered within a slice of waiting";
  EXPECT_EQ(status.code(), StatusCode::device_error);
  EXPECT_NE(status.message().find("has not answered"), std::string::npos) << status.message();
  EXPECT_EQ(scale(gpu(), x, x, 1, 0).code(), StatusCode::device_error);
}

TEST_F(OnDevice, TensorsMayBeDroppedWhileTheyAreUsed) {
  const Tensor sum = tensor({0, 0}, "sum");
  for (int i = 0; i < 20; ++i) {
    const Tensor x = tensor({1, 2}, "short lived");
    ASSERT_TRUE(accumulate(gpu(), x, sum).ok());
    if (i % 5 == 0) {
      ASSERT_TRUE(gpu().submit().ok());
    }
  }
  EXPECT_EQ(values_of(sum), (std::vector<float>{20, 40}));
}

TEST_F(OnDevice, TensorsMayOutliveTheirDevice) {
  auto other = open();
  ASSERT_TRUE(other);
  auto t = other->allocate({100}, DType::f32, "survivor");
  ASSERT_TRUE(t.ok());
  other.reset();
  std::thread([&] { t->buffer.reset(); }).join();
}

// Copies that still run read the staging buffer: it once went before they were done.
TEST_F(OnDevice, ADeviceIsClosedOnlyAfterItsUploadsHaveRun) {
  const auto values = counting(4u << 20);
  for (int i = 0; i < 5; ++i) {
    auto other = open();
    ASSERT_TRUE(other);
    const auto t = other->allocate({static_cast<int64_t>(values.size())}, DType::f32, "large");
    ASSERT_TRUE(t.ok()) << t.message();
    ASSERT_TRUE(other->upload(*t, std::as_bytes(std::span(values))).ok());
  }
}

TEST_F(OnDevice, FreedMemoryIsUsedAgain) {
  ASSERT_TRUE(gpu().submit().ok());
  const uint64_t before = gpu().bytes_in_use();
  {
    const auto small = gpu().allocate({1000}, DType::f32, "small");
    const auto large = gpu().allocate({20 << 20}, DType::f32, "large, with memory of its own");
    ASSERT_TRUE(large.ok()) << large.message();
    EXPECT_GE(gpu().bytes_in_use(), before + (80u << 20));
    (void)values_of(*small);
  }
  EXPECT_EQ(gpu().bytes_in_use(), before);
}

TEST_F(OnDevice, BriefMemoryIsZeroAndGivenBack) {
  ASSERT_TRUE(gpu().submit().ok());
  const uint64_t before = gpu().bytes_in_use();
  {
    const auto brief = gpu().allocate_briefly({5 << 20}, DType::f32, "more than a block has left");
    ASSERT_TRUE(brief.ok()) << brief.message();
    EXPECT_GE(gpu().bytes_in_use(), before + (20u << 20));
    EXPECT_EQ(values_of(*brief), std::vector<float>(5 << 20));
  }
  EXPECT_EQ(gpu().bytes_in_use(), before);
}

TEST_F(OnDevice, WeightsGoBackToTheDriverWhileTensorsThatCameBetweenThemStay) {
  std::vector<Tensor> state, weights;
  for (int i = 0; i < 8; ++i) {
    state.push_back(*gpu().allocate({1 << 20}, DType::f32, "state"));
    weights.push_back(*gpu().allocate_weight({1 << 20}, DType::f32, "weight"));
  }
  const uint64_t held = gpu().bytes_held();
  weights.clear();
  EXPECT_LE(gpu().bytes_held(), held - (32u << 20));
}

TEST_F(OnDevice, AvailableMemoryIsNoMoreThanItsHeapHas) {
  const uint64_t free = gpu().available_memory();
  EXPECT_GT(free, 0u);
  EXPECT_LE(free, gpu().description().memory_bytes);
  // A software driver's memory is the host's.
  if (gpu().description().software) {
    EXPECT_LE(free, available_memory() + (64u << 20));
  }
}

TEST_F(OnDevice, TooLargeATensorIsOutOfMemoryWithTheNumbers) {
  const auto t = gpu().allocate({int64_t{1} << 50}, DType::f32, "blk.0.huge");
  EXPECT_EQ(t.code(), StatusCode::out_of_memory);
  EXPECT_NE(t.message().find("blk.0.huge: 4503599627370496 bytes"), std::string::npos) << t.message();
  EXPECT_NE(t.message().find("in use"), std::string::npos) << t.message();
}

TEST_F(OnDevice, ATensorAboveTheDevicesLimitIsRefusedWithTheLimit) {
  gpu().device().largest_buffer = 1 << 20;
  EXPECT_TRUE(gpu().allocate({1 << 18}, DType::f32, "as large as it may be").ok());
  const auto t = gpu().allocate({(1 << 18) + 4}, DType::f32, "larger");
  EXPECT_EQ(t.code(), StatusCode::out_of_memory);
  EXPECT_NE(t.message().find("more than one buffer may have"), std::string::npos) << t.message();
}

TEST_F(OnDevice, WindowsAndAbsentTensors) {
  const uint64_t align = gpu().recorder().limits().storage_alignment;
  std::vector<float> values(align / 4 + 4, 0.0f);
  values[align / 4 + 1] = 7;
  const Tensor x = tensor(values, "x");
  const Tensor y = tensor({0, 0, 0, 0}, "y");
  const ScalePush push = {4, 1.0f};
  const Status status = gpu().recorder().dispatch({.kernel = "scale",
                                                   .bindings = {{&x, Access::read, align, 16}, {&y, Access::write}},
                                                   .push_constants = bytes_of(push)});
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(values_of(y), (std::vector<float>{1, 8, 1, 1}));

  const auto words = gpu().allocate({4}, DType::i32, "words");
  const auto out = gpu().allocate({1}, DType::i32, "out");
  const std::array<int32_t, 4> four = {1, 10, 100, 1000};
  ASSERT_TRUE(gpu().upload(*words, std::as_bytes(std::span(four))).ok());
  const std::array<uint32_t, 3> params = {20000, 300000, 4000000};
  const Status absent =
      gpu().recorder().dispatch({.kernel = "two_views",
                                 .bindings = {{&*words, Access::read}, {nullptr, Access::read}, {&*out, Access::write}},
                                 .push_constants = bytes_of(params)});
  ASSERT_TRUE(absent.ok()) << absent.message();
  int32_t sum = 0;
  ASSERT_TRUE(gpu().download(*out, std::as_writable_bytes(std::span(&sum, 1))).ok());
  EXPECT_EQ(sum, 4321111);
}

TEST_F(OnDevice, DisagreementsBetweenLauncherAndShaderAreErrors) {
  const Tensor x = tensor({1, 2}, "x");
  const Tensor y = tensor({1, 2}, "y");
  const ScalePush push = {2, 0};
  const uint32_t short_push = 2;
  const auto expect = [&](const Dispatch& dispatch, const std::string& part) {
    const Status status = gpu().recorder().dispatch(dispatch);
    EXPECT_EQ(status.code(), StatusCode::internal) << part;
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  expect({.kernel = "nothing", .bindings = {}, .push_constants = {}}, "no kernel \"nothing\"");
  expect({.kernel = "scale", .bindings = {{&x}}, .push_constants = bytes_of(push)}, "1 bindings passed");
  expect({.kernel = "scale", .bindings = {{&x}, {&y, Access::write}}, .push_constants = bytes_of(short_push)},
         "4 bytes of push constants");
  expect({.kernel = "scale", .bindings = {{&x}, {&y, Access::read}}, .push_constants = bytes_of(push)},
         "binding 1 is not readonly");
  expect({.kernel = "scale", .bindings = {{&x, Access::write}, {&y, Access::write}}, .push_constants = bytes_of(push)},
         "binding 0 is readonly");
  expect(
      {.kernel = "scale", .bindings = {{&x, Access::read, 4}, {&y, Access::write}}, .push_constants = bytes_of(push)},
      "starts at byte 4");
  expect({.kernel = "scale",
          .bindings = {{&x, Access::read, 0, 4096}, {&y, Access::write}},
          .push_constants = bytes_of(push)},
         "of x, which has 16");
  expect({.kernel = "scale",
          .bindings = {{&x}, {&y, Access::write}},
          .push_constants = bytes_of(push),
          .groups = {0, 1, 1}},
         "0 workgroups");
  std::vector<float> more(3);
  EXPECT_EQ(gpu().download(x, std::as_writable_bytes(std::span(more))).code(), StatusCode::internal);
  EXPECT_EQ(gpu().upload(x, std::as_bytes(std::span(more))).code(), StatusCode::internal);
}

TEST_F(OnDevice, WorkgroupsLargerThanTheDeviceAllowsAreUnsupported) {
  const Tensor x = tensor({1}, "x");
  const uint32_t n = 1;
  const Status status = gpu().recorder().dispatch({.kernel = "accumulate",
                                                   .bindings = {{&x}, {&x, Access::write}},
                                                   .push_constants = bytes_of(n),
                                                   .constants = {1u << 20}});
  EXPECT_EQ(status.code(), StatusCode::unsupported) << status.message();
}

TEST_F(OnDevice, ARecordingThatFailsLeavesWhatWasRecordedBefore) {
  const Tensor x = tensor({1, 2}, "x"), sum = tensor({0, 0}, "sum");
  ASSERT_TRUE(accumulate(gpu(), x, sum).ok());
  const auto thrown = gpu().record([&]() -> Status {
    EXPECT_TRUE(accumulate(gpu(), x, sum).ok());
    throw vk::OutOfDeviceMemoryError("fault injected");
  });
  EXPECT_EQ(thrown.code(), StatusCode::out_of_memory);
  const auto refused = gpu().record([&] {
    EXPECT_TRUE(accumulate(gpu(), x, sum).ok());
    return Status(StatusCode::unsupported, "refused");
  });
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  ASSERT_TRUE(accumulate(gpu(), x, sum).ok());
  EXPECT_EQ(values_of(sum), (std::vector<float>{2, 4})) << "of the three, those that were not to be recorded";
}

TEST_F(OnDevice, ALostDeviceStaysLost) {
  const Tensor x = tensor({1}, "x");
  const Status lost =
      gpu().device().health.guard("testing", []() -> Status { throw vk::DeviceLostError("fault injected"); });
  EXPECT_EQ(lost.code(), StatusCode::device_error);
  std::vector<float> value(1);
  const Status after = gpu().download(x, std::as_writable_bytes(std::span(value)));
  EXPECT_EQ(after.code(), StatusCode::device_error);
  EXPECT_NE(after.message().find("lost earlier"), std::string::npos) << after.message();
  EXPECT_EQ(scale(gpu(), x, x, 1, 0).code(), StatusCode::device_error);
  EXPECT_EQ(gpu().allocate({1}, DType::f32, "y").code(), StatusCode::device_error);
}

TEST(DeviceHealth, WhatDriversThrowBecomesAStatus) {
  DeviceHealth health;
  const auto thrown = [&](auto exception) { return health.guard("testing", [&]() -> Status { throw exception; }); };
  EXPECT_EQ(thrown(vk::OutOfDeviceMemoryError("x")).code(), StatusCode::out_of_memory);
  EXPECT_EQ(thrown(vk::OutOfHostMemoryError("x")).code(), StatusCode::out_of_memory);
  EXPECT_EQ(thrown(std::bad_alloc()).code(), StatusCode::out_of_memory);
  EXPECT_EQ(thrown(vk::InitializationFailedError("x")).code(), StatusCode::device_error);
  EXPECT_EQ(thrown(std::runtime_error("x")).code(), StatusCode::device_error);
  EXPECT_EQ(thrown(3).code(), StatusCode::device_error);
  EXPECT_FALSE(health.lost());
}

}  // namespace
}  // namespace tritium::vulkan
