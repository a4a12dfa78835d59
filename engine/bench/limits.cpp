#include "bench/limits.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <new>

#include "base/available_memory.h"
#include "base/cancel.h"
#include "base/memory.h"
#include "bench/median.h"
#include "bench/peaks.h"
#include "bench/read_loops.h"
#include "bench/team.h"

namespace tritium::bench {
namespace {

constexpr double kWindow = 0.004;               // s
constexpr int64_t kPiece = 64;                  // int64s, as read_all() takes them
constexpr uint64_t kSlice = uint64_t{1} << 20;  // bytes between two looks at the clock
constexpr uint64_t kHugePage = uint64_t{2} << 20;

std::atomic<int64_t> sink;  // keeps results alive

// "32K"
uint64_t size_in(const std::string& file) {
  std::ifstream in(file);
  uint64_t size = 0;
  char unit = 0;
  in >> size >> unit;
  return unit == 'K' ? size << 10 : unit == 'M' ? size << 20 : size;
}

std::string word_in(const std::string& file) {
  std::ifstream in(file);
  std::string word;
  in >> word;
  return word;
}

}  // namespace

CacheSizes cache_sizes() {
  CacheSizes sizes;
  for (int i = 0; i < 8; ++i) {
    const std::string cache = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    const std::string level = word_in(cache + "level");
    if (level.empty()) break;
    if (word_in(cache + "type") == "Instruction") continue;
    (level == "1" ? sizes.l1 : level == "2" ? sizes.l2 : sizes.l3) = size_in(cache + "size");
  }
  constexpr uint64_t kUsualL1 = 32 << 10, kUsualL2 = 512 << 10;
  if (sizes.l1 == 0) sizes.l1 = kUsualL1;
  if (sizes.l2 == 0) sizes.l2 = kUsualL2;
  return sizes;
}

// Memory in huge pages, as the backend's weights are; empty where there is none.
class Limits::Pages {
 public:
  explicit Pages(uint64_t bytes) : bytes_(bytes) {
    try {
      memory_ = take_memory(bytes);
    } catch (const std::bad_alloc&) {
      return;
    }
    // Pieces, so that who cancels does not wait for all of it.
    for (uint64_t at = 0; at < bytes && !cancelled(); at += kHugePage) std::memset(memory_ + at, 0, kHugePage);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() {
    if (memory_) give_back_memory(memory_, bytes_);
  }
  const int64_t* values() const { return reinterpret_cast<const int64_t*>(memory_); }

 private:
  uint64_t bytes_;
  std::byte* memory_ = nullptr;
};

Limits::Limits(std::string rung, int windows, uint64_t most_bytes)
    : rung_(std::move(rung)), windows_(windows), caches_(cache_sizes()) {
  // So much that the largest cache holds little of it. Caches keep what is read again and again, and each thread may
  // have one of its own: of four times as much a fifth did not come from memory.
  constexpr uint64_t kLeast = uint64_t{512} << 20;
  memory_bytes_ = std::clamp(16 * caches_.l3, std::min(kLeast, most_bytes), most_bytes);
  if (const uint64_t free = available_memory(); free > 0) memory_bytes_ = std::min(memory_bytes_, free / 4);
  memory_bytes_ = std::max(memory_bytes_ / kHugePage * kHugePage, kHugePage);
}

Limits::~Limits() = default;

double Limits::read(int threads, uint64_t bytes) {
  if (bytes >= memory_bytes_) return noted("read memory", threads, memory_bytes_, read_rate(threads, memory_bytes_));
  return read_rate(threads, bytes);
}

double Limits::read_rate(int threads, uint64_t bytes) {
  if (!pages_) pages_ = std::make_unique<Pages>(memory_bytes_);
  if (!pages_->values()) return 0;
  const auto piece_bytes = static_cast<uint64_t>(kPiece) * sizeof(int64_t);
  const uint64_t pieces = std::max<uint64_t>(bytes / piece_bytes / static_cast<uint64_t>(threads), 1);  // of a thread
  const bool from_memory = bytes > std::max(caches_.l3, static_cast<uint64_t>(threads) * caches_.l2);
  const uint64_t at_once = std::min(pieces, kSlice / piece_bytes);
  const uint64_t repeats = std::max<uint64_t>(1, kSlice / 4 / piece_bytes / at_once);
  std::vector<uint64_t> next(static_cast<size_t>(threads) * 8);  // a line apart
  const double rate = team_rate(threads, windows_, kWindow, [&](int thread) {
    uint64_t& at = next[static_cast<size_t>(thread) * 8];
    const uint64_t n = std::min(at_once, pieces - at);
    const int64_t* part = pages_->values() + (static_cast<uint64_t>(thread) * pieces + at) * kPiece;
    int64_t sum = 0;
    for (uint64_t r = 0; r < repeats; ++r) sum += read_all(part, static_cast<int64_t>(n) * kPiece, from_memory);
    sink += sum;
    at = at + n < pieces ? at + n : 0;
    return static_cast<double>(n * piece_bytes * repeats);
  });
  return rate * 1e-9;
}

double Limits::noted(const char* name, int threads, uint64_t bytes, double value) {
  if (value <= 0) return value;
  const auto same = [&](const Found& f) { return f.limit.name == name && f.limit.threads == threads; };
  auto found = std::ranges::find_if(found_, same);
  if (found == found_.end())
    found = found_.insert(found, {{.name = name, .threads = threads, .bytes = bytes, .gb_s = 0, .gop_s = 0}, {}});
  found->values.push_back(value);
  return value;
}

double Limits::peak(const char* name, int threads, double (*step)()) {
  const double rate = team_rate(threads, windows_, kWindow, [&](int) { return step(); });
  return noted(name, threads, 0, rate * 1e-9);
}

double Limits::dot(int threads) { return peak("int8 dot", threads, dot_peak_of(rung_)); }
double Limits::fma(int threads) { return peak("float fma", threads, fma_peak_of(rung_)); }
double Limits::amx(int threads) { return amx_peak() ? peak("int8 amx", threads, amx_peak()) : 0; }

void Limits::measure_all(int threads) {
  const auto n = static_cast<uint64_t>(threads);
  const auto level = [&](const char* name, uint64_t bytes) {
    check_cancelled();
    if (bytes < memory_bytes_) noted(name, threads, bytes, read_rate(threads, bytes));
  };
  level("read L1", caches_.l1 / 2 * n);
  level("read L2", caches_.l2 / 2 * n);
  if (caches_.l3 / 2 > caches_.l2 * n) level("read L3", caches_.l3 / 2);
  check_cancelled();
  read(threads, memory_bytes_);
  check_cancelled();
  dot(threads);
  amx(threads);
  fma(threads);
}

std::vector<MachineLimit> Limits::found() const {
  std::vector<MachineLimit> limits;
  for (const Found& f : found_) {
    limits.push_back(f.limit);
    (f.limit.bytes > 0 ? limits.back().gb_s : limits.back().gop_s) = median(f.values);
  }
  return limits;
}

}  // namespace tritium::bench
