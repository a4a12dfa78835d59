#include "text/grammar/schema_keywords.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

struct Keyword {
  std::string_view name;
  Types about;
};

constexpr std::array kKeywords = std::to_array<Keyword>({{"type", 0},
                                                         {"enum", 0},
                                                         {"const", 0},
                                                         {"anyOf", 0},
                                                         {"oneOf", 0},
                                                         {"allOf", 0},
                                                         {"$ref", 0},
                                                         {"properties", kObject},
                                                         {"required", kObject},
                                                         {"additionalProperties", kObject},
                                                         {"items", kArray},
                                                         {"prefixItems", kArray},
                                                         {"additionalItems", kArray},
                                                         {"minItems", kArray},
                                                         {"maxItems", kArray},
                                                         {"uniqueItems", kArray},
                                                         {"minLength", kString},
                                                         {"maxLength", kString},
                                                         {"pattern", kString},
                                                         {"format", kString},
                                                         {"minimum", kNumber},
                                                         {"maximum", kNumber},
                                                         {"exclusiveMinimum", kNumber},
                                                         {"exclusiveMaximum", kNumber}});

constexpr std::array kAnnotations = std::to_array<std::string_view>(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema", "$id",
     "$anchor", "$defs", "definitions", "contentEncoding", "contentMediaType", "contentSchema"});

constexpr std::array kRefused = std::to_array<std::string_view>({"not",
                                                                 "if",
                                                                 "then",
                                                                 "else",
                                                                 "multipleOf",
                                                                 "minProperties",
                                                                 "maxProperties",
                                                                 "patternProperties",
                                                                 "propertyNames",
                                                                 "dependentRequired",
                                                                 "dependentSchemas",
                                                                 "dependencies",
                                                                 "contains",
                                                                 "minContains",
                                                                 "maxContains",
                                                                 "unevaluatedItems",
                                                                 "unevaluatedProperties",
                                                                 "$dynamicRef",
                                                                 "$recursiveRef",
                                                                 "uniqueItems"});

double number_of(const Json& value) {
  if (const int64_t* i = value.integer()) return static_cast<double>(*i);
  const double* d = value.real();
  return d ? *d : 0;
}

void require_kind(bool right, const std::string& place, const std::string& name, const char* kind) {
  if (!right) throw Failure(place + "/" + name + ": expected " + kind);
}

void check_value(const std::string& name, const Json& value, const std::string& place) {
  constexpr std::array<std::string_view, 4> kCounts = {"minItems", "maxItems", "minLength", "maxLength"};
  constexpr std::array<std::string_view, 4> kBounds = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
  if (std::ranges::find(kCounts, name) != kCounts.end())
    require_kind(value.integer() && *value.integer() >= 0, place, name, "a whole number that is not negative");
  if (std::ranges::find(kBounds, name) != kBounds.end())
    require_kind((type_of(value) & kNumber) != 0, place, name, "a number");
  if (name == "properties") require_kind(value.object(), place, name, "an object");
  if (name == "enum" || name == "prefixItems" || name == "anyOf" || name == "oneOf" || name == "allOf")
    require_kind(value.array(), place, name, "an array");
  if (name == "required")
    require_kind(
        value.array() && std::ranges::all_of(*value.array(), [](const Json& n) { return n.text() != nullptr; }), place,
        name, "an array of names");
  if (name == "pattern" || name == "format" || name == "$ref") require_kind(value.text(), place, name, "a string");
  if (name == "items") require_kind(value.object() || value.boolean() || value.array(), place, name, "a schema");
  if (name == "additionalProperties" || name == "additionalItems")
    require_kind(value.object() || value.boolean(), place, name, "a schema");
}

}  // namespace

bool is_less(const Json& a, const Json& b) {
  return a.integer() && b.integer() ? *a.integer() < *b.integer() : number_of(a) < number_of(b);
}

