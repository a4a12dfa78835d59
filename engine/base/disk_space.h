// How much a disk has left, and taking some of it before it is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tritium {

// What may still be written where `path` is or would be. None: unknown.
std::optional<uint64_t> free_disk_bytes(const std::string& path);

// Blocks for the first `bytes` of an open file, which is at `path`; its size stays. 0, or the system's error
// (base/system_error.h), also when a limit on the size of files is lower. Where a file system cannot take blocks
// beforehand, what is free has to do.
int reserve_blocks(int descriptor, const std::string& path, uint64_t bytes);

bool says_disk_is_full(int problem);

}  // namespace tritium
