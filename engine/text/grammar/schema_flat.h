// A JSON schema taken apart, and how the keywords of two schemas that both hold become those of one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/grammar/schema_keywords.h"

namespace tritium::grammar {

// What must hold together, and what of each list must hold in one way at least.
struct Flat {
  struct Choice {
    Json::Array ways;
    bool only_one = false;  // oneOf
    std::string place;
  };
  Json::Object keywords;  // none of $ref, allOf, anyOf, oneOf, const
  std::vector<Choice> choices;
  bool nothing = false;  // no value fulfils it

  const Json* find(std::string_view name) const { return member(keywords, name); }
  // Those of `type`, or of the types that the keywords are about, or all.
  Types types(const std::string& place) const;
  // Those of `enum`; nullptr: there is none.
  const Json::Array* values() const;
};

// These hold, too. Throws Failure where both cannot be said as one.
void add_keywords(Flat& flat, const Json::Object& keywords, const std::string& place);

// Is there no value that fulfils both? False also where that is not known.
bool are_disjoint(const Flat& a, const Flat& b);

// A schema by which both hold.
Json both(const Json& a, const Json& b);

}  // namespace tritium::grammar
