// JSON schemas as grammars, keyword by keyword.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/grammar/grammar.h"

namespace tritium::grammar {
namespace {

void expect_fits(const std::string& schema, const std::vector<std::string>& right,
                 const std::vector<std::string>& wrong) {
  const Result<Grammar> grammar = grammar_of_json_schema(schema);
  ASSERT_TRUE(grammar.ok()) << schema << "\n" << grammar.message();
  for (const std::string& text : right) EXPECT_TRUE(*fits(*grammar, text)) << schema << " on " << text;
  for (const std::string& text : wrong) EXPECT_FALSE(*fits(*grammar, text)) << schema << " on " << text;
}

std::string problem(const std::string& schema) { return grammar_of_json_schema(schema).message(); }
StatusCode code(const std::string& schema) { return grammar_of_json_schema(schema).code(); }

TEST(JsonSchema, AnEmptyOneIsAnyJson) {
  const std::vector<std::string> right = {
      "null",           "true", "-12.5e3", R"("a\n\u00e9 é 🙂")", "[]", R"({"a": [1, {"b": {}}], "c": "d"})",
      "[\n  1,\n  2\n]"};
  const std::vector<std::string> wrong = {"",         "nul",         "01",       "+1", "1.",  "1e999",       "[1,]",
                                          "{a:1}",    "\"\n\"",      R"("\x")",  "[1", "1 2", R"("\ud83d")", "[1][",
                                          R"({"a"})", R"("\udc00")", "\"\xFF\"", " 1"};
  expect_fits("{}", right, wrong);
  expect_fits("true", right, wrong);
}

TEST(JsonSchema, SpacesCanBeLeftOut) {
  const auto compact = grammar_of_json_schema("{}", {.whitespace = false});
  EXPECT_TRUE(*fits(*compact, R"({"a":[1,2]})"));
  EXPECT_FALSE(*fits(*compact, R"({"a": [1,2]})"));
}

TEST(JsonSchema, Types) {
  expect_fits(R"({"type": "boolean"})", {"true", "false"}, {"null", "1"});
  expect_fits(R"({"type": "null"})", {"null"}, {"0"});
  expect_fits(R"({"type": "integer"})", {"0", "-7", "123456789012345678"}, {"1.5", "1e3", "00", "-", "\"1\""});
  expect_fits(R"({"type": "number"})", {"0", "-7.25", "1E5", "0.1e-7"}, {".5", "1.", "e5"});
  expect_fits(R"({"type": ["string", "null"]})", {"null", "\"a\""}, {"1", "[]"});
  expect_fits(R"({"type": ["integer", "number"]})", {"1", "1.5"}, {"null"});
}

TEST(JsonSchema, MembersStandInTheirOrder) {
  const std::string schema =
      R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"}, "c": {}}, "required": ["b"]})";
  expect_fits(schema,
              {R"({"b":null})", R"({"a": 1, "b": null})", R"({"a":1,"b":null,"c":[2]})", R"({"b":null,"c":"x"})"},
              {"{}", R"({"a":1})", R"({"b":null,"a":1})", R"({"a":1,"c":2})", R"({"b":null,})", R"({,"b":null})",
               R"({"b":null,"d":1})", R"({"b":null,"b":null})"});
}

TEST(JsonSchema, OtherMembersHaveOtherNames) {
  const std::string schema =
      R"({"properties": {"ab": {"type": "null"}, "abc": {"type": "null"}, "x\"y": {"type": "null"}},
                                 "additionalProperties": {"type": "integer"}})";
  expect_fits(schema,
              {"{}", R"({"ab":null})", R"({"a":1})", R"({"ab":null,"abc":null,"abcd":1,"":2})", R"({"x":1})",
               R"({"abd":1, "ba":2})", R"({"x\"y":null})"},
              {R"({"ab":1})", R"({"abc":1})", R"({"a":null})", R"({"\u0061b":1})", R"({"x\"y":1})"});
  expect_fits(R"({"type": "object", "additionalProperties": {"type": "null"}})", {"{}", R"({"a":null,"b":null})"},
              {R"({"a":1})"});
  expect_fits(R"({"type": "object", "additionalProperties": false})", {"{}", "{ }"}, {R"({"a":1})"});
  expect_fits(R"({"type": "object"})", {"{}", R"({"a":1})"}, {"[]"});
  expect_fits(R"({"required": ["k"]})", {R"({"k":1})"}, {"{}"});
}

