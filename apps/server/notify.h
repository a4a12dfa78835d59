// What a supervisor is told, as sd_notify(3) says and as systemd and podman listen for: a datagram to the socket that
// the environment names in NOTIFY_SOCKET.
#pragma once

#include <string>

#include "tritium/status.hpp"

namespace tritium::server {

// "READY=1", "STOPPING=1". Where nobody is to be told, nothing. From any thread.
Status tell_supervisor(const std::string& state);

}  // namespace tritium::server
