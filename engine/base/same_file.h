// Files that are written must not be files that are read.
#pragma once

#include <span>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

struct NamedFile {
  std::string what;  // as the user knows it: "the output"
  std::string path;  // empty: none
};

// invalid_argument when one of `outputs` is one of `inputs`, or two outputs are one, through links and other spellings
// too. What does not exist yet is nothing that is read.
Status check_outputs(std::span<const NamedFile> outputs, std::span<const NamedFile> inputs);

}  // namespace tritium
