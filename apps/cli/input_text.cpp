#include "cli/input_text.h"

#include <cstdio>
#include <memory>

#include "cli/printable.h"
#include "cli/system.h"
#include "cli/terminal.h"

namespace tritium::cli {

TextWaiting say_waiting(const std::string& path) {
  const bool typing = path == "-" && is_terminal(Stream::input);
  return [path, said = typing](double seconds) mutable {
    if (!said && seconds >= 1.0) {
      const std::string name = path == "-" ? "standard input" : path;
      std::fprintf(stderr, "tritium: waiting for text from %s\n", printable(name).c_str());
      said = true;
    }
    return !interrupted();
  };
}

}  // namespace tritium::cli