TEST(JsonSchema, Arrays) {
  expect_fits(R"({"items": {"type": "integer"}})", {"[]", "[1]", "[1, 2,3]"}, {"[null]", "[1,]"});
  expect_fits(R"({"items": {"type": "integer"}, "minItems": 2, "maxItems": 3})", {"[1,2]", "[1,2,3]"},
              {"[]", "[1]", "[1,2,3,4]"});
  expect_fits(R"({"type": "array", "minItems": 1})", {"[null]", "[1,[]]"}, {"[]"});
  expect_fits(R"({"items": {}, "maxItems": 0})", {"[]"}, {"[1]"});
  expect_fits(R"({"items": {}, "maxItems": 1})", {"[]", "[1]"}, {"[1,2]"});
  expect_fits(R"({"prefixItems": [{"type": "integer"}, {"type": "null"}]})", {"[]", "[1]", "[1,null]"},
              {"[null]", "[1,null,2]"});
  const std::string both = R"({"prefixItems": [{"type": "integer"}, {"type": "null"}], "items": {"type": "string"},)";
  expect_fits(both + R"("minItems": 3, "maxItems": 4})", {R"([1,null,"a"])", R"([1,null,"a","b"])"},
              {"[1,null]", R"([1,"a","b"])", R"([1,null,"a","b","c"])"});
  expect_fits(both + R"("maxItems": 1})", {"[]", "[1]"}, {"[1,null]"});
  expect_fits(R"({"prefixItems": [{"type": "integer"}], "items": false, "minItems": 1})", {"[1]"}, {"[]", "[1,2]"});
  expect_fits(R"({"items": [{"type": "integer"}], "additionalItems": {"type": "null"}})", {"[]", "[1,null]"},
              {"[1,2]"});
}

TEST(JsonSchema, Values) {
  expect_fits(R"({"enum": ["a\"é", 1, -2.5, null, [1, "x"], {"k": true}]})",
              {R"("a\"é")", "1", "-2.5", "null", R"([1,"x"])", R"({"k":true})"}, {"\"a\"", "2", "[1]"});
  expect_fits(R"({"const": "x"})", {"\"x\""}, {"\"y\""});
  expect_fits(R"({"type": "string", "enum": ["a", 1]})", {"\"a\""}, {"1"});
  expect_fits(R"({"enum": [1, 2, 3, "abc"], "minimum": 2, "maxLength": 2})", {"2", "3"}, {"1", "\"abc\""});
}

TEST(JsonSchema, LengthsAreInCharacters) {
  const std::string schema = R"({"type": "string", "minLength": 2, "maxLength": 3})";
  expect_fits(schema, {"\"ab\"", "\"é🙂x\"", R"("\n\\")", R"("\ud83d\ude42a")"},
              {"\"\"", "\"é\"", "\"abcd\"", R"("\ud83d\ude42")"});
  expect_fits(R"({"minLength": 1})", {"\"a\"", "\"abcdef\""}, {"\"\""});
}

