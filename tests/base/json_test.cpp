// JSON from text that is not trusted.
#include "base/json.h"

#include <gtest/gtest.h>

namespace tritium {
namespace {

TEST(Json, KeepsTheOrderOfMembersAndTheKindsOfNumbers) {
  const Result<Json> json = parse_json(R"({"b": 1, "a": [true, null, 1.0, -7, 18446744073709551615, "x\u00e9\n"]})");
  ASSERT_TRUE(json.ok()) << json.message();
  EXPECT_EQ(json->object()->at(0).name, "b");
  const Json::Array& a = *json->find("a")->array();
  EXPECT_TRUE(*a[0].boolean());
  EXPECT_TRUE(a[1].is_null());
  EXPECT_EQ(*a[2].real(), 1.0);
  EXPECT_EQ(*a[3].integer(), -7);
  EXPECT_EQ(*a[4].real(), 18446744073709551616.0);
  EXPECT_EQ(*a[5].text(), "x\xC3\xA9\n");
}

TEST(Json, FindGivesNothingForWhatIsNullOrNotThere) {
  const Result<Json> json = parse_json(R"({"a": null, "b": {"c": 2}})");
  ASSERT_TRUE(json.ok()) << json.message();
  EXPECT_EQ(json->find("a"), nullptr);
  EXPECT_EQ(json->find("x"), nullptr);
  EXPECT_EQ(*json->find("b")->find("c")->integer(), 2);
  EXPECT_EQ(json->find("b")->find("c")->find("d"), nullptr);
}

TEST(Json, SaysWhereTextIsNotJson) {
  const Result<Json> json = parse_json("{\"a\": 1,\n  \"b\": tru}");
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.code(), StatusCode::corrupt_file);
  EXPECT_NE(json.message().find("line 2, column 11"), std::string::npos) << json.message();
}

TEST(Json, RefusesWhatIsNoSingleValue) {
  for (const char* text :
       {"", "  ", "1 2", "{}x", "[1,]", "{\"a\"}", "\"\xff\"", "nul", "[", "{\"a\":1,\"a\":2}", "NaN"})
    EXPECT_EQ(parse_json(text).code(), StatusCode::corrupt_file) << text;
}

TEST(Json, LimitsHowDeepItIsNested) {
  const auto nested = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse_json(nested(128)).ok());
  EXPECT_EQ(parse_json(nested(129)).code(), StatusCode::unsupported);
  EXPECT_EQ(parse_json(nested(200000)).code(), StatusCode::unsupported);
}

TEST(Json, QuotesWhatItReadsBack) {
  const std::string text = "a\"b\\c\n\t\x01\xC3\xA9";
  const Result<Json> back = parse_json(json_quoted(text));
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(*back->text(), text);
}

}  // namespace
}  // namespace tritium
