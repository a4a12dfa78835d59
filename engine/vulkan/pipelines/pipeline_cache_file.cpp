#include "vulkan/pipelines/pipeline_cache_file.h"

#include <fstream>

#include "base/atomic_file.h"
#include "base/cache_folder.h"
#include "base/checksum.h"
#include "base/format_text.h"

namespace tritium::vulkan {
namespace {

constexpr uint64_t kMagic = 0x3230434b50545254;     // "TRTPKC02" in little endian
constexpr uint64_t kLargest = uint64_t{256} << 20;  // a file above this is not ours

struct Header {
  uint64_t magic = kMagic;
  PipelineCacheKey key;
  uint32_t reserved = 0;
  uint64_t bytes = 0;
  uint64_t checksum = 0;
};
static_assert(sizeof(Header) == 64, "written to disk as it is: no padding");

}  // namespace

std::filesystem::path pipeline_cache_dir(const std::filesystem::path& configured) {
  return configured.empty() ? std::filesystem::path(user_cache_folder()) : configured;
}

std::filesystem::path pipeline_cache_file(const std::filesystem::path& dir, const PipelineCacheKey& key) {
  std::string uuid;
  for (const uint8_t byte : key.device_uuid) {
    constexpr char kDigits[] = "0123456789abcdef";
    uuid += kDigits[byte >> 4];
    uuid += kDigits[byte & 15];
  }
  return dir / join("pipelines-", uuid, "-", key.driver_version, ".bin");
}

std::optional<std::vector<std::byte>> read_pipeline_cache(const std::filesystem::path& file,
                                                          const PipelineCacheKey& key) {
  std::ifstream in(file, std::ios::binary);
  Header header;
  if (!in || !in.read(reinterpret_cast<char*>(&header), sizeof header)) return std::nullopt;
  if (header.magic != kMagic || header.key != key || header.bytes > kLargest) return std::nullopt;
  std::error_code problem;
  if (std::filesystem::file_size(file, problem) != sizeof header + header.bytes || problem) return std::nullopt;
  std::vector<std::byte> data(header.bytes);
  if (!in.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()))) return std::nullopt;
  if (checksum_of(data) != header.checksum) return std::nullopt;
  return data;
}

Status write_pipeline_cache(const std::filesystem::path& file, const PipelineCacheKey& key,
                            std::span<const std::byte> data) {
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  if (problem)
    return error(StatusCode::io_error, file.parent_path().string(), ": cannot make this folder: ", problem.message());
  const Header header = {.key = key, .bytes = data.size(), .checksum = checksum_of(data)};
  Result<AtomicFile> out = AtomicFile::create(file.string());
  if (!out.ok()) return out.status();
  if (Status status = out->write(std::as_bytes(std::span(&header, 1))); !status.ok()) return status;
  if (Status status = out->write(data); !status.ok()) return status;
  return out->commit();
}

}  // namespace tritium::vulkan
