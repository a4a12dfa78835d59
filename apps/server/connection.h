// Listener and Connection: TCP as the server needs it, with a time limit for whatever waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tritium/status.hpp"

namespace tritium::server {

using Deadline = std::chrono::steady_clock::time_point;
inline Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

// One thread at a time, but for peer_is_gone() and shut_down().
class Connection {
 public:
  explicit Connection(int descriptor, std::string remote) : descriptor_(descriptor), remote_(std::move(remote)) {}
  Connection(Connection&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), remote_(std::move(other.remote_)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  // Bytes read, 0 at the end; -1: nothing until then, or it is broken.
  long read(char* into, size_t size, Deadline until);
  // All of it; false: no byte was taken for so long, or it is broken.
  bool write(std::string_view bytes, std::chrono::milliseconds patience);
  // Waits for something to read: the next request, or the end.
  bool is_readable(std::chrono::milliseconds at_most) const;
  // The other end has closed, or was reset.
  bool peer_is_gone() const;
  // Whoever reads or writes ends.
  void shut_down();
  // Our end first, then what is still under way is read and dropped: else a reset could overtake the last answer.
  void close_gently(std::chrono::milliseconds at_most);
  const std::string& remote() const { return remote_; }

 private:
  int descriptor_;
  std::string remote_;
};

class Listener {
 public:
  // io_error says what the system refused. Port 0: any.
  static Result<Listener> open(const std::string& host, int port);
  Listener(Listener&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_) {}
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  // None: nobody came in that time, or the process has no descriptor left.
  std::optional<Connection> accept(std::chrono::milliseconds at_most);
  int port() const { return port_; }
  int descriptor() const { return descriptor_; }

 private:
  Listener(int descriptor, int port) : descriptor_(descriptor), port_(port) {}
  int descriptor_;
  int port_;
};

}  // namespace tritium::server
