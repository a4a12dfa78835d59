// Files in the cache folder: what was found out on a device with a driver, kept between runs. A file's header names the
// device, the driver and a checksum; one that is damaged or was written for others is as good as none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::vulkan {

struct CacheKind {
  std::string_view name;  // of its files, in front
  uint64_t magic = 0;     // the first bytes of each
};
inline constexpr CacheKind kPipelineCache = {"pipelines", 0x3330434b50545254};  // "TRTPKC03" in little endian
inline constexpr CacheKind kFusionCache = {"fusions", 0x3130535546545254};      // "TRTFUS01"

// Whose file it is. All of it must match: drivers trust the bytes they are given.
struct CacheKey {
  std::array<uint8_t, 16> device_uuid{};
  std::array<uint8_t, 16> cache_uuid{};
  uint32_t driver_version = 0;
  uint32_t reserved = 0;
  uint64_t kernels = 0;  // the checksum of all of them, where it is about those; else 0
  bool operator==(const CacheKey&) const = default;
};

// `configured`, or $XDG_CACHE_HOME/tritium, or ~/.cache/tritium; empty when none of these is known.
std::filesystem::path cache_folder(const std::filesystem::path& configured);
// Files for other kernels have the same name: the last one stays.
std::filesystem::path cache_file(const std::filesystem::path& folder, const CacheKind& kind, const CacheKey& key);

std::optional<std::vector<std::byte>> read_cache(const std::filesystem::path& file, const CacheKind& kind,
                                                 const CacheKey& key);
// Makes the folder; writes a temporary file and renames it, so that two processes do not mix.
Status write_cache(const std::filesystem::path& file, const CacheKind& kind, const CacheKey& key,
                   std::span<const std::byte> data);

}  // namespace tritium::vulkan
