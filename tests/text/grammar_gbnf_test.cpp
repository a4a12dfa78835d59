// The notation of grammars: what fits, and what is refused, with its place.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "text/grammar/grammar.h"

namespace tritium::grammar {
namespace {

Grammar grammar_of(std::string_view source) {
  const Result<Grammar> grammar = parse_gbnf(source);
  EXPECT_TRUE(grammar.ok()) << source << "\n" << grammar.message();
  return grammar.ok() ? *grammar : *parse_gbnf("root ::= \"\"");
}

bool fits(const std::string& source, std::string_view text) { return *fits(grammar_of(source), text); }

void expect_fits(const std::string& source, const std::vector<std::string>& right,
                 const std::vector<std::string>& wrong) {
  const Grammar grammar = grammar_of(source);
  for (const std::string& text : right) EXPECT_TRUE(*fits(grammar, text)) << source << " on " << text;
  for (const std::string& text : wrong) EXPECT_FALSE(*fits(grammar, text)) << source << " on " << text;
}

std::string problem(std::string_view source) { return parse_gbnf(source).message(); }

TEST(Gbnf, LiteralsStandForTheirCharacters) {
  expect_fits(R"(root ::= "ab" "c")", {"abc"}, {"", "ab", "abcd", "abd"});
  expect_fits(R"(root ::= "")", {""}, {"a"});
  expect_fits(R"(root ::= "\n\r\t\\\"\[\]")", {"\n\r\t\\\"[]"}, {});
  expect_fits(R"(root ::= "\x41\u00e9\u20ac\U0001F642")", {"A\u00e9\u20ac\U0001F642"}, {"A"});
  expect_fits("root ::= \"é→\"", {"é→"}, {"é"});
}

TEST(Gbnf, ClassesHoldCharactersNotBytes) {
  expect_fits("root ::= [a-cx]", {"a", "b", "c", "x"}, {"", "d", "ab"});
  expect_fits("root ::= [^a-c]", {"d", "é", "\U0001F642", "\n"}, {"a", "c", "\xFF", "\xC3"});
  expect_fits("root ::= [а-яё]", {"а", "ж", "я", "ё"}, {"a", "Ж"});
  expect_fits("root ::= [\\u0400-\\u04FF\\U0001F600-\\U0001F64F]", {"ж", "\U0001F642"}, {"\U0001F650", "z"});
  expect_fits("root ::= [-a]", {"-", "a"}, {"b"});
  expect_fits("root ::= [a-]", {"-", "a"}, {"b"});
  expect_fits("root ::= [\\]\\\\\\-]", {"]", "\\", "-"}, {"a"});
}

TEST(Gbnf, ADotIsAnyCharacter) {
  expect_fits("root ::= .", {"a", "\n", "é", "\U0010FFFF"}, {"", "ab", "\x80", "\xED\xA0\x80", "\xC0\x80"});
}

TEST(Gbnf, AlternativesGroupsAndRepetitions) {
  expect_fits(R"(root ::= "a" | "b" "c" |)", {"a", "bc", ""}, {"b", "ac"});
  expect_fits(R"(root ::= ("a" | "b")* "c"+ "d"?)", {"c", "abbacc", "ccd"}, {"", "ab", "dd"});
  expect_fits(R"(root ::= "a"{2} "b"{1,} "c"{0,2} "d"{,1})", {"aab", "aabbbccd", "aabd"},
              {"ab", "aabccc", "aabdd", "aa"});
  expect_fits(R"(root ::= ("a" "b"){2,3})", {"abab", "ababab"}, {"ab", "aba", "abababab"});
  expect_fits(R"(root ::= ("a"? "b"?)* "c")", {"c", "abc", "babac"}, {"ab"});
  expect_fits(R"(root ::= (("a"*)*)*)", {"", "aaaa"}, {"b"});
}

