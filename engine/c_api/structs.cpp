#include "c_api/structs.h"

namespace tritium::c_api {

Status check_size(uint64_t size, uint64_t first, const char* name) {
  if (size >= first && size <= kLargestSize) return Status();
  return error(StatusCode::invalid_argument, name, " has size ", size, ", must be ", first, " or more, at most ",
               kLargestSize, ": set it to sizeof(", name, ")");
}

Status check_unknown(const void* given, uint64_t known, uint64_t size, const char* name) {
  const auto* bytes = static_cast<const std::byte*>(given);
  for (uint64_t i = known; i < size; ++i)
    if (bytes[i] != std::byte{0})
      return error(StatusCode::unsupported, name, " sets what this library (", tritium_version_string(),
                   ") does not know, at byte ", i, ": its header is a later one");
  return Status();
}

}  // namespace tritium::c_api
