// What a text may look like, said by a grammar: in the notation of llama.cpp (GBNF), or by a JSON schema. Grammars come
// from strangers: they are read, and followed, in time and memory that are bounded. grammar_state.h holds generated
// tokens to one.
//
// GBNF: `name ::= …` with "literals", [classes] of characters, `.`, ( ), |, * + ? {m} {m,} {m,n} and comments from #
// on; the text is what `root` describes. Escapes are \n \r \t \\ \" \[ \] \- \^ and \xHH \uHHHH \UHHHHHHHH, the numbers
// of characters. A rule ends with its line unless a bracket is open, or a line or the next one has a | there.
//
// JSON schema: papers/grammar.md says which keywords. Members are written in the order of `properties`, and others
// only where additionalProperties is there.
#pragma once

#include <memory>
#include <string_view>

#include "tritium/status.hpp"

namespace tritium::grammar {

class Network;

// Immutable; copies share it, and any number of threads may use it.
class Grammar {
 public:
  explicit Grammar(std::shared_ptr<const Network> network) : network_(std::move(network)) {}
  const std::shared_ptr<const Network>& network() const { return network_; }

 private:
  std::shared_ptr<const Network> network_;
};

struct SchemaOptions {
  bool whitespace = true;  // a space, or a line end and up to 20 blanks, where JSON may have some
};

// invalid_argument, "grammar: line L, column C: …" where there is a place: no grammar, a rule that begins with itself,
// no text that fits, or more than the limits; unsupported: an extension of others; cancelled.
Result<Grammar> parse_gbnf(std::string_view source);

// invalid_argument: no JSON, or a schema that contradicts itself, or that nothing fulfils; unsupported: a keyword that
// would restrict and is not done here, with its place ("schema: #/properties/a: …"); cancelled.
Result<Grammar> grammar_of_json_schema(std::string_view json, const SchemaOptions& options = {});

// Is it one of the grammar's texts? unsupported: the grammar is too ambiguous to be followed; cancelled.
Result<bool> fits(const Grammar& grammar, std::string_view text);

}  // namespace tritium::grammar
