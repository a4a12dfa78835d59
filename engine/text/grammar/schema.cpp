#include "text/grammar/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/cancel.h"
#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

bool holds_with_others(const Json::Object& schema) {
  constexpr std::array<std::string_view, 4> kNames = {"allOf", "anyOf", "oneOf", "$ref"};
  return std::ranges::any_of(schema,
                             [&](const Json::Member& m) { return std::ranges::find(kNames, m.name) != kNames.end(); });
}

// The reference of a schema that says nothing else; nullptr: it does.
const std::string* only_reference(const Json::Object& schema) {
  const std::string* reference = nullptr;
  for (const Json::Member& m : schema) {
    if (is_annotation(m.name)) continue;
    if (m.name != "$ref" || !m.value.text()) return nullptr;
    reference = m.value.text();
  }
  return reference;
}

// A part of a pointer (RFC 6901) within a fragment of a URI.
std::string unescaped(std::string_view part) {
  std::string text;
  for (size_t i = 0; i < part.size(); ++i) {
    uint8_t byte = 0;
    const char* end = part.data() + std::min(i + 3, part.size());
    if (part[i] == '%' && i + 2 < part.size() && std::from_chars(part.data() + i + 1, end, byte, 16).ptr == end) {
      text += static_cast<char>(byte);
      i += 2;
    } else {
      text += part[i];
    }
  }
  for (const auto& [from, to] : {std::pair("~1", '/'), std::pair("~0", '~')})
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) text.replace(at, 2, 1, to);
  return text;
}

const Json* child(const Json& value, const std::string& name) {
  if (const Json::Object* object = value.object()) return member(*object, name);
  const Json::Array* array = value.array();
  size_t index = 0;
  const char* end = name.data() + name.size();
  if (!array || std::from_chars(name.data(), end, index).ptr != end || index >= array->size()) return nullptr;
  return &(*array)[index];
}

}  // namespace

uint32_t SchemaReader::run() {
  const uint32_t root = rules_.declare("#");
  known_.emplace("#", root);
  pending_.push_back({root, document_, "#"});
  while (!pending_.empty()) {
    check_cancelled();
    const Pending next = std::move(pending_.front());
    pending_.pop_front();
    rules_.define(next.rule, read_now(next.schema, next.place));
  }
  return root;
}

Node SchemaReader::later(const std::string& key, const Json& schema, const std::string& place) {
  constexpr size_t kMost = size_t{64} << 20;  // bytes of schemas that were put together
  const auto [at, fresh] = known_.try_emplace(key, 0);
  if (fresh) {
    content_ += key.size();
    if (content_ > kMost) throw Failure(place + ": schemas that hold together there go on without end");
    at->second = rules_.declare(place);
    pending_.push_back({at->second, schema, place});
  }
  return rules_.rule(at->second);
}

Node SchemaReader::read(const Json& schema, const std::string& place) {
  const Json::Object* object = schema.object();
  if (!object || !holds_with_others(*object)) return read_now(schema, place);
  if (const std::string* reference = only_reference(*object))
    return later(*reference, resolve(*reference, place), *reference);
  return later(json_text(schema), schema, place);
}

Node SchemaReader::read_now(const Json& schema, const std::string& place) {
  if (const bool* any = schema.boolean()) return *any ? parts_.any() : rules_.nothing();
  if (!schema.object()) throw Failure(place + ": expected a schema, which is an object, true or false");
  if (const std::string* reference = only_reference(*schema.object()))
    return later(*reference, resolve(*reference, place), *reference);
  Flat flat;
  flatten(schema, place, 0, flat);
  return one_way(std::move(flat), place);
}

const Json& SchemaReader::resolve(const std::string& reference, const std::string& place) const {
  std::string_view rest = reference;
  if (!rest.starts_with('#'))
    throw Failure(place + "/$ref: " + json_quoted(reference) + " is no place within this schema (#/…)",
                  StatusCode::unsupported);
  rest.remove_prefix(1);
  const Json* found = &document_;
  while (found && rest.starts_with('/')) {
    const std::string_view part = rest.substr(1, rest.find('/', 1) - 1);
    rest.remove_prefix(1 + part.size());
    found = child(*found, unescaped(part));
  }
  if (!found || !rest.empty()) throw Failure(place + "/$ref: there is no " + json_quoted(reference));
  return *found;
}

