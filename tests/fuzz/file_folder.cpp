#include "tests/fuzz/file_folder.h"

#include <unistd.h>

namespace tritium::fuzz {

namespace fs = std::filesystem;

FileFolder::FileFolder() {
  const char* memory = "/dev/shm";
  const fs::path parent = ::access(memory, W_OK) == 0 ? fs::path(memory) : fs::temp_directory_path();
  std::string name = (parent / "tritium-fuzz-XXXXXX").string();
  require(::mkdtemp(name.data()) != nullptr, "a folder for files");
  path_ = name;
}

FileFolder::~FileFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void FileFolder::write(const std::string& name, std::string_view bytes) const {
  std::ofstream out(path_ / name, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(out.good(), "room for a file");
}

}  // namespace tritium::fuzz
