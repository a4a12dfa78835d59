// Grammars and JSON schemas, compiled, of the last generations: the next one, and each choice of a request, finds its
// own ready. A large schema takes seconds.
#pragma once

#include <string>
#include <utility>

#include "base/recently_used.h"
#include "text/grammar/grammar.h"
#include "tritium/options.hpp"

namespace tritium {

class CompiledGrammars {
 public:
  // Of the one of GenerateOptions::grammar and json_schema that there is. Errors as of parse_gbnf() and
  // grammar_of_json_schema(). Any number of threads.
  Result<grammar::Grammar> of(const GenerateOptions& options);

 private:
  // By the notation and the whole text.
  RecentlyUsed<std::pair<bool, std::string>, grammar::Grammar> kept_{16, size_t{64} << 20};
};

}  // namespace tritium
