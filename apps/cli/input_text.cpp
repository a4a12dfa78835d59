#include "cli/input_text.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tritium::cli {

Result<std::string> read_text(const std::string& path) {
  const auto refused = [&](int problem) {
    const std::string name = path == "-" ? "standard input" : path;
    return Status(StatusCode::io_error, name + ": cannot be read: " + std::strerror(problem) + "; give a text file");
  };
  const auto close = [](std::FILE* f) { return f == stdin ? 0 : std::fclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close);
  if (!file) return refused(errno);
  std::string text;
  std::array<char, 1 << 16> chunk;
  errno = 0;
  while (const size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get())) text.append(chunk.data(), n);
  if (std::ferror(file.get()) != 0) return refused(errno);
  return text;
}

}  // namespace tritium::cli
