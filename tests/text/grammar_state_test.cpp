// Generated tokens held to a grammar: single tokens, masks of all of them, sleeping grammars.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>
#include <thread>

#include "base/cancel.h"
#include "tests/text/small_byte_vocabulary.h"
#include "text/grammar/grammar_state.h"
#include "text/grammar/machine.h"

namespace tritium::grammar {
namespace {

// The 256 bytes, some longer pieces with parts of characters among them, and <s>, </s>, <mark>, <tool>, the last of
// which is text.
std::shared_ptr<const Tokenizer> byte_tokenizer() {
  Metadata m =
      byte_level_vocabulary({"a b", "ab a", "\" :", "1 2", "Ġ \"", "Ã ©", "ð Ł", "ðŁ Ļ", "} }", "\" }", ", Ġ", "a a",
                             "aa aa", "aaaa aaaa", "aaaaaaaa aaaaaaaa", "aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa"},
                            {{"<s>", 0, kControl},
                             {"</s>", 0, kControl},
                             {"<mark>", 0, kControl},
                             {"<tool>", 0, kUserDefined},
                             {"<unused>", 0, kUnused}});
  m.set("tokenizer.ggml.eos_token_id", int64_t{256 + 16 + 1});
  return tokenizer_of(m);
}

struct Vocabulary {
  std::shared_ptr<const Tokenizer> tokenizer = byte_tokenizer();
  std::shared_ptr<const TokenTrie> trie = TokenTrie::make(tokenizer);

  int32_t id(std::string_view piece) const {
    for (int32_t token = 0; token < tokenizer->vocab_size(); ++token)
      if (tokenizer->piece(token) == piece) return token;
    ADD_FAILURE() << "no piece " << piece;
    return -1;
  }
  int32_t end() const { return tokenizer->eos(); }
};

Grammar gbnf(std::string_view source) { return *parse_gbnf(source); }

GrammarState begin(const Vocabulary& v, const Grammar& grammar, const Triggers& triggers = {}) {
  Result<GrammarState> state = GrammarState::make(grammar, v.trie, triggers);
  EXPECT_TRUE(state.ok()) << state.message();
  return *std::move(state);
}

void read(GrammarState& state, std::string_view text) {
  for (const char c : text) ASSERT_TRUE(state.advance(static_cast<uint8_t>(c)).ok()) << "at " << c << " of " << text;
}

TokenMask mask_of(const GrammarState& state) {
  TokenMask mask;
  const Status status = state.mask(mask);
  EXPECT_TRUE(status.ok()) << status.message();
  return mask;
}

std::vector<std::string> allowed(const Vocabulary& v, const GrammarState& state) {
  std::vector<std::string> pieces;
  const TokenMask mask = mask_of(state);
  for (int32_t token = 0; token < v.tokenizer->vocab_size(); ++token)
    if (mask.test(token)) pieces.emplace_back(v.tokenizer->piece(token));
  return pieces;
}

using Pieces = std::vector<std::string>;

TEST(GrammarState, AllowsTokensThatGoOn) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf(R"(root ::= "aba" "c"?)"));
  EXPECT_EQ(allowed(v, state), (Pieces{"a", "ab", "aba"}));
  EXPECT_TRUE(*state.accepts(v.id("ab")));
  EXPECT_FALSE(*state.accepts(v.id("b")));
  ASSERT_TRUE(state.advance(v.id("ab")).ok());
  EXPECT_EQ(allowed(v, state), Pieces{"a"});
  EXPECT_FALSE(state.may_end());
}

TEST(GrammarState, EndsOnlyWhereTheGrammarMay) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf(R"(root ::= "a" "c"?)"));
  EXPECT_FALSE(*state.accepts(v.end()));
  read(state, "a");
  EXPECT_TRUE(state.may_end());
  EXPECT_EQ(allowed(v, state), (Pieces{"c", "</s>"}));
  read(state, "c");
  EXPECT_EQ(allowed(v, state), Pieces{"</s>"});
  ASSERT_TRUE(state.advance(v.end()).ok());
  EXPECT_TRUE(state.ended());
  EXPECT_EQ(mask_of(state).count(), 0u);
  EXPECT_FALSE(*state.accepts(v.end()));
}

TEST(GrammarState, NeverAllowsControlTokens) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf("root ::= .*"));
  for (const char* piece : {"<s>", "<mark>", "<unused>"}) EXPECT_FALSE(*state.accepts(v.id(piece))) << piece;
  EXPECT_TRUE(*state.accepts(v.id("<tool>")));
  EXPECT_FALSE(*state.accepts(-1));
  EXPECT_FALSE(*state.accepts(100000));
}

TEST(GrammarState, ATokenThatDoesNotFitChangesNothing) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf(R"(root ::= "ab")"));
  const Status refused = state.advance('b');
  EXPECT_EQ(refused.code(), StatusCode::invalid_argument);
  EXPECT_EQ(refused.message(), "grammar: token 98 does not fit here");
  EXPECT_EQ(allowed(v, state), (Pieces{"a", "ab"}));
}

