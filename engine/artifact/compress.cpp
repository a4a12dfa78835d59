#include "artifact/compress.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/processors.h"

namespace tritium::artifact {
namespace {

Status zstd_error(size_t code) {
  if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
    return error(StatusCode::out_of_memory, "zstd: out of memory; a lower level needs less");
  return error(StatusCode::internal, "zstd: ", ZSTD_getErrorName(code));
}

using Context = std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)>;

// A block is compressed at one go, which takes up to 0.4 s for 128 KiB: blocks end after kBlock bytes. That costs 0.1 %
// or saves as much, as blocks have tables of their own.
constexpr size_t kBlock = 32 << 10;

// High levels take tables of 256 MiB for 16 MiB of input, whose pages take a second to come; with these 12 MiB the
// frame has 0.002 % more.
constexpr int kLevelOfLargeTables = 16, kHashLog = 20, kChainLog = 21;

Status compress(std::span<const uint8_t> input, int level, const std::function<bool()>& stopped,
                std::vector<std::byte>& frame) {
  const Context context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) return error(StatusCode::out_of_memory, "zstd: out of memory");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  if (level >= kLevelOfLargeTables) {
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_hashLog, kHashLog);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_chainLog, kChainLog);
  }
  // The window covers all of it.
  ZSTD_CCtx_setPledgedSrcSize(context.get(), input.size());
  std::vector<std::byte> some(ZSTD_CStreamOutSize());
  size_t at = 0;
  while (true) {
    if (stopped()) return cancelled_status();
    const size_t n = std::min(kBlock, input.size() - at);
    const bool last = at + n == input.size();
    ZSTD_inBuffer in{input.data() + at, n, 0};
    size_t left = 1;
    while (left != 0) {
      ZSTD_outBuffer out{some.data(), some.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_flush);
      if (ZSTD_isError(left)) return zstd_error(left);
      frame.insert(frame.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(out.pos));
    }
    at += n;
    if (last) return Status();
  }
}

// Inputs that threads take one by one, while the one that waits for them asks whether it goes on.
class Jobs {
 public:
  Jobs(std::span<const std::vector<uint8_t>> inputs, int level, std::vector<std::vector<std::byte>>& frames)
      : inputs_(inputs), level_(level), frames_(frames), results_(inputs.size()) {}

  Status run() {
    const size_t most = std::min<size_t>(inputs_.size(), static_cast<size_t>(std::max(1, usable_processors())));
    std::vector<std::thread> threads;
    threads.reserve(most);
    try {
      while (threads.size() < most) threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {  // the system refuses more
    }
    if (threads.empty()) take_all([] { return cancelled(); });
    wait();
    for (std::thread& thread : threads) thread.join();
    if (stop_) return cancelled_status();
    for (Status& s : results_)
      if (!s.ok()) return std::move(s);
    return Status();
  }

 private:
  void work() {
    take_all([this] { return stop_.load(std::memory_order_relaxed); });
  }

  void take_all(const std::function<bool()>& stopped) {
    for (size_t i = next_++; i < inputs_.size(); i = next_++) {
      try {
        results_[i] = compress(inputs_[i], level_, stopped, frames_[i]);
      } catch (...) {
        results_[i] = caught();
      }
      const std::lock_guard lock(mutex_);
      ++done_;
      changed_.notify_one();
    }
  }

  void wait() {
    std::unique_lock lock(mutex_);
    while (done_ < inputs_.size()) {
      changed_.wait_for(lock, std::chrono::milliseconds(10));
      if (cancelled()) stop_ = true;
    }
  }

  std::span<const std::vector<uint8_t>> inputs_;
  int level_;
  std::vector<std::vector<std::byte>>& frames_;
  std::vector<Status> results_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t done_ = 0;
};

}  // namespace

Status compress_each(std::span<const std::vector<uint8_t>> inputs, int level,
                     std::vector<std::vector<std::byte>>& frames) {
  frames.assign(inputs.size(), {});
  return inputs.empty() ? Status() : Jobs(inputs, level, frames).run();
}

Status decompress(std::span<const std::byte> frame, std::span<uint8_t> out) {
  const unsigned long long announced = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (announced == ZSTD_CONTENTSIZE_ERROR)
    return error(StatusCode::corrupt_file, "a stream does not begin with a zstd frame");
  if (announced != ZSTD_CONTENTSIZE_UNKNOWN && announced != out.size())
    return error(StatusCode::corrupt_file, "a stream says that it holds ", announced, " bytes, ", out.size(),
                 " are expected");
  const size_t got = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(got)) {
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation) return zstd_error(got);
    return error(StatusCode::corrupt_file, "a stream cannot be decompressed: ", ZSTD_getErrorName(got));
  }
  if (got == out.size()) return Status();
  return error(StatusCode::corrupt_file, "a stream holds ", got, " bytes, ", out.size(), " are expected");
}

}  // namespace tritium::artifact