TEST(JsonSchema, Patterns) {
  expect_fits(R"({"pattern": "^[a-z]+$"})", {"\"abc\""}, {"\"\"", "\"aB\""});
  expect_fits(R"({"pattern": "b+"})", {"\"abc\"", "\"b\""}, {"\"ac\""});
  expect_fits(R"({"pattern": "^a|b$"})", {"\"ax\"", "\"xb\""}, {"\"xa\"", "\"bx\""});
  expect_fits(R"({"pattern": "^(?:\\d{2,3}-)?(?<n>\\w|\\s)\\.$"})", {"\"12-a.\"", "\"_.\"", "\" .\""},
              {"\"1-a.\"", "\"ab\""});
  expect_fits(R"({"pattern": "^[^\"\\\\a]$"})", {"\"b\"", R"("\n")", "\"é\""}, {"\"a\"", R"("\"")", R"("\\")"});
  expect_fits(R"({"pattern": "^[\"\\\\\\u0001]$"})", {R"("\"")", R"("\\")", R"("\u0001")"}, {"\"a\""});
  EXPECT_TRUE(problem(R"({"pattern": "(?=a)b"})").starts_with("schema: #: pattern \"(?=a)b\", byte 3: looking"));
  EXPECT_TRUE(problem(R"({"pattern": "(a)\\1"})").ends_with("\\1 is not supported"));
  EXPECT_TRUE(problem(R"({"pattern": "(a"})").ends_with("a bracket is not closed"));
  EXPECT_TRUE(problem(R"({"pattern": "a^b"})").ends_with("^ and $ stand only at the ends"));
}

TEST(JsonSchema, Formats) {
  expect_fits(R"({"format": "date"})", {"\"2024-02-29\"", "\"2000-02-29\"", "\"1999-12-31\""},
              {"\"2023-02-29\"", "\"1900-02-29\"", "\"2023-04-31\"", "\"2023-13-01\"", "\"2023-00-01\""});
  expect_fits(R"({"format": "time"})", {"\"23:59:59Z\"", "\"00:00:00.125+05:30\""}, {"\"24:00:00Z\"", "\"12:00:00\""});
  expect_fits(R"({"format": "date-time"})", {"\"2024-02-29T12:00:00Z\""}, {"\"2024-02-29\""});
  expect_fits(R"({"format": "uuid"})", {"\"123e4567-e89b-12d3-a456-426614174000\""}, {"\"123e4567\""});
  EXPECT_EQ(problem(R"({"properties": {"a": {"format": "email"}}})"),
            "schema: #/properties/a: format \"email\" is not supported; there are date, time, date-time and uuid");
}

bool fits_text(const std::string& schema, const std::string& text) {
  return *fits(*grammar_of_json_schema(schema), text);
}

TEST(JsonSchema, RangesOfIntegersAreExact) {
  const std::pair<int, int> ranges[] = {{0, 0},    {0, 9},     {3, 7},  {5, 123},  {-3, 4},     {-120, -7},
                                        {99, 101}, {10, 1000}, {-1, 0}, {-999, 1}, {150, 1250}, {-10, -10}};
  for (const auto& [low, high] : ranges) {
    const std::string schema =
        R"({"type":"integer","minimum":)" + std::to_string(low) + ",\"maximum\":" + std::to_string(high) + "}";
    const auto grammar = grammar_of_json_schema(schema);
    for (int i = -1500; i <= 1500; ++i)
      EXPECT_EQ(*fits(*grammar, std::to_string(i)), low <= i && i <= high) << schema << " " << i;
  }
  EXPECT_TRUE(fits_text(R"({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6})", "5"));
  EXPECT_FALSE(fits_text(R"({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6})", "4"));
  expect_fits(R"({"type": "integer", "minimum": 1.5})", {"2", "999999999999999999"}, {"1", "-2"});
  expect_fits(R"({"type": "integer", "maximum": -9223372036854775807})",
              {"-9223372036854775807", "-9223372036854775808"}, {"-9223372036854775806", "0"});
  expect_fits(R"({"type": "integer", "minimum": -9223372036854775808})", {"-9223372036854775808", "5"},
              {"-9223372036854775809"});
}

TEST(JsonSchema, RangesOfNumbersWithWholeBounds) {
  expect_fits(R"({"type": "number", "minimum": 0})", {"0", "0.5", "123456.75"}, {"-0.5", "-1"});
  expect_fits(R"({"type": "number", "exclusiveMinimum": 0, "maximum": 2})", {"0.001", "1", "1.999999", "2", "2.0"},
              {"0", "0.0", "2.001", "3", "-1"});
  expect_fits(R"({"type": "number", "minimum": -2, "exclusiveMaximum": 1})", {"-2", "-2.00", "-1.5", "0", "0.999"},
              {"-2.01", "1", "1.0", "-3"});
  expect_fits(R"({"type": "number", "minimum": -3, "exclusiveMaximum": -1})", {"-3", "-1.5", "-2.25"},
              {"-1", "-1.0", "0"});
  EXPECT_EQ(code(R"({"type": "number", "minimum": 0.5})"), StatusCode::unsupported);
}

