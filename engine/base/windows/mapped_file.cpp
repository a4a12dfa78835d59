#include "base/mapped_file.h"

#include <utility>

#include "base/format_text.h"
#include "base/system_error.h"
#include "base/windows/handles.h"

namespace tritium {

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Handle file(open_handle(path, {}));
  if (!file) return read_error(path);
  LARGE_INTEGER size = {};
  if (::GetFileType(file.get()) != FILE_TYPE_DISK || !::GetFileSizeEx(file.get(), &size))
    return error(StatusCode::io_error, path, ": not a regular file");
  if (size.QuadPart == 0) return MappedFile({});
  // The view keeps the mapping, and the mapping the file.
  const Handle mapping(::CreateFileMappingW(file.get(), nullptr, PAGE_READONLY, 0, 0, nullptr));
  const void* const memory = mapping ? ::MapViewOfFile(mapping.get(), FILE_MAP_READ, 0, 0, 0) : nullptr;
  if (!memory) return read_error(path);
  return MappedFile({static_cast<const std::byte*>(memory), static_cast<size_t>(size.QuadPart)});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::UnmapViewOfFile(bytes_.data());
}

void MappedFile::populate(std::span<const std::byte> part) {
  WIN32_MEMORY_RANGE_ENTRY range = {.VirtualAddress = const_cast<std::byte*>(part.data()),
                                    .NumberOfBytes = part.size()};
  if (!part.empty()) ::PrefetchVirtualMemory(::GetCurrentProcess(), 1, &range, 0);
}

}  // namespace tritium
