#include "vulkan/pipelines/cache_file.h"

#include <fstream>

#include "base/atomic_file.h"
#include "base/cache_folder.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/path.h"

namespace tritium::vulkan {
namespace {

constexpr uint64_t kLargest = uint64_t{256} << 20;  // a file above this is not ours

struct Header {
  uint64_t magic = 0;
  CacheKey key;
  uint64_t bytes = 0;
  uint64_t checksum = 0;
};
static_assert(sizeof(Header) == 72, "written to disk as it is: no padding");

}  // namespace

std::filesystem::path cache_folder(const std::filesystem::path& configured) {
  return configured.empty() ? path_of(user_cache_folder()) : configured;
}

std::filesystem::path cache_file(const std::filesystem::path& folder, const CacheKind& kind, const CacheKey& key) {
  std::string uuid;
  for (const uint8_t byte : key.device_uuid) {
    constexpr char kDigits[] = "0123456789abcdef";
    uuid += kDigits[byte >> 4];
    uuid += kDigits[byte & 15];
  }
  return folder / join(kind.name, "-", uuid, "-", key.driver_version, ".bin");
}

std::optional<std::vector<std::byte>> read_cache(const std::filesystem::path& file, const CacheKind& kind,
                                                 const CacheKey& key) {
  std::ifstream in(file, std::ios::binary);
  Header header;
  if (!in || !in.read(reinterpret_cast<char*>(&header), sizeof header)) return std::nullopt;
  if (header.magic != kind.magic || header.key != key || header.bytes > kLargest) return std::nullopt;
  std::error_code problem;
  if (std::filesystem::file_size(file, problem) != sizeof header + header.bytes || problem) return std::nullopt;
  std::vector<std::byte> data(header.bytes);
  if (!in.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()))) return std::nullopt;
  if (checksum_of(data) != header.checksum) return std::nullopt;
  return data;
}

Status write_cache(const std::filesystem::path& file, const CacheKind& kind, const CacheKey& key,
                   std::span<const std::byte> data) {
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  if (problem)
    return error(StatusCode::io_error, utf8_of(file.parent_path()), ": cannot make this folder: ", problem.message());
  const Header header = {.magic = kind.magic, .key = key, .bytes = data.size(), .checksum = checksum_of(data)};
  Result<AtomicFile> out = AtomicFile::create(utf8_of(file));
  if (!out.ok()) return out.status();
  if (Status status = out->write(std::as_bytes(std::span(&header, 1))); !status.ok()) return status;
  if (Status status = out->write(data); !status.ok()) return status;
  return out->commit();
}

}  // namespace tritium::vulkan
