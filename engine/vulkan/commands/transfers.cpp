#include "vulkan/commands/transfers.h"

#include <algorithm>
#include <cstring>

#include "base/cancel.h"

namespace tritium::vulkan {
namespace {

// Four chunks in the ring: the host fills one while the device copies another.
constexpr uint64_t kChunk = uint64_t{4} << 20;
constexpr uint64_t kRing = 4 * kChunk;
constexpr uint64_t kFirstReadback = uint64_t{64} << 10;
constexpr uint64_t kLastReadback = uint64_t{16} << 20;

}  // namespace

Transfers::Transfers(MemoryPool& pool, CommandRecorder& recorder, Submissions& submissions)
    : pool_(pool),
      recorder_(recorder),
      submissions_(submissions),
      ring_(kRing),
      staging_(pool.make_mapped(kRing, MappedUse::upload, "staging")) {}

uint64_t Transfers::take_staging(uint64_t bytes) {
  ring_.complete(submissions_.completed());
  for (;;) {
    const uint64_t number = submissions_.current().number;
    if (const auto begin = ring_.take(bytes, number)) return *begin;
    // Full: send off what is recorded and wait for the oldest user of the ring.
    recorder_.submit();
    submissions_.wait(submissions_.completed() + 1);
    ring_.complete(submissions_.completed());
  }
}

void Transfers::upload(const std::shared_ptr<VulkanBuffer>& to, uint64_t bytes, const ChunkWriter& write) {
  for (uint64_t done = 0; done < bytes;) {
    check_cancelled();
    const uint64_t chunk = std::min(kChunk, bytes - done);
    const uint64_t begin = take_staging(chunk);
    write(done, {staging_->data + begin, chunk});
    recorder_.copy_in(*staging_, begin, to, done, chunk);
    done += chunk;
    // A whole chunk is a weight being loaded: let the device begin.
    if (chunk == kChunk) recorder_.submit();
  }
}

void Transfers::download(const std::shared_ptr<VulkanBuffer>& from, std::span<std::byte> out) {
  const uint64_t wanted = std::min<uint64_t>(std::max<uint64_t>(out.size(), kFirstReadback), kLastReadback);
  if (!readback_ || readback_->bytes < wanted) {
    submissions_.wait(submissions_.submitted());
    readback_.reset();
    readback_ = pool_.make_mapped(wanted, MappedUse::readback, "readback");
  }
  for (uint64_t done = 0; done < out.size();) {
    const uint64_t chunk = std::min<uint64_t>(readback_->bytes, out.size() - done);
    recorder_.copy_out(from, done, *readback_, chunk);
    recorder_.submit();
    submissions_.wait(submissions_.submitted());
    std::memcpy(out.data() + done, readback_->data, chunk);
    done += chunk;
  }
}

}  // namespace tritium::vulkan
