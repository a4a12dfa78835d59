#include "text/grammar/schema_flat.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/grammar/failure.h"

namespace tritium::grammar {

Types Flat::types(const std::string& place) const {
  if (const Json* named = find("type")) return types_named(*named, place);
  if (values()) return kAllTypes;
  Types about = 0;
  for (const Json::Member& m : keywords) about |= types_about(m.name);
  return about == 0 ? kAllTypes : about;
}

const Json::Array* Flat::values() const {
  const Json* list = find("enum");
  return list ? list->array() : nullptr;
}

Json both(const Json& a, const Json& b) {
  if (a.boolean()) return *a.boolean() ? b : a;
  if (b.boolean()) return *b.boolean() ? a : b;
  return Json(Json::Object{{"allOf", Json(Json::Array{a, b})}});
}

namespace {

Json common_values(const Json& a, const Json& b) {
  Json::Array values;
  for (const Json& value : *a.array())
    if (std::ranges::any_of(*b.array(), [&](const Json& other) { return same_json(value, other); }))
      values.push_back(value);
  return Json(std::move(values));
}

Json joined_names(const Json& a, const Json& b) {
  Json::Array names = *a.array();
  for (const Json& name : *b.array())
    if (std::ranges::none_of(names, [&](const Json& other) { return same_json(name, other); })) names.push_back(name);
  return Json(std::move(names));
}

// What holds of properties that one schema names and the other does not.
void add_properties(Json::Object& mine, const Json* my_others, const Json::Object& theirs, const Json* their_others) {
  for (Json::Member& m : mine)
    if (their_others && !member(theirs, m.name)) m.value = both(m.value, *their_others);
  for (const Json::Member& m : theirs) {
    if (Json* same = member(mine, m.name)) {
      *same = both(*same, m.value);
    } else {
      mine.push_back({m.name, my_others ? both(m.value, *my_others) : m.value});
    }
  }
}

// The schema of an array's i-th element; nullptr: nothing is said of it.
const Json* element(const Json* prefix, const Json* items, size_t i) {
  return prefix && i < prefix->array()->size() ? &(*prefix->array())[i] : items;
}

void put(Json::Object& object, std::string name, Json value) {
  if (Json* mine = member(object, name)) {
    *mine = std::move(value);
  } else {
    object.push_back({std::move(name), std::move(value)});
  }
}

void add_members(Json::Object& mine, const Json::Object& theirs) {
  const Json* my_list = member(mine, "properties");
  const Json* their_list = member(theirs, "properties");
  const Json* my_others = member(mine, "additionalProperties");
  const Json* their_others = member(theirs, "additionalProperties");
  Json::Object list = my_list ? *my_list->object() : Json::Object();
  add_properties(list, my_others, their_list ? *their_list->object() : Json::Object(), their_others);
  if (my_list || their_list) put(mine, "properties", Json(std::move(list)));
  my_others = member(mine, "additionalProperties");
  if (their_others) put(mine, "additionalProperties", my_others ? both(*my_others, *their_others) : *their_others);
}

void add_elements(Json::Object& mine, const Json::Object& theirs) {
  const Json* my_prefix = member(mine, "prefixItems");
  const Json* their_prefix = member(theirs, "prefixItems");
  const Json* my_items = member(mine, "items");
  const Json* their_items = member(theirs, "items");
  const auto size = [](const Json* list) { return list ? list->array()->size() : 0; };
  Json::Array prefix;
  for (size_t i = 0; i < std::max(size(my_prefix), size(their_prefix)); ++i) {
    const Json* a = element(my_prefix, my_items, i);
    const Json* b = element(their_prefix, their_items, i);
    prefix.push_back(a && b ? both(*a, *b) : a ? *a : *b);
  }
  if (my_prefix || their_prefix) put(mine, "prefixItems", Json(std::move(prefix)));
  my_items = member(mine, "items");
  if (their_items) put(mine, "items", my_items ? both(*my_items, *their_items) : *their_items);
}

// `items` with a list, and then `additionalItems`, are what later drafts call prefixItems and items.
Json::Object with_todays_names(const Json::Object& keywords) {
  const Json* items = member(keywords, "items");
  if (!items || !items->array()) return keywords;
  Json::Object named;
  for (const Json::Member& m : keywords) {
    if (m.name == "items") named.push_back({"prefixItems", m.value});
    if (m.name == "additionalItems") named.push_back({"items", m.value});
    if (m.name != "items" && m.name != "additionalItems" && m.name != "prefixItems") named.push_back(m);
  }
  return named;
}

void add_keyword(Flat& flat, const std::string& name, const Json& value, const std::string& place) {
  constexpr std::array<std::string_view, 4> kLowest = {"minimum", "exclusiveMinimum", "minLength", "minItems"};
  constexpr std::array<std::string_view, 4> kHighest = {"maximum", "exclusiveMaximum", "maxLength", "maxItems"};
  const auto in = [&](const auto& list) { return std::ranges::find(list, name) != list.end(); };
  Json* mine = member(flat.keywords, name);
  if (!mine) {
    flat.keywords.push_back({name, value});
  } else if (name == "type") {
    *mine = names_of(types_named(*mine, place) & types_named(value, place));
    flat.nothing = flat.nothing || mine->array()->empty();
  } else if (name == "enum") {
    *mine = common_values(*mine, value);
  } else if (name == "required") {
    *mine = joined_names(*mine, value);
  } else if (in(kLowest)) {
    if (is_less(*mine, value)) *mine = value;
  } else if (in(kHighest)) {
    if (is_less(value, *mine)) *mine = value;
  } else if (!same_json(*mine, value)) {
    throw Failure(place + ": two different values of " + name + " hold together, which is not supported",
                  StatusCode::unsupported);
  }
}

}  // namespace

void add_keywords(Flat& flat, const Json::Object& keywords, const std::string& place) {
  constexpr std::array<std::string_view, 4> kTogether = {"properties", "additionalProperties", "prefixItems", "items"};
  for (const Json::Member& m : keywords) check_keyword(m.name, m.value, place);
  const Json::Object named = with_todays_names(keywords);
  add_members(flat.keywords, named);
  add_elements(flat.keywords, named);
  for (const Json::Member& m : named) {
    if (is_annotation(m.name) || std::ranges::find(kTogether, m.name) != kTogether.end()) continue;
    if (m.name == "const") {
      add_keyword(flat, "enum", Json(Json::Array{m.value}), place);
    } else {
      add_keyword(flat, m.name, m.value, place);
    }
  }
}

namespace {

bool requires_member(const Flat& flat, const std::string& name) {
  const Json* required = flat.find("required");
  return required && std::ranges::any_of(*required->array(), [&](const Json& n) { return *n.text() == name; });
}

// The schema of a member, where it is one without references and choices.
Flat member_schema(const Flat& flat, const std::string& name) {
  Flat result;
  const Json* properties = flat.find("properties");
  const Json* schema = properties ? member(*properties->object(), name) : nullptr;
  if (schema && schema->object()) add_keywords(result, *schema->object(), "");
  return result;
}

bool forbids(const Flat& flat, const std::string& name) {
  const Json* others = flat.find("additionalProperties");
  const Json* properties = flat.find("properties");
  return others && others->boolean() && !*others->boolean() && !(properties && member(*properties->object(), name));
}

bool objects_are_disjoint(const Flat& a, const Flat& b) {
  const Json* required = a.find("required");
  if (!required) return false;
  return std::ranges::any_of(*required->array(), [&](const Json& n) {
    const std::string& name = *n.text();
    if (forbids(b, name)) return true;
    return requires_member(b, name) && are_disjoint(member_schema(a, name), member_schema(b, name));
  });
}

Types types_of(const Flat& flat) {
  const Json* named = flat.find("type");
  Types types = named ? types_named(*named, "") : kAllTypes;
  if (!flat.values()) return types;
  Types of_values = 0;
  for (const Json& value : *flat.values()) of_values |= type_of(value);
  return types & of_values;
}

}  // namespace

bool are_disjoint(const Flat& a, const Flat& b) {
  const Types common = types_of(a) & types_of(b);
  if (common == 0 || a.nothing || b.nothing) return true;
  if (a.values() && b.values())
    return std::ranges::none_of(*a.values(), [&](const Json& v) {
      return std::ranges::any_of(*b.values(), [&](const Json& other) { return same_json(v, other); });
    });
  return common == kObject && (objects_are_disjoint(a, b) || objects_are_disjoint(b, a));
}

}  // namespace tritium::grammar
