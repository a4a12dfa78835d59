// Failures become Statuses here.
#include "text/grammar/grammar.h"

#include <algorithm>
#include <utility>

#include "base/caught.h"
#include "base/format_text.h"
#include "base/json.h"
#include "text/grammar/failure.h"
#include "text/grammar/gbnf_parser.h"
#include "text/grammar/machine.h"
#include "text/grammar/schema.h"
#include "text/unicode.h"

namespace tritium::grammar {
namespace {

constexpr size_t kMostSource = size_t{1} << 20;  // bytes

// What `read(rules)` makes the root of.
template <typename Read>
Result<Grammar> made_by(const char* kind, std::string_view source, Read&& read) {
  if (source.size() > kMostSource)
    return error(StatusCode::invalid_argument, kind, ": ", source.size(), " bytes; at most ", kMostSource, " are read");
  if (!is_utf8(source)) return error(StatusCode::invalid_argument, kind, ": it is not UTF-8 text");
  try {
    Rules rules;
    const uint32_t root = read(rules);
    return Grammar(std::make_shared<const Network>(Network::make(rules, root)));
  } catch (const Failure& failure) {
    return error(failure.code, kind, ": ", failure.what);
  } catch (...) {
    return caught();
  }
}

}  // namespace

Result<Grammar> parse_gbnf(std::string_view source) {
  return made_by("grammar", source, [&](Rules& rules) { return GbnfParser(source, rules).run(); });
}

Result<Grammar> grammar_of_json_schema(std::string_view json, const SchemaOptions& options) {
  return made_by("schema", json, [&](Rules& rules) {
    const Result<Json> schema = parse_json(json);
    if (!schema.ok())
      throw Failure(schema.message(),
                    schema.code() == StatusCode::corrupt_file ? StatusCode::invalid_argument : schema.code());
    return SchemaReader(*schema, options, rules).run();
  });
}

Result<bool> fits(const Grammar& grammar, std::string_view text) {
  try {
    Machine machine(grammar.network());
    Machine::State state = machine.start();
    const bool fit = std::ranges::all_of(text, [&](char c) { return machine.step(state, static_cast<uint8_t>(c)); });
    return fit && machine.ends(state);
  } catch (const Failure& failure) {
    return error(StatusCode::unsupported, "grammar: ", failure.what);
  } catch (...) {
    return caught();
  }
}

}  // namespace tritium::grammar