TEST(JsonSchema, References) {
  expect_fits(R"({"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}})", {"[1,2]"}, {"[null]"});
  expect_fits(R"({"definitions": {"a/b~c": {"type": "null"}}, "$ref": "#/definitions/a~1b~0c"})", {"null"}, {"1"});
  expect_fits(
      R"({"type": "object", "properties": {"v": {"type": "integer"}, "next": {"$ref": "#"}}, "required": ["v"]})",
      {R"({"v":1})", R"({"v":1,"next":{"v":2,"next":{"v":3}}})"}, {R"({"v":1,"next":{}})"});
  EXPECT_EQ(problem(R"({"$ref": "#/$defs/x"})"), "schema: #/$ref: there is no \"#/$defs/x\"");
  EXPECT_EQ(code(R"({"$ref": "https://example.org/s"})"), StatusCode::unsupported);
  EXPECT_TRUE(problem(R"({"$ref": "#"})").starts_with("schema: rule # begins with itself"));
  EXPECT_TRUE(problem(R"({"allOf": [{"$ref": "#"}]})").ends_with("it refers to itself, or through too many others"));
}

TEST(JsonSchema, AnyAndOne) {
  expect_fits(R"({"anyOf": [{"type": "integer"}, {"type": "number"}, {"const": "x"}]})", {"1", "1.5", "\"x\""},
              {"\"y\""});
  expect_fits(R"({"type": "string", "anyOf": [{"minLength": 3}, {"enum": ["a"]}]})", {"\"abc\"", "\"a\""},
              {"\"b\"", "1"});
  const std::string shapes = R"({"oneOf": [
      {"type": "object", "properties": {"kind": {"const": "c"}, "r": {"type": "integer"}}, "required": ["kind", "r"]},
      {"type": "object", "properties": {"kind": {"const": "s"}, "w": {"type": "integer"}}, "required": ["kind", "w"]},
      {"type": "null"}]})";
  expect_fits(shapes, {R"({"kind":"c","r":1})", R"({"kind":"s","w":1})", "null"}, {R"({"kind":"c","w":1})", "{}"});
  EXPECT_TRUE(problem(R"({"properties": {"p": {"oneOf": [{"type": "integer"}, {"minimum": 3, "type": "number"}]}}})")
                  .starts_with("schema: #/properties/p/oneOf: a value may fulfil both 0 and 1"));
}

TEST(JsonSchema, AllHoldTogether) {
  expect_fits(R"({"allOf": [{"properties": {"a": {"type": ["integer", "null"]}}, "required": ["a"]},
                            {"properties": {"b": {"type": "null"}, "a": {"minimum": 3, "type": "number"}}}]})",
              {R"({"a":3})", R"({"a":4,"b":null})"}, {R"({"a":null})", R"({"a":2})", R"({"b":null})"});
  expect_fits(R"({"$defs": {"n": {"type": "integer", "minimum": 1}}, "$ref": "#/$defs/n", "maximum": 2})", {"1", "2"},
              {"0", "3"});
  // What one allows and the other forbids is left out.
  expect_fits(
      R"({"allOf": [{"properties": {"a": {}, "b": {}}}, {"properties": {"a": {}}, "additionalProperties": false}]})",
      {"{}", R"({"a":1})"}, {R"({"b":1})"});
  expect_fits(
      R"({"anyOf": [{"type": "integer"}, {"type": "string"}], "oneOf": [{"type": "null"}, {"type": "string"}]})",
      {"\"x\""}, {"1", "null"});
  expect_fits(R"({"allOf": [{"prefixItems": [{"type": "integer"}]}, {"items": {"minimum": 5, "type": "number"}}]})",
              {"[5]", "[6,5.5]"}, {"[4]", "[5.5]"});
}

TEST(JsonSchema, ASchemaMayHoldTogetherWithItself) {
  expect_fits(R"({"$defs": {"node": {"properties": {"child": {"allOf": [{"$ref": "#/$defs/node"}, {"required": ["v"]}]},
                                                   "v": {"type": "integer"}}}}, "$ref": "#/$defs/node"})",
              {"{}", R"({"child":{"child":{"v":1},"v":2}})"}, {R"({"child":{}})"});
}