TEST(Gbnf, RulesNameEachOther) {
  expect_fits("root ::= one-two \"=\" one-two\none-two ::= [0-9]+ # digits\n", {"1=22"}, {"=", "1="});
  expect_fits("root ::= \"(\" root \")\" | \"x\"", {"x", "(x)", "(((x)))"}, {"((x)", "(x))", ""});
}

TEST(Gbnf, ARuleMayTakeSeveralLines) {
  expect_fits(
      "# a comment\nroot ::=\n  (\n    \"a\" # first\n    | \"b\"\n  )\n  | \"c\" |\n    \"d\"\n\nother ::= \"e\"",
      {"a", "b", "c", "d"}, {"e"});
  expect_fits("root ::= \"a\"\r\nx ::= \"b\"\r\n", {"a"}, {"b"});
}

// a^n b^n c^n is out of reach, a^n b^n and palindromes are not.
TEST(Gbnf, NestingIsCounted) {
  EXPECT_TRUE(fits("root ::= \"a\" root? \"b\"", std::string(5000, 'a') + std::string(5000, 'b')));
  EXPECT_FALSE(fits("root ::= \"a\" root? \"b\"", std::string(5000, 'a') + std::string(4999, 'b')));
  expect_fits(R"(root ::= "a" root "a" | "b" root "b" | "a" | "b" | "")", {"", "abba", "abaaba", "babab"},
              {"ab", "abab"});
}

TEST(Gbnf, AmbiguityCostsLittle) {
  // Catalan many ways to read it.
  EXPECT_TRUE(fits("root ::= \"a\" root root | \"a\" root | \"a\"", std::string(300, 'a')));
  // 2^n stacks, unless those that go on alike are one.
  const std::string twice = "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"x\"";
  std::string text(500, 'a');
  text += 'x';
  for (int i = 0; i < 500; ++i) text += i % 3 ? 'b' : 'c';
  EXPECT_TRUE(fits(twice, text));
  EXPECT_FALSE(fits(twice, text.substr(0, text.size() - 1)));
  EXPECT_TRUE(fits("root ::= (\"a\"? ){60} \"a\"{60}", std::string(60, 'a')));
  EXPECT_TRUE(fits("root ::= x x x x x x x x\nx ::= [a-z]+ \",\"? x?\n", std::string(200, 'k')));
}

TEST(Gbnf, SaysWhereSomethingIsWrong) {
  EXPECT_EQ(problem("root ::= \"a\"\nx := \"b\""), "grammar: line 2, column 3: expected ::= after the name of a rule");
  EXPECT_EQ(problem("root ::= \"a\n"), "grammar: line 1, column 12: expected \" before the end of the line");
  EXPECT_EQ(problem("root ::= (\"a\"\n"), "grammar: line 2, column 1: expected ) for the bracket that was opened");
  EXPECT_EQ(problem("root ::= [a-"), "grammar: line 1, column 13: expected ] before the end of the line");
  EXPECT_EQ(problem("root ::= [b-a]"),
            "grammar: line 1, column 11: a range of characters whose end comes before its beginning");
  EXPECT_EQ(problem("root ::= \"\\x4\""), "grammar: line 1, column 14: expected 2 hexadecimal digits");
  EXPECT_EQ(problem("root ::= \"\\uD800\""), "grammar: line 1, column 13: this is the number of no character");
  EXPECT_EQ(problem("root ::= \"a\"{3,2}"), "grammar: line 1, column 13: a repetition of at least 3 and at most 2");
  EXPECT_EQ(problem("root ::= \"a\"{999999999999}"), "grammar: line 1, column 19: a repetition is at most 100000");
  EXPECT_EQ(problem("root ::= \"a\" )"), "grammar: line 1, column 14: expected the end of rule root, not )");
  EXPECT_EQ(problem("root ::= a\na ::= b c"), "grammar: line 2, column 7: rule b is named, and nowhere defined");
  EXPECT_EQ(problem("root ::= \"a\"\n\nroot ::= \"b\""),
            "grammar: line 3, column 1: rule root is defined twice; it was at line 1, column 1");
  EXPECT_EQ(problem("x ::= \"a\""), "grammar: there is no rule named root, with which a text begins");
  EXPECT_EQ(problem(""), "grammar: there is no rule named root, with which a text begins");
  EXPECT_EQ(problem("root ::= \"\xFF\""), "grammar: it is not UTF-8 text");
  EXPECT_TRUE(problem("root ::= \"\\q\"").starts_with("grammar: line 1, column 12: unknown escape"));
  EXPECT_EQ(parse_gbnf("root ::= <[1]>").code(), StatusCode::unsupported);
}

