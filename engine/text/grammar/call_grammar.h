// What a model may write that calls one of the tools it was given: JSON between marks, by the tools' schemas.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tritium/status.hpp"

namespace tritium::grammar {

struct CallNotation {
  std::string open;   // before a call, or before all of them; "": nothing
  std::string close;  // behind it
  bool list = false;  // one array of all calls; else each stands between marks of its own
  bool once = false;  // one call alone
  std::string arguments_key;
};

// A tool's name and the schema of its arguments; null: any object. So are those of a schema that no grammar here can
// hold to.
struct CallTool {
  std::string name;
  Json parameters;
};

// As GBNF. invalid_argument: there are no tools, or it is longer than what parse_gbnf() reads; cancelled.
Result<std::string> gbnf_of_calls(const CallNotation& notation, const std::vector<CallTool>& tools);

}  // namespace tritium::grammar
