// What a JSON schema's keywords are: which are done here, what their values must be, and which types of values each is
// about.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tritium::grammar {

// Bits. A whole number is a number, too.
enum Type : uint8_t { kNull = 1, kBoolean = 2, kInteger = 4, kFraction = 8, kString = 16, kArray = 32, kObject = 64 };
using Types = uint8_t;
inline constexpr Types kNumber = kInteger | kFraction;
inline constexpr Types kAllTypes = 127;

Types type_of(const Json& value);
bool same_json(const Json& a, const Json& b);

// Throws Failure: a keyword that restricts and is not done here, or one that is no keyword.
void check_keyword(const std::string& name, const Json& value, const std::string& place);
// It says nothing of which values there may be.
bool is_annotation(std::string_view name);
// Of the values that the keyword is about; 0: of all.
Types types_about(std::string_view name);

Types types_named(const Json& value, const std::string& place);  // of `type`
Json names_of(Types types);                                      // as its value
bool is_less(const Json& a, const Json& b);                      // numbers
// The member of that name, null or not.
const Json* member(const Json::Object& object, std::string_view name);
Json* member(Json::Object& object, std::string_view name);

}  // namespace tritium::grammar