TEST(GrammarState, CharactersMayBeSpreadOverTokens) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf("root ::= [é🙂]+"));
  EXPECT_TRUE(*state.accepts(v.id("Ã©")));
  EXPECT_TRUE(*state.accepts(0xC3));
  EXPECT_TRUE(*state.accepts(v.id("ðŁĻ")));  // three of its four bytes
  EXPECT_FALSE(*state.accepts(0xC2));
  ASSERT_TRUE(state.advance(v.id("ðŁ")).ok());
  EXPECT_FALSE(state.may_end());
  EXPECT_EQ(mask_of(state).count(), 1u);
  read(state, "\x99\x82");
  EXPECT_TRUE(state.may_end());
}

TEST(GrammarState, CopiesGoTheirOwnWays) {
  const Vocabulary v;
  GrammarState one = begin(v, gbnf(R"(root ::= "a" ("b" | "c"))"));
  read(one, "a");
  GrammarState other = one;
  read(one, "b");
  EXPECT_EQ(allowed(v, other), (Pieces{"b", "c"}));
  EXPECT_TRUE(one.may_end());
  EXPECT_FALSE(other.may_end());
}

const char* const kJson = R"(
root ::= value
value ::= object | array | string | number | "true" | "null"
object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}" ws
array ::= "[" ws (value ("," ws value)*)? "]" ws
string ::= "\"" ([^"\\\x00-\x1F] | "\\" ["\\nt])* "\"" ws
number ::= "-"? [0-9]+ ws
ws ::= [ \n]{0,2}
)";

// The check of one token is the mask of all: along random texts of several grammars.
TEST(GrammarState, OneTokenAtATimeAndAllAtOnceAreTheSame) {
  const Vocabulary v;
  const std::string grammars[] = {
      kJson,
      R"(root ::= "\"" [ab]{0,70} "\"")",
      R"(root ::= ("a"{20,60} | "ab"{9,50}) "12"?)",
      "root ::= \"a\" root \"b\" | \"a\" root \"a\" | \"ab\"",
      "root ::= (\"a\" | \"ab\" | \"aba\")* (\"1\" | \"12\")? x\nx ::= (\"{\" x \"}\")* [^{}]?",
      "root ::= [é-ü🙂]* (\"🙂\" \"a\")? | root2 root2\nroot2 ::= \" \\\"\"* [^x]"};
  std::mt19937 random(3);
  size_t compared = 0;
  for (const std::string& source : grammars)
    for (int text = 0; text < 30; ++text) {
      GrammarState state = begin(v, gbnf(source));
      for (int n = 0; n < 25 && !state.ended(); ++n) {
        const TokenMask mask = mask_of(state);
        std::vector<int32_t> fit;
        for (int32_t token = 0; token < v.tokenizer->vocab_size(); ++token) {
          ASSERT_EQ(*state.accepts(token), mask.test(token)) << source << " at " << n << ", token " << token;
          if (mask.test(token)) fit.push_back(token);
          ++compared;
        }
        ASSERT_FALSE(fit.empty());
        ASSERT_TRUE(state.advance(fit[random() % fit.size()]).ok());
      }
    }
  EXPECT_GT(compared, 100000u);
}

TEST(GrammarState, NestingOfAnyDepthIsFollowed) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf(kJson));
  for (int i = 0; i < 20000; ++i) ASSERT_TRUE(state.advance('[').ok()) << i;
  for (int i = 0; i < 20000; ++i) ASSERT_TRUE(state.advance(']').ok()) << i;
  EXPECT_TRUE(state.may_end());
}

// What a machine computed can be given up: another one goes on where it stood, within ambiguous nesting, too.
TEST(Machine, GoesOnWhereAnotherStood) {
  const Grammar grammar = gbnf(R"(
root ::= "[" (root | pair) ("," root)* "]"
pair ::= "a" pair "b" | "a" pair "c" | "a"? "x"
)");
  for (const std::string text : {"[[[aaaxbcb],[x]],[ax]]", "[[aaxbc]]", "[aaxb]"}) {
    Machine first(grammar.network());
    Machine::State state = first.start();
    for (size_t at = 0; at < text.size(); ++at) {
      Machine second(grammar.network());
      Machine::State copy = second.copy_from(first, state);
      bool fits = true;
      for (size_t i = at; i < text.size() && fits; ++i) fits = second.step(copy, static_cast<uint8_t>(text[i]));
      EXPECT_TRUE(fits && second.ends(copy)) << text << " from " << at;
      ASSERT_TRUE(first.step(state, static_cast<uint8_t>(text[at]))) << text << " at " << at;
    }
  }
}

