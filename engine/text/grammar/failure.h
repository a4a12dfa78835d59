// Why a grammar cannot be read or followed. Thrown within this folder only; grammar.cpp and grammar_state.cpp make a
// Status of it.
#pragma once

#include <string>
#include <utility>

#include "tritium/status.hpp"

namespace tritium::grammar {

struct Failure {
  explicit Failure(std::string what, StatusCode code = StatusCode::invalid_argument)
      : what(std::move(what)), code(code) {}
  std::string what;
  StatusCode code;
};

}  // namespace tritium::grammar
