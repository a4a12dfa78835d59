#include "server/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace tritium::server {

Status tell_supervisor(const std::string& state) {
  const char* named = std::getenv("NOTIFY_SOCKET");
  const std::string path = named ? named : "";
  if (path.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((path.front() != '/' && path.front() != '@') || path.size() >= sizeof address.sun_path)
    return Status(StatusCode::invalid_argument, "NOTIFY_SOCKET \"" + path + "\" is no address of a local socket");
  path.copy(address.sun_path, path.size());
  size_t name_size = path.size() + 1;
  if (path.front() == '@') {  // Linux's abstract names begin with a zero, and end where their size says
    address.sun_path[0] = '\0';
    name_size = path.size();
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_size);
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool sent = descriptor >= 0 && sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                                              reinterpret_cast<const sockaddr*>(&address), size) >= 0;
  const int problem = errno;
  if (descriptor >= 0) close(descriptor);
  if (sent) return {};
  return Status(StatusCode::io_error, "NOTIFY_SOCKET \"" + path + "\": " + std::strerror(problem));
}

}  // namespace tritium::server
