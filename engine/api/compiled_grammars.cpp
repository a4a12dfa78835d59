#include "api/compiled_grammars.h"

#include "text/grammar/network.h"

namespace tritium {

Result<grammar::Grammar> CompiledGrammars::of(const GenerateOptions& options) {
  const bool is_schema = options.grammar.empty();
  std::pair key(is_schema, is_schema ? options.json_schema : options.grammar);
  if (const std::optional<grammar::Grammar> kept = kept_.find(key)) return *kept;
  Result<grammar::Grammar> made =
      is_schema ? grammar::grammar_of_json_schema(key.second) : grammar::parse_gbnf(key.second);
  if (!made.ok()) return made;
  const size_t bytes = key.second.size() + made->network()->bytes();
  kept_.add(std::move(key), *made, bytes);
  return made;
}

}  // namespace tritium
