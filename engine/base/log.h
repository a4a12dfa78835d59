// Sends a line to the application's sink, if it gave one.
#pragma once

#include "tritium/log.hpp"

namespace tritium {

inline void log_to(const LogSink& sink, LogLevel level, const std::string& line) {
  if (sink) sink(level, line);
}

}  // namespace tritium
