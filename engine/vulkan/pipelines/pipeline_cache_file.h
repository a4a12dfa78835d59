// The pipeline cache on disk: what a driver compiled, kept between runs. Its header names the device, the
// driver and a checksum; a file that is damaged or was written for another driver is as good as none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::vulkan {

// Whose cache it is. All of it must match: drivers trust the bytes they are given.
struct PipelineCacheKey {
  std::array<uint8_t, 16> device_uuid{};
  std::array<uint8_t, 16> cache_uuid{};
  uint32_t driver_version = 0;
  bool operator==(const PipelineCacheKey&) const = default;
};

// `configured`, or $XDG_CACHE_HOME/tritium, or ~/.cache/tritium; empty when none of these is known.
std::filesystem::path pipeline_cache_dir(const std::filesystem::path& configured);
std::filesystem::path pipeline_cache_file(const std::filesystem::path& dir, const PipelineCacheKey& key);

std::optional<std::vector<std::byte>> read_pipeline_cache(const std::filesystem::path& file,
                                                          const PipelineCacheKey& key);
// Makes the folder; writes a temporary file and renames it, so that two processes do not mix.
Status write_pipeline_cache(const std::filesystem::path& file, const PipelineCacheKey& key,
                            std::span<const std::byte> data);

}  // namespace tritium::vulkan
