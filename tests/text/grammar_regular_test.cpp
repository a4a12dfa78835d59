// Regular grammars against regular expressions: the same random expression written for both, on random texts.
#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>

#include "text/grammar/grammar.h"

namespace tritium::grammar {
namespace {

struct Written {
  std::string grammar;
  std::string expression;  // ECMA-262
};

class Writer {
 public:
  explicit Writer(uint32_t seed) : random_(seed) {}
  size_t below(size_t n) { return random_() % n; }

  Written draw(int depth) {
    switch (depth == 0 ? below(3) : below(7)) {
      case 0: {
        const std::string text = texts_[below(5)];
        return {"\"" + text + "\"", text};
      }
      case 1: return {"[ab]", "[ab]"};
      case 2: return {"[^a]", "[^a]"};
      case 3: return both(draw(depth - 1), " ", draw(depth - 1), "");
      case 4: return both(draw(depth - 1), " | ", draw(depth - 1), "|");
      default: return repeated(draw(depth - 1));
    }
  }
  std::string text() {
    std::string made;
    for (size_t n = below(9); n > 0; --n) made += "abc"[below(3)];
    return made;
  }

 private:
  static Written both(const Written& a, const char* between, const Written& b, const char* of_expression) {
    return {"(" + a.grammar + between + b.grammar + ")", "(?:" + a.expression + of_expression + b.expression + ")"};
  }
  Written repeated(const Written& part) {
    const char* repetitions[] = {"*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,1}"};
    const char* repetition = repetitions[below(7)];
    return {"(" + part.grammar + ")" + repetition, "(?:" + part.expression + ")" + repetition};
  }

  static constexpr const char* texts_[] = {"a", "b", "c", "ab", "ca"};
  std::mt19937 random_;
};

TEST(RegularGrammar, FitsWhatTheExpressionMatches) {
  size_t matched = 0, compared = 0;
  for (uint32_t seed = 0; seed < 300; ++seed) {
    Writer writer(seed);
    const Written written = writer.draw(3);
    const auto grammar = parse_gbnf("root ::= " + written.grammar);
    ASSERT_TRUE(grammar.ok()) << written.grammar << ": " << grammar.message();
    const std::regex expression(written.expression);
    for (int i = 0; i < 60; ++i) {
      const std::string text = writer.text();
      const bool matches = std::regex_match(text, expression);
      EXPECT_EQ(*fits(*grammar, text), matches) << "seed " << seed << ": " << written.grammar << " on " << text;
      matched += matches;
      ++compared;
    }
  }
  EXPECT_GT(matched, compared / 10);
  EXPECT_LT(matched, compared * 9 / 10);
}

// What a pattern of a schema says of a string that JSON writes without escapes.
TEST(RegularGrammar, APatternFindsWhatTheExpressionFinds) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    Writer writer(seed + 1000);
    const Written written = writer.draw(3);
    const bool begins = writer.below(2) == 0, ends = writer.below(2) == 0;
    const std::string pattern = (begins ? "^" : "") + written.expression + (ends ? "$" : "");
    const auto grammar = grammar_of_json_schema("{\"pattern\": \"" + pattern + "\"}");
    ASSERT_TRUE(grammar.ok()) << pattern << ": " << grammar.message();
    const std::regex expression(pattern);
    for (int i = 0; i < 40; ++i) {
      const std::string text = writer.text();
      EXPECT_EQ(*fits(*grammar, "\"" + text + "\""), std::regex_search(text, expression)) << pattern << " on " << text;
    }
  }
}

}  // namespace
}  // namespace tritium::grammar