TEST(JsonSchema, WhatRestrictsAndIsNotDoneIsNamedWithItsPlace) {
  for (const std::string keyword :
       {R"("not": {})", R"("multipleOf": 2)", R"("patternProperties": {})", R"("uniqueItems": true)", R"("if": {})",
        R"("contains": {})", R"("propertyNames": {})", R"("minProperties": 1)", R"("dependentRequired": {})"}) {
    const std::string schema = R"({"properties": {"p": {"items": {)" + keyword + "}}}}";
    const std::string name = keyword.substr(1, keyword.find('"', 1) - 1);
    EXPECT_EQ(problem(schema), "schema: #/properties/p/items: the keyword " + name + " is not supported");
    EXPECT_EQ(code(schema), StatusCode::unsupported);
  }
  EXPECT_TRUE(problem(R"({"minimun": 1})").starts_with("schema: #: \"minimun\" is no keyword that is known here"));
  expect_fits(R"({"title": "t", "description": "d", "default": 1, "examples": [2], "x-more": {}, "uniqueItems": false,
                  "type": "integer"})",
              {"1"}, {"null"});
}

TEST(JsonSchema, WhatIsNoSchemaIsRefused) {
  EXPECT_TRUE(problem("{").starts_with("schema: not JSON at line 1, column"));
  EXPECT_TRUE(problem("3").starts_with("schema: #: expected a schema"));
  EXPECT_TRUE(problem(R"({"type": "strin"})").starts_with("schema: #/type: expected null, boolean"));
  EXPECT_EQ(problem(R"({"minLength": -1})"), "schema: #/minLength: expected a whole number that is not negative");
  EXPECT_EQ(problem(R"({"required": "a"})"), "schema: #/required: expected an array of names");
  EXPECT_EQ(problem(R"({"properties": {"a": 3}})"),
            "schema: #/properties/a: expected a schema, which is an object, true or false");
  EXPECT_TRUE(problem("false").starts_with("schema: no text fits it"));
  EXPECT_TRUE(problem(R"({"type": "integer", "minimum": 3, "maximum": 2})").starts_with("schema: no text fits it"));
  EXPECT_TRUE(problem(R"({"allOf": [{"type": "null"}, {"type": "string"}]})").starts_with("schema: no text fits it"));
  EXPECT_EQ(code(R"({"type": "string", "maxLength": 200000})"), StatusCode::unsupported);
}

TEST(JsonSchema, ADamagedOneIsAnErrorOrAnotherSchema) {
  const std::string whole =
      R"({"$defs":{"n":{"type":"integer","minimum":-5}},"type":"object","properties":{"a":{"$ref":"#/$defs/n"},)"
      R"("b":{"anyOf":[{"type":"string","pattern":"^a[b-d]{1,3}$"},{"items":{"enum":[1,"x"]},"maxItems":3}]},)"
      R"("c":{"allOf":[{"properties":{"d":{}}},{"required":["d"]}]}},"required":["a"],"additionalProperties":false})";
  ASSERT_TRUE(grammar_of_json_schema(whole).ok());
  uint64_t state = 7;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = whole;
    for (int turn = 0; turn < 1 + i % 3; ++turn) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const char* likely = "{}[]\",:0129ab$#/-";
      damaged[(state >> 33) % damaged.size()] = likely[(state >> 20) % 17];
    }
    const auto grammar = grammar_of_json_schema(damaged);
    if (!grammar.ok())
      EXPECT_TRUE(grammar.message().starts_with("schema: ")) << damaged;
    else
      EXPECT_TRUE(fits(*grammar, R"({"a":1})").ok()) << damaged;
  }
}

}  // namespace
}  // namespace tritium::grammar
