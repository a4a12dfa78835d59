// A JSON schema's word on a value, by its definition, keyword after keyword (draft 2020-12, of what the tests use):
// slow, and written apart from what it judges.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

namespace tritium {

class JsonValidator {
 public:
  using Value = nlohmann::json;

  explicit JsonValidator(const Value& schema) : root_(schema) {}
  bool fulfils(const Value& value) const { return fulfils(value, root_); }

 private:
  static bool is_type(const Value& v, const std::string& type) {
    if (type == "integer") return v.is_number() && std::floor(v.get<double>()) == v.get<double>();
    if (type == "number") return v.is_number();
    if (type == "string") return v.is_string();
    if (type == "boolean") return v.is_boolean();
    if (type == "null") return v.is_null();
    if (type == "array") return v.is_array();
    return type == "object" && v.is_object();
  }
  static size_t characters(const std::string& text) {
    size_t n = 0;
    for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return n;
  }

  bool fulfils(const Value& v, const Value& s) const {
    if (s.is_boolean()) return s.get<bool>();
    return general(v, s) && (!v.is_number() || number(v, s)) && (!v.is_string() || string(v, s)) &&
           (!v.is_array() || array(v, s)) && (!v.is_object() || object(v, s));
  }
  bool general(const Value& v, const Value& s) const {
    if (s.contains("$ref") && !fulfils(v, root_.at(Value::json_pointer(s["$ref"].get<std::string>().substr(1)))))
      return false;
    if (s.contains("type")) {
      bool any = false;
      for (const Value& t : s["type"].is_array() ? s["type"] : Value::array({s["type"]})) any |= is_type(v, t);
      if (!any) return false;
    }
    if (s.contains("const") && v != s["const"]) return false;
    if (s.contains("enum") && std::find(s["enum"].begin(), s["enum"].end(), v) == s["enum"].end()) return false;
    const auto held = [&](const char* name) {
      return std::count_if(s[name].begin(), s[name].end(), [&](const Value& way) { return fulfils(v, way); });
    };
    return !(s.contains("anyOf") && held("anyOf") == 0) && !(s.contains("oneOf") && held("oneOf") != 1) &&
           !(s.contains("allOf") && held("allOf") != static_cast<long>(s["allOf"].size()));
  }
  static bool number(const Value& v, const Value& s) {
    return !(s.contains("minimum") && v < s["minimum"]) && !(s.contains("maximum") && v > s["maximum"]) &&
           !(s.contains("exclusiveMinimum") && v <= s["exclusiveMinimum"]) &&
           !(s.contains("exclusiveMaximum") && v >= s["exclusiveMaximum"]);
  }
  static bool string(const Value& v, const Value& s) {
    const auto text = v.get<std::string>();
    if (s.contains("minLength") && characters(text) < s["minLength"].get<size_t>()) return false;
    if (s.contains("maxLength") && characters(text) > s["maxLength"].get<size_t>()) return false;
    if (s.contains("pattern") && !std::regex_search(text, std::regex(s["pattern"].get<std::string>()))) return false;
    if (s.value("format", "") == "date") return is_date(text);
    if (s.value("format", "") == "uuid")
      return std::regex_match(text, std::regex("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"));
    return true;
  }
  static bool is_date(const std::string& text) {
    int year = 0, month = 0, day = 0, n = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &n) != 3 || n != 10 || text.size() != 10)
      return false;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
  }
  bool array(const Value& v, const Value& s) const {
    if (s.contains("minItems") && v.size() < s["minItems"].get<size_t>()) return false;
    if (s.contains("maxItems") && v.size() > s["maxItems"].get<size_t>()) return false;
    const size_t prefix = s.contains("prefixItems") ? s["prefixItems"].size() : 0;
    for (size_t i = 0; i < v.size(); ++i) {
      if (i < prefix && !fulfils(v[i], s["prefixItems"][i])) return false;
      if (i >= prefix && s.contains("items") && !fulfils(v[i], s["items"])) return false;
    }
    return true;
  }
  bool object(const Value& v, const Value& s) const {
    const Value properties = s.value("properties", Value::object());
    for (const Value& name : s.value("required", Value::array()))
      if (!v.contains(name.get<std::string>())) return false;
    for (const auto& [name, value] : v.items()) {
      if (properties.contains(name) && !fulfils(value, properties[name])) return false;
      if (!properties.contains(name) && s.contains("additionalProperties") &&
          !fulfils(value, s["additionalProperties"]))
        return false;
    }
    return true;
  }

  Value root_;
};

}  // namespace tritium
