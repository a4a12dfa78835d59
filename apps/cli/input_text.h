// What a person is told while a pipe that was given for a text gives nothing.
#pragma once

#include <string>

#include "tritium/text_file.hpp"

namespace tritium::cli {

// For the text of `path`, "-" is standard input: after a second says what is waited for, unless somebody is typing.
TextWaiting say_waiting(const std::string& path);

}  // namespace tritium::cli
