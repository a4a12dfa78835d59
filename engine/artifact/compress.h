// Zstandard (RFC 8878), by libzstd: one frame a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::artifact {

inline constexpr int kMostLevel = 22;

// Of one frame no more than this times its bytes can come: a block of 128 KiB takes four bytes at least.
inline constexpr uint64_t kMostExpansion = uint64_t{128 << 10} / 4;

// Each of `inputs` in a frame of its own, several at a time. The same frames whatever the number of threads. Asks
// whether it goes on (base/cancel.h) every few milliseconds, and ends within the compression of 32 KiB.
Status compress_each(std::span<const std::vector<uint8_t>> inputs, int level,
                     std::vector<std::vector<std::byte>>& frames);

// corrupt_file: the frame is damaged, or holds more or less than `out`.
Status decompress(std::span<const std::byte> frame, std::span<uint8_t> out);

}  // namespace tritium::artifact
