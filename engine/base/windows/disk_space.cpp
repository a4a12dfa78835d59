#include "base/disk_space.h"

#include "base/path.h"
#include "base/windows/handles.h"

namespace tritium {

std::optional<uint64_t> free_disk_bytes(const std::string& path) {
  ULARGE_INTEGER free = {};
  if (!::GetDiskFreeSpaceExW(wide(folder_of(path)).c_str(), &free, nullptr, nullptr)) return std::nullopt;
  return free.QuadPart;
}

int reserve_blocks(int descriptor, const std::string& path, uint64_t bytes) {
  const std::optional<uint64_t> free = free_disk_bytes(path);
  if (free && *free < bytes) return ERROR_DISK_FULL;
  FILE_ALLOCATION_INFO blocks = {};
  blocks.AllocationSize.QuadPart = static_cast<LONGLONG>(bytes);
  if (::SetFileInformationByHandle(handle_of(descriptor), FileAllocationInfo, &blocks, sizeof blocks)) return 0;
  const auto problem = static_cast<int>(::GetLastError());
  return says_disk_is_full(problem) || problem == ERROR_FILE_TOO_LARGE ? problem : 0;
}

bool says_disk_is_full(int problem) { return problem == ERROR_DISK_FULL || problem == ERROR_HANDLE_DISK_FULL; }

}  // namespace tritium
