// Text that a person hands over: a file, or what comes through a pipe.
#pragma once

#include <functional>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

// Called now and then while a pipe gives nothing, with the seconds until now; false: enough (cancelled).
using TextWaiting = std::function<bool(double seconds)>;

// All of a text in UTF-8; "-" is standard input. A byte order mark is left out. corrupt_file says what else it is:
// UTF-16, a compressed file, bytes that are no text. Other errors name the file and what the system said.
Result<std::string> read_text(const std::string& path, const TextWaiting& waiting = {});

}  // namespace tritium
