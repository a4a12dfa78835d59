// A file or a pipe, read call by call. What happens to it meanwhile (it is cut off, the disk fails) is a message here;
// to who reads a mapping of it, it is a signal that ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

class InputFile {
 public:
  // not_found or io_error with the system's reason; a folder is an error. A named pipe opens at once, whether or not
  // somebody writes into it.
  static Result<InputFile> open(const std::string& path);
  // The same, and io_error for everything that has no size and no places to read at: pipes, devices.
  static Result<InputFile> open_regular(const std::string& path);
  // The file that a descriptor of the system is open for, by another one of this object's own: the caller may close
  // that one. io_error for what is not a regular file, not open, or not open for reading.
  static Result<InputFile> of_descriptor(int descriptor);
  static InputFile standard_input();

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  const std::string& path() const { return path_; }
  bool regular() const { return regular_; }
  uint64_t size() const { return size_; }         // of a regular file, when it was opened
  int64_t modified() const { return modified_; }  // ns since 1970, when it was opened

  // Is there something to read, or the end? Waits for at most so long. A regular file is always ready.
  Result<bool> ready(int milliseconds) const;
  // The next bytes, as many as there are; 0: the end. Waits where nothing is ready.
  Result<size_t> read(std::span<std::byte> out);
  // Exactly the bytes from `offset` on; corrupt_file: they are not there, the file was cut off meanwhile. May be called
  // from several threads at once.
  Status read_at(uint64_t offset, std::span<std::byte> out) const;

 private:
  InputFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  static Result<InputFile> regular_only(InputFile file);
  Status look();  // what it is, and its size

  std::string path_;
  int fd_ = -1;
  bool owned_ = true;
  bool regular_ = false;
  uint64_t size_ = 0;
  int64_t modified_ = 0;
#if defined(_WIN32)
  uint64_t next_ = 0;  // where read() goes on in a regular file: reading at a place moves the system's own
#endif
};

// All of a regular file at once.
Result<std::string> read_file(const std::string& path);

}  // namespace tritium
