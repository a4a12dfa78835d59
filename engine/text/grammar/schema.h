// A JSON schema -> rules. Each definition that is referred to is a rule, and so is each schema that holds together with
// others, by its content: schemas that refer to themselves come to an end.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/json.h"
#include "text/grammar/grammar.h"
#include "text/grammar/json_parts.h"
#include "text/grammar/schema_flat.h"

namespace tritium::grammar {

class SchemaReader {
 public:
  SchemaReader(const Json& document, const SchemaOptions& options, Rules& rules)
      : document_(document), rules_(rules), parts_(rules, options.whitespace) {}

  // The rule of the whole schema. Throws Failure, "#/PLACE: …".
  uint32_t run();

 private:
  struct Pending {
    uint32_t rule;
    Json schema;
    std::string place;
  };

  Node read(const Json& schema, const std::string& place);
  Node read_now(const Json& schema, const std::string& place);
  Node later(const std::string& key, const Json& schema, const std::string& place);
  const Json& resolve(const std::string& reference, const std::string& place) const;
  void flatten(const Json& schema, const std::string& place, int depth, Flat& flat) const;
  Node one_way(Flat flat, const std::string& place);
  void check_disjoint(const Flat& rest, const Flat::Choice& choice) const;
  Node values(const Flat& flat, Types types, const std::string& place);
  Node of_types(const Flat& flat, Types types, const std::string& place);

  // schema_containers.cpp
  Node object(const Flat& flat, const std::string& place);
  Node array(const Flat& flat, const std::string& place);
  Node rule_of(const std::string& name, Node body);

  // schema_scalars.cpp
  Node string(const Flat& flat, const std::string& place);
  Node format(std::string_view name, const std::string& place);
  Node integer(const Flat& flat);
  Node number(const Flat& flat, const std::string& place);

  const Json& document_;
  Rules& rules_;
  JsonParts parts_;
  std::deque<Pending> pending_;
  std::unordered_map<std::string, uint32_t> known_;  // rules by reference, and by content
  size_t content_ = 0;                               // bytes of those
};

}  // namespace tritium::grammar
