// Generated tokens held to a grammar.
//
//   auto tokens = TokenTrie::make(tokenizer);                  // once a tokenizer
//   auto state = GrammarState::make(grammar, tokens);          // once a text
//   token = draw(logits);                                      // lazily: most draws fit
//   if (!*state->accepts(token)) { state->mask(mask); token = draw(logits where mask.test(id)); }
//   state->advance(token);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/grammar/grammar.h"
#include "text/grammar/token_mask.h"
#include "text/grammar/token_trie.h"

namespace tritium::grammar {

// With any of these a grammar sleeps at first, and everything is allowed, until the text has one of the words, or one
// of the tokens comes.
struct Triggers {
  std::vector<std::string> words;
  std::vector<int32_t> tokens;  // the grammar's text begins behind it
  bool word_is_part = true;     // the grammar's text begins with the word, not behind it
  bool empty() const { return words.empty() && tokens.empty(); }
};

// A place in a text. Copies are cheap, and go their own ways; what they computed they share, and wait for each other
// when threads use them at once. One object belongs to one thread at a time.
class GrammarState {
 public:
  // invalid_argument: a trigger that is empty, or with which no text of the grammar begins.
  static Result<GrammarState> make(const Grammar& grammar, std::shared_ptr<const TokenTrie> tokens,
                                   const Triggers& triggers = {});

  // May the token be next? Control tokens never may, one that ends generation where the grammar may end; while the
  // grammar sleeps every token may that does not wake it with what does not fit. As `mask` says. O(bytes of the token).
  // These three fail with unsupported where the grammar is too ambiguous to be followed on, and with cancelled.
  Result<bool> accepts(int32_t token) const;
  // All tokens that may be next. None may be, where the vocabulary has no token for the characters that must follow.
  Status mask(TokenMask& out) const;
  // Goes on behind that token. invalid_argument, and nothing is changed: it may not be next.
  Status advance(int32_t token);

  // The grammar may end here, or sleeps.
  bool may_end() const;
  bool sleeps() const;
  // A token that ends generation was taken: nothing may follow.
  bool ended() const { return ended_; }

 private:
  class Shared;
  struct Place {
    bool awake = false;
    uint32_t search = 0;         // asleep: the state of the search for triggers
    uint32_t configuration = 0;  // awake: the machine's
    uint32_t stack = 0;
  };
  explicit GrammarState(std::shared_ptr<Shared> shared);
  Status make_room();

  std::shared_ptr<Shared> shared_;
  Place place_;
  bool ended_ = false;
};

}  // namespace tritium::grammar
