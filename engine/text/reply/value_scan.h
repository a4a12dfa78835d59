// Where a value in brackets ends, in a text that comes byte by byte: JSON, or Python's lists of calls. It finds the end
// and no more; what the value is a parser says.
#pragma once

#include <string>

namespace tritium {

class ValueScan {
 public:
  enum class Notation { json, python };
  enum class Found { goes_on, end, broken };

  explicit ValueScan(Notation notation) : notation_(notation) {}

  // One more byte, the first of which is a bracket. `end`: the value ends with it. `broken`: no value goes on so, or it
  // is nested more deeply than is read.
  Found step(char c);

 private:
  Notation notation_;
  std::string open_;   // the brackets that must close, the innermost last
  char quote_ = '\0';  // of the string that it is in
  bool escaped_ = false;
};

}  // namespace tritium
