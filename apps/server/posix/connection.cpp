#include "server/connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

namespace tritium::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Whether it happened in time.
bool wait_for(int descriptor, short what, milliseconds at_most) {
  pollfd one = {.fd = descriptor, .events = what, .revents = 0};
  const Deadline until = in(at_most);
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();  // never too soon
    const int ready = poll(&one, 1, static_cast<int>(std::clamp<long long>(left, 0, 1 << 30)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::string name_of(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  if (getnameinfo(address, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) return "?";
  return host.data();
}

int port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

}  // namespace

Connection::~Connection() {
  if (descriptor_ >= 0) close(descriptor_);
}

long Connection::read(char* into, size_t size, Deadline until) {
  while (true) {
    const ssize_t n = recv(descriptor_, into, size, MSG_DONTWAIT);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0 || !wait_for(descriptor_, POLLIN, left)) return -1;
  }
}

bool Connection::write(std::string_view bytes, milliseconds patience) {
  while (!bytes.empty()) {
    const ssize_t n = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!wait_for(descriptor_, POLLOUT, patience)) return false;
    } else if (n < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool Connection::is_readable(milliseconds at_most) const { return wait_for(descriptor_, POLLIN, at_most); }

bool Connection::peer_is_gone() const {
  char byte = 0;
  const ssize_t n = recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Connection::shut_down() { shutdown(descriptor_, SHUT_RDWR); }

void Connection::close_gently(milliseconds at_most) {
  shutdown(descriptor_, SHUT_WR);
  std::array<char, 16384> dropped{};
  const Deadline until = in(at_most);
  while (read(dropped.data(), dropped.size(), until) > 0 && steady_clock::now() < until) {
  }
  close(std::exchange(descriptor_, -1));
}

Result<Listener> Listener::open(const std::string& host, int port) {
  const std::string place = host + ":" + std::to_string(port);
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int problem = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found); problem != 0)
    return Status(StatusCode::io_error, place + ": " + gai_strerror(problem));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  int problem = EADDRNOTAVAIL;
  for (const addrinfo* one = found; one; one = one->ai_next) {
    const int descriptor = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    const int yes = 1;
    // A server that is started again gets its port though old connections linger; never one that another server has.
    if (descriptor >= 0) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    constexpr int kBacklog = 511;
    if (descriptor >= 0 && bind(descriptor, one->ai_addr, one->ai_addrlen) == 0 && listen(descriptor, kBacklog) == 0)
      return Listener(descriptor, port_of(descriptor));
    problem = errno;
    if (descriptor >= 0) close(descriptor);
  }
  const char* remedy = problem == EADDRINUSE ? "; take another --port (0: any that is free)" : "";
  return Status(StatusCode::io_error, place + ": cannot listen there: " + std::strerror(problem) + remedy);
}

Listener::~Listener() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::optional<Connection> Listener::accept(milliseconds at_most) {
  if (!wait_for(descriptor_, POLLIN, at_most)) return std::nullopt;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int descriptor = accept4(descriptor_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC);
  if (descriptor < 0) {
    // Whoever came is still there: without a pause this would be asked again at once.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      std::this_thread::sleep_for(milliseconds(10));
    return std::nullopt;
  }
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // a token is sent when it is there
  return Connection(descriptor, name_of(reinterpret_cast<sockaddr*>(&address), size));
}

}  // namespace tritium::server