Json* member(Json::Object& object, std::string_view name) {
  const auto found = std::ranges::find(object, name, &Json::Member::name);
  return found == object.end() ? nullptr : &found->value;
}

const Json* member(const Json::Object& object, std::string_view name) {
  const auto found = std::ranges::find(object, name, &Json::Member::name);
  return found == object.end() ? nullptr : &found->value;
}

Types types_named(const Json& value, const std::string& place) {
  constexpr std::array<std::pair<std::string_view, Types>, 7> kNames = {{{"null", kNull},
                                                                         {"boolean", kBoolean},
                                                                         {"integer", kInteger},
                                                                         {"number", kNumber},
                                                                         {"string", kString},
                                                                         {"array", kArray},
                                                                         {"object", kObject}}};
  Types types = 0;
  const auto add = [&](const Json& name) {
    const auto known =
        std::ranges::find_if(kNames, [&](const auto& n) { return name.text() && *name.text() == n.first; });
    if (known == kNames.end())
      throw Failure(place + "/type: expected null, boolean, integer, number, string, array, object or a list of those");
    types |= known->second;
  };
  if (const Json::Array* list = value.array()) {
    for (const Json& name : *list) add(name);
  } else {
    add(value);
  }
  return types;
}

Json names_of(Types types) {
  Json::Array names;
  for (const auto& [type, name] :
       {std::pair(kNull, "null"), std::pair(kBoolean, "boolean"), std::pair(kString, "string"),
        std::pair(kArray, "array"), std::pair(kObject, "object")})
    if (types & type) names.emplace_back(std::string(name));
  if ((types & kNumber) == kNumber) names.emplace_back(std::string("number"));
  if ((types & kNumber) == kInteger) names.emplace_back(std::string("integer"));
  return Json(std::move(names));
}

Types type_of(const Json& value) {
  if (value.is_null()) return kNull;
  if (value.boolean()) return kBoolean;
  if (value.integer()) return kInteger;
  if (value.text()) return kString;
  if (value.array()) return kArray;
  if (value.object()) return kObject;
  return *value.real() == std::floor(*value.real()) ? kInteger : kFraction;
}

bool same_json(const Json& a, const Json& b) {
  if ((type_of(a) & kNumber) && (type_of(b) & kNumber))
    return a.integer() && b.integer() ? *a.integer() == *b.integer() : number_of(a) == number_of(b);
  if (type_of(a) != type_of(b)) return false;
  if (a.text()) return *a.text() == *b.text();
  if (a.boolean()) return *a.boolean() == *b.boolean();
  if (a.array()) return std::ranges::equal(*a.array(), *b.array(), same_json);
  if (a.object())
    return a.object()->size() == b.object()->size() && std::ranges::all_of(*a.object(), [&](const Json::Member& m) {
             const Json* other = member(*b.object(), m.name);
             return other && same_json(m.value, *other);
           });
  return true;
}

bool is_annotation(std::string_view name) {
  return std::ranges::find(kAnnotations, name) != kAnnotations.end() || name.starts_with("x-");
}

void check_keyword(const std::string& name, const Json& value, const std::string& place) {
  if (is_annotation(name)) return;
  if (name == "uniqueItems" && value.boolean() && !*value.boolean()) return;
  if (std::ranges::find(kRefused, name) != kRefused.end())
    throw Failure(place + ": the keyword " + name + " is not supported", StatusCode::unsupported);
  if (std::ranges::find(kKeywords, name, &Keyword::name) == kKeywords.end())
    throw Failure(place + ": " + json_quoted(name) +
                      " is no keyword that is known here; what says nothing of values may be named x-…",
                  StatusCode::unsupported);
  check_value(name, value, place);
}

Types types_about(std::string_view name) {
  const auto known = std::ranges::find(kKeywords, name, &Keyword::name);
  return known == kKeywords.end() ? Types{0} : known->about;
}

}  // namespace tritium::grammar