void SchemaReader::flatten(const Json& schema, const std::string& place, int depth, Flat& flat) const {
  constexpr int kDeepest = 100;
  check_cancelled();
  if (depth > kDeepest) throw Failure(place + ": it refers to itself, or through too many others");
  if (const bool* any = schema.boolean()) {
    flat.nothing = flat.nothing || !*any;
    return;
  }
  if (!schema.object()) throw Failure(place + ": expected a schema, which is an object, true or false");
  Json::Object own;
  for (const Json::Member& m : *schema.object()) {
    check_keyword(m.name, m.value, place);
    if (m.name == "$ref") {
      flatten(resolve(*m.value.text(), place), *m.value.text(), depth + 1, flat);
    } else if (m.name == "allOf") {
      for (size_t i = 0; i < m.value.array()->size(); ++i)
        flatten((*m.value.array())[i], place + "/allOf/" + std::to_string(i), depth + 1, flat);
    } else if (m.name == "anyOf" || m.name == "oneOf") {
      flat.choices.push_back({*m.value.array(), m.name == "oneOf", place + "/" + m.name});
    } else {
      own.push_back(m);
    }
  }
  add_keywords(flat, own, place);
}

// One choice after the other: each of its ways holds together with all the rest.
Node SchemaReader::one_way(Flat flat, const std::string& place) {
  if (flat.nothing) return rules_.nothing();
  if (flat.choices.empty()) {
    const Types types = flat.types(place);
    return flat.values() ? values(flat, types, place) : of_types(flat, types, place);
  }
  const Flat::Choice choice = std::move(flat.choices.back());
  flat.choices.pop_back();
  check_disjoint(flat, choice);
  Json::Array rest;
  if (!flat.keywords.empty()) rest.emplace_back(flat.keywords);
  for (const Flat::Choice& other : flat.choices)
    rest.emplace_back(Json::Object{{other.only_one ? "oneOf" : "anyOf", Json(other.ways)}});
  std::vector<Node> ways;
  for (size_t i = 0; i < choice.ways.size(); ++i) {
    const std::string way_place = choice.place + "/" + std::to_string(i);
    if (rest.empty()) {
      ways.push_back(read(choice.ways[i], way_place));
    } else {
      Json::Array all = rest;
      all.push_back(choice.ways[i]);
      ways.push_back(read(Json(Json::Object{{"allOf", Json(std::move(all))}}), way_place));
    }
  }
  return rules_.alternatives(std::move(ways));
}

void SchemaReader::check_disjoint(const Flat& rest, const Flat::Choice& choice) const {
  if (!choice.only_one) return;
  std::vector<Flat> ways;
  for (size_t i = 0; i < choice.ways.size(); ++i) {
    Flat& way = ways.emplace_back();
    add_keywords(way, rest.keywords, choice.place);
    flatten(choice.ways[i], choice.place + "/" + std::to_string(i), 0, way);
  }
  for (size_t i = 0; i < ways.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      check_cancelled_every<64>(j);
      if (!are_disjoint(ways[j], ways[i]))
        throw Failure(choice.place + ": a value may fulfil both " + std::to_string(j) + " and " + std::to_string(i) +
                          ", which cannot be prevented; write anyOf, or let a required member differ",
                      StatusCode::unsupported);
    }
}

namespace {

size_t n_characters(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// Of a value that `enum` lists; what else is said of it must be what can be told here.
bool fulfils(const Json& value, const Flat& flat, const std::string& place) {
  for (const Json::Member& m : flat.keywords) {
    if ((types_about(m.name) & type_of(value)) == 0) continue;
    if (m.name == "minimum" || m.name == "exclusiveMinimum") {
      if (is_less(value, m.value) || (m.name != "minimum" && !is_less(m.value, value))) return false;
    } else if (m.name == "maximum" || m.name == "exclusiveMaximum") {
      if (is_less(m.value, value) || (m.name != "maximum" && !is_less(value, m.value))) return false;
    } else if (m.name == "minLength" || m.name == "maxLength") {
      const size_t n = n_characters(*value.text());
      const auto bound = static_cast<size_t>(*m.value.integer());
      if (m.name == "minLength" ? n < bound : n > bound) return false;
    } else {
      throw Failure(place + ": " + m.name + " beside enum or const is not supported", StatusCode::unsupported);
    }
  }
  return true;
}

}  // namespace

Node SchemaReader::values(const Flat& flat, Types types, const std::string& place) {
  std::vector<Node> ways;
  for (const Json& value : *flat.values())
    if ((types & type_of(value)) && fulfils(value, flat, place)) ways.push_back(parts_.value(value));
  return rules_.alternatives(std::move(ways));
}

Node SchemaReader::of_types(const Flat& flat, Types types, const std::string& place) {
  if (types == kAllTypes && flat.keywords.empty()) return parts_.any();
  std::vector<Node> ways;
  if (types & kObject) ways.push_back(object(flat, place));
  if (types & kArray) ways.push_back(array(flat, place));
  if (types & kString) ways.push_back(string(flat, place));
  if (types & kFraction) {
    ways.push_back(number(flat, place));
  } else if (types & kInteger) {
    ways.push_back(integer(flat));
  }
  if (types & kBoolean) ways.insert(ways.end(), {rules_.bytes("true"), rules_.bytes("false")});
  if (types & kNull) ways.push_back(rules_.bytes("null"));
  return rules_.alternatives(std::move(ways));
}

}  // namespace tritium::grammar