TEST(Gbnf, ARuleThatBeginsWithItselfIsNamed) {
  EXPECT_EQ(problem("root ::= root \"a\" | \"b\""),
            "grammar: rule root begins with itself (root → root), which has no end: write the repetition as (…)*, or "
            "let something stand before it");
  EXPECT_TRUE(problem("root ::= \"x\" sum\nsum ::= term\nterm ::= sum \"+\" | \"1\"")
                  .starts_with("grammar: rule sum begins with itself (sum → term → sum)"));
  // Behind what may be empty, too, and where it leads nowhere.
  EXPECT_TRUE(problem("root ::= blank root \"a\" | \"b\"\nblank ::= \" \"*").starts_with("grammar: rule root begins"));
  EXPECT_TRUE(problem("root ::= a\na ::= a").starts_with("grammar: rule a begins with itself (a → a)"));
}

TEST(Gbnf, AGrammarWithoutTextsIsRefused) {
  EXPECT_EQ(problem("root ::= \"a\" root"), "grammar: no text fits it: there is no way to the end of root");
  EXPECT_EQ(problem("root ::= []"), "grammar: no text fits it: there is no way to the end of root");
  // What leads nowhere beside something that does not is left out.
  expect_fits("root ::= \"a\" | \"b\" never\nnever ::= \"c\" never", {"a"}, {"b", "bc"});
}

TEST(Gbnf, SizesAreLimited) {
  EXPECT_TRUE(problem("root ::= ((\"a\"{1000}){1000}){1000}").starts_with("grammar: it is too large"));
  EXPECT_TRUE(problem("root ::= (\"a\"?){100000}").starts_with("grammar: it is too large"));
  EXPECT_TRUE(problem("root ::= " + std::string(300, '(') + "\"a\"" + std::string(300, ')'))
                  .ends_with("brackets lie more than 200 deep within each other"));
  EXPECT_TRUE(
      problem("root ::= \"a\"" + std::string(5000, '*')).ends_with("its expressions lie too deep within each other"));
  EXPECT_TRUE(problem(std::string(2 << 20, ' ')).starts_with("grammar: 2097152 bytes"));
}

TEST(Gbnf, IsReadAsLongAsTheCallerWants) {
  const std::function<bool()> no = [] { return false; };
  const CancelScope scope(no);
  EXPECT_EQ(parse_gbnf("root ::= \"a\"").code(), StatusCode::cancelled);
  EXPECT_EQ(fits(
                *[] {
                  const CancelShield shield;
                  return parse_gbnf("root ::= \"a\"{50000}");
                }(),
                std::string(50000, 'a'))
                .code(),
            StatusCode::cancelled);
}

TEST(Gbnf, ADamagedGrammarIsAnErrorOrAnotherGrammar) {
  const std::string whole =
      "root ::= obj # x\nobj ::= \"{\" (pair (\",\" pair)*)? \"}\"\npair ::= [a-z\\x41-\\u0100]{1,3} \":\" (obj | .)\n";
  uint64_t state = 1;
  int errors = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (int turn = 0; turn < 3; ++turn) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      damaged[(state >> 33) % damaged.size()] = static_cast<char>(state >> 56);
    }
    const Result<Grammar> grammar = parse_gbnf(damaged);
    errors += !grammar.ok();
    if (grammar.ok())
      EXPECT_TRUE(fits(*grammar, "{a:{},b:x}").ok());
    else
      EXPECT_TRUE(grammar.message().starts_with("grammar: ")) << damaged;
  }
  EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace tritium::grammar
