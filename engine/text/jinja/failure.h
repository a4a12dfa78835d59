// Why a template cannot be read or rendered. Thrown within this folder only; template.cpp makes a Status of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace tritium::jinja {

// Both from 1; 0: not known yet.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
};

struct Failure {
  explicit Failure(std::string what, Place where = {}) : what(std::move(what)), where(where) {}
  std::string what;
  Place where;               // of what failed; the innermost one that knows it says so
  bool unsupported = false;  // understood, but not done here
  bool by_template = false;  // raise_exception(): the template does not like what it was given
};

}  // namespace tritium::jinja
