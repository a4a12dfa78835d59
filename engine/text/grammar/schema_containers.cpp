// Objects, whose members stand in the order of the schema, and arrays.
#include <algorithm>
#include <utility>

#include "text/grammar/failure.h"
#include "text/grammar/schema.h"

namespace tritium::grammar {
namespace {

struct MemberSchema {
  std::string name;
  Json schema;
  std::string place;
  bool required = false;
};

uint32_t count_of(const Json* value, uint32_t otherwise, const std::string& place) {
  constexpr int64_t kMost = 100'000;
  if (!value) return otherwise;
  if (*value->integer() > kMost)
    throw Failure(place + ": " + std::to_string(*value->integer()) + " is more than " + std::to_string(kMost) +
                      ", up to which is counted",
                  StatusCode::unsupported);
  return static_cast<uint32_t>(*value->integer());
}

std::vector<MemberSchema> members_of(const Flat& flat, const std::string& place) {
  std::vector<MemberSchema> members;
  if (const Json* properties = flat.find("properties"))
    for (const Json::Member& m : *properties->object())
      members.push_back({m.name, m.value, place + "/properties/" + m.name});
  const Json* others = flat.find("additionalProperties");
  if (const Json* required = flat.find("required"))
    for (const Json& name : *required->array()) {
      const auto named = std::ranges::find(members, *name.text(), &MemberSchema::name);
      if (named != members.end()) {
        named->required = true;
      } else {
        members.push_back({*name.text(), others ? *others : Json(true), place + "/additionalProperties", true});
      }
    }
  return members;
}

}  // namespace

Node SchemaReader::rule_of(const std::string& name, Node body) {
  const uint32_t rule = rules_.declare(name);
  rules_.define(rule, body);
  return rules_.rule(rule);
}

// From the last member to the first: what may follow when members stand before it, and when none does.
Node SchemaReader::object(const Flat& flat, const std::string& place) {
  const std::vector<MemberSchema> members = members_of(flat, place);
  const Json* others = flat.find("additionalProperties");
  const bool open = others ? !others->boolean() || *others->boolean() : members.empty();
  if (members.empty() && open && (!others || others->boolean())) return parts_.any_object();
  const auto member_of = [&](Node key, Node value) {
    return rules_.sequence({key, rules_.bytes(":"), parts_.space(), value, parts_.space()});
  };
  Node first = rules_.empty();
  Node rest = rules_.empty();
  if (open) {
    std::vector<std::string> names;
    names.reserve(members.size());
    for (const MemberSchema& m : members) names.push_back(m.name);
    const Node other =
        rule_of(place, member_of(parts_.string_but(std::move(names)),
                                 others ? read(*others, place + "/additionalProperties") : parts_.any()));
    rest = rule_of(place, rules_.repeat(rules_.sequence({parts_.comma(), other}), 0, kUnbounded));
    first = rule_of(place, rules_.optional(rules_.sequence({other, rest})));
  }
  for (size_t i = members.size(); i-- > 0;) {
    const MemberSchema& m = members[i];
    const Node written = rule_of(m.place, member_of(rules_.bytes(json_quoted(m.name)), read(m.schema, m.place)));
    const Node as_first = rules_.sequence({written, rest});
    const Node as_next = rules_.sequence({parts_.comma(), written, rest});
    first = rule_of(place, m.required ? as_first : rules_.alternatives({as_first, first}));
    rest = rule_of(place, m.required ? as_next : rules_.alternatives({as_next, rest}));
  }
  return rules_.sequence({rules_.bytes("{"), parts_.space(), first, rules_.bytes("}")});
}

// From the back, too: what may follow when so many elements stand before it.
Node SchemaReader::array(const Flat& flat, const std::string& place) {
  const Json* prefix = flat.find("prefixItems");
  const Json* items = flat.find("items");
  const auto n_prefix = static_cast<uint32_t>(prefix ? prefix->array()->size() : 0);
  const uint32_t least = count_of(flat.find("minItems"), 0, place + "/minItems");
  uint32_t most = count_of(flat.find("maxItems"), kUnbounded, place + "/maxItems");
  const bool closed = items ? items->boolean() && !*items->boolean() : n_prefix > 0 && least <= n_prefix;
  if (closed) most = std::min(most, n_prefix);
  if (least > most) return rules_.nothing();
  const auto element = [&](const Json& schema, const std::string& at) {
    return rule_of(at, rules_.sequence({read(schema, at), parts_.space()}));
  };
  const auto next = [&](Node written) { return rules_.sequence({parts_.comma(), written}); };
  Node rest = rules_.empty();  // behind n elements
  uint32_t n = std::min(n_prefix, most);
  if (most > n) {
    const Node written = element(items ? *items : Json(true), place + "/items");
    const uint32_t more_at_least = least - std::min(least, std::max(n, 1u));
    const uint32_t more_at_most = most == kUnbounded ? kUnbounded : most - std::max(n, 1u);
    rest = rule_of(place, rules_.repeat(next(written), more_at_least, more_at_most));
    if (n == 0) {
      const Node all = rules_.sequence({written, rest});
      rest = least == 0 ? rules_.optional(all) : all;
    }
  }
  while (n-- > 0) {
    const Node written = element((*prefix->array())[n], place + "/prefixItems/" + std::to_string(n));
    const Node all = rules_.sequence({n == 0 ? written : next(written), rest});
    rest = rule_of(place, n >= least ? rules_.optional(all) : all);
  }
  return rules_.sequence({rules_.bytes("["), parts_.space(), rest, rules_.bytes("]")});
}

}  // namespace tritium::grammar
