// Random JSON schemas, of most keywords that are read, nested and with definitions that refer to themselves.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace tritium {

class RandomSchema {
 public:
  using Value = nlohmann::ordered_json;

  explicit RandomSchema(uint32_t seed) : random_(seed) {}

  Value draw() {
    Value schema = any(3);
    schema["$defs"] = {{"list",
                        {{"type", "object"},
                         {"properties", {{"v", any(1)}, {"next", {{"$ref", "#/$defs/list"}}}}},
                         {"required", {"v"}}}},
                       {"plain", any(1)}};
    return schema;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  bool flip() { return below(2) == 0; }
  std::string name() { return std::vector<std::string>{"a", "ab", "b", "name", "größe", "x y", "q\"q"}[below(7)]; }

  Value any(int depth) {
    switch (depth == 0 ? below(7) : below(14)) {
      case 0: return {{"type", flip() ? "null" : "boolean"}};
      case 1: return integer();
      case 2: return number();
      case 3: return string();
      case 4: return {{"enum", {"x", 7, nullptr, "größe \"1\"", Value::array({1, "y"})}}};
      case 5: return {{"const", flip() ? Value("k") : Value({{"deep", {1, 2.5}}})}};
      case 6: return {{"type", {"integer", "string", "null"}}, {"minimum", below(20)}};
      case 7: return {{"$ref", flip() ? "#/$defs/list" : "#/$defs/plain"}};
      case 8: return {{"anyOf", {any(depth - 1), any(depth - 1)}}};
      case 9: return {{"oneOf", {string(), object(depth - 1), {{"type", "null"}}}}};
      case 10: return {{"allOf", {object(depth - 1), {{"required", {"z"}}, {"properties", {{"z", integer()}}}}}}};
      case 11: return array(depth - 1);
      case 12: return depth == 3 ? object(depth - 1) : Value::object();
      default: return object(depth - 1);
    }
  }
  Value integer() {
    Value s = {{"type", "integer"}};
    const int low = below(2000) - 1000;
    if (flip()) s["minimum"] = low;
    if (flip()) s["exclusiveMaximum"] = low + 1 + below(5) * below(300);
    return s;
  }
  Value number() {
    Value s = {{"type", "number"}};
    const int low = below(20) - 10;
    if (flip()) s[flip() ? "minimum" : "exclusiveMinimum"] = low;
    if (flip()) s[flip() ? "maximum" : "exclusiveMaximum"] = low + 1 + below(30);
    return s;
  }
  Value string() {
    Value s = {{"type", "string"}};
    switch (below(5)) {
      case 0: break;
      case 1: s["minLength"] = below(4); [[fallthrough]];
      case 2: s["maxLength"] = 4 + below(20); break;
      case 3:
        s["pattern"] =
            std::vector<std::string>{"^[a-f]{2,5}$", "^(ab|c)+-\\d\\d?$", "[a-m]{2}", "^[\"\\\\/]{1,3}q?$"}[below(4)];
        break;
      default: s["format"] = flip() ? "date" : "uuid";
    }
    return s;
  }
  Value array(int depth) {
    Value s = {{"type", "array"}};
    if (flip()) s["prefixItems"] = {any(depth), any(depth)};
    if (flip()) s["items"] = any(depth);
    const int least = below(3);
    if (flip()) s["minItems"] = least;
    if (flip()) s["maxItems"] = least + below(3);
    return s;
  }
  Value object(int depth) {
    Value s = {{"type", "object"}, {"properties", Value::object()}, {"required", Value::array()}};
    for (int n = below(4); n > 0; --n) {
      const std::string member = name();
      if (s["properties"].contains(member)) continue;
      s["properties"][member] = any(depth);
      if (flip()) s["required"].push_back(member);
    }
    switch (below(4)) {
      case 0: s["additionalProperties"] = false; break;
      case 1: s["additionalProperties"] = flip() ? Value(true) : any(0); break;
      default: break;
    }
    return s;
  }

  std::mt19937 random_;
};

}  // namespace tritium