TEST(GrammarState, ManyWaysToNestTakeLittle) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf("root ::= (\"a\" root \"b\" | \"a\" root \"c\" | \"x\")"));
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(state.advance('a').ok());
  read(state, "x");
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(state.advance(i % 2 ? 'b' : 'c').ok()) << i;
  EXPECT_TRUE(state.may_end());
}

TEST(GrammarState, WhatIsTooAmbiguousIsSaid) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf("root ::= (\"a\" root \"b\" | \"a\" root \"c\" | \"x\")"));
  Status status;
  for (int i = 0; i < 100000 && status.ok(); ++i) status = state.advance('a');
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_TRUE(status.message().starts_with("grammar: it is too ambiguous")) << status.message();
}

TEST(GrammarState, ThreadsMayShareAGrammarAndCopies) {
  const Vocabulary v;
  const Grammar grammar = gbnf(kJson);
  const GrammarState shared = begin(v, grammar);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      GrammarState state = i % 2 ? shared : *GrammarState::make(grammar, v.trie);
      bool good = true;
      for (const char c : std::string("{\"a\":[1,2,{\"b\":\"c\"}]}")) {
        TokenMask mask;
        good = good && state.mask(mask).ok() && mask.test(static_cast<uint8_t>(c)) &&
               state.advance(static_cast<uint8_t>(c)).ok();
      }
      right += good && state.may_end();
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(right, 4);
}

TEST(GrammarState, IsFollowedAsLongAsTheCallerWants) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf(kJson));
  const std::function<bool()> no = [] { return false; };
  const CancelScope scope(no);
  TokenMask mask;
  EXPECT_EQ(state.mask(mask).code(), StatusCode::cancelled);
}

TEST(SleepingGrammar, AllowsEverythingUntilAWordComes) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf(R"(root ::= "<call>" [0-9]+ "!")"), {.words = {"<call>"}});
  EXPECT_TRUE(state.sleeps());
  EXPECT_TRUE(state.may_end());
  EXPECT_TRUE(*state.accepts(v.id("<mark>")));
  EXPECT_TRUE(*state.accepts(v.end()));
  read(state, "so <ca<call");
  EXPECT_TRUE(state.sleeps());
  read(state, ">");
  EXPECT_FALSE(state.sleeps());
  EXPECT_FALSE(*state.accepts('a'));
  read(state, "12!");
  EXPECT_EQ(allowed(v, state), Pieces{"</s>"});
}

TEST(SleepingGrammar, AWordMayBeginWithinAToken) {
  const Vocabulary v;
  // "ab" wakes it: behind it must stand "1", and so "aba" does not fit, while "b" and "ab" do.
  GrammarState state = begin(v, gbnf(R"(root ::= "1")"), {.words = {"ab"}, .word_is_part = false});
  EXPECT_FALSE(*state.accepts(v.id("aba")));
  EXPECT_TRUE(*state.accepts(v.id("ab")));
  read(state, "xa");
  const TokenMask mask = mask_of(state);
  for (int32_t token = 0; token < v.tokenizer->vocab_size(); ++token)
    EXPECT_EQ(*state.accepts(token), mask.test(token)) << token;
  EXPECT_EQ(mask.count(),
            mask_of(begin(v, gbnf("root ::= \"1\""), {.words = {"zz"}, .word_is_part = false})).count() - 1);
  read(state, "b");
  EXPECT_EQ(allowed(v, state), Pieces{"1"});
}

TEST(SleepingGrammar, TheFirstOfSeveralWordsCounts) {
  const Vocabulary v;
  const Triggers triggers = {.words = {"aab", "ab", "b1"}};
  GrammarState state = begin(v, gbnf(R"(root ::= ("aab" | "ab" "2" | "b1") "!")"), triggers);
  read(state, "xaab");
  EXPECT_EQ(allowed(v, state), Pieces{"!"});  // the longest that ends here
  GrammarState other = begin(v, gbnf(R"(root ::= ("aab" | "ab" "2" | "b1") "!")"), triggers);
  read(other, "xab");
  EXPECT_EQ(allowed(v, other), Pieces{"2"});
}

TEST(SleepingGrammar, ATokenMayWakeIt) {
  const Vocabulary v;
  GrammarState state = begin(v, gbnf("root ::= \"{\""), {.tokens = {v.id("<mark>")}});
  read(state, "any text {");
  ASSERT_TRUE(state.advance(v.id("<mark>")).ok());
  EXPECT_EQ(allowed(v, state), Pieces{"{"});
}

TEST(SleepingGrammar, ATriggerMustBeginOneOfTheTexts) {
  const Vocabulary v;
  const auto made = GrammarState::make(gbnf("root ::= \"a\""), v.trie, {.words = {"b"}});
  EXPECT_EQ(made.message(), "grammar: none of its texts begins with the trigger \"b\"");
  EXPECT_EQ(GrammarState::make(gbnf("root ::= \"a\""), v.trie, {.words = {""}}).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium::grammar
