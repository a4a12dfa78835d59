// A vocabulary as a tree of bytes, made once a tokenizer: tokens that begin alike are walked over together. Nodes lie
// in the order in which they are visited, each before those below it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "text/grammar/token_mask.h"
#include "text/tokenizer.h"

namespace tritium::grammar {

class TokenTrie {
 public:
  struct Node {
    uint32_t end = 0;     // behind the last node below it
    uint32_t tokens = 0;  // its own begin there, in tokens(); those of the next node follow
    uint16_t depth = 0;   // bytes, its own included
    uint8_t byte = 0;
  };

  // Keeps the tokenizer. O(bytes of the vocabulary). Throws Cancelled.
  static std::shared_ptr<const TokenTrie> make(std::shared_ptr<const Tokenizer> tokenizer);

  // The last one is none: where the tokens of the last but one end.
  size_t n_nodes() const { return nodes_.size() - 1; }
  const Node& node(size_t i) const { return nodes_[i]; }
  std::span<const int32_t> tokens_at(size_t i) const {
    return {tokens_.data() + nodes_[i].tokens, tokens_.data() + nodes_[i + 1].tokens};
  }
  std::span<const int32_t> tokens_below(size_t i) const {  // its own included
    return {tokens_.data() + nodes_[i].tokens, tokens_.data() + nodes_[nodes_[i].end].tokens};
  }
  // The bytes on the way to a node, its own included.
  std::string_view path(size_t i) const { return bytes_of(tokens_[nodes_[i].tokens]).substr(0, nodes_[i].depth); }

  size_t vocab_size() const { return static_cast<size_t>(tokenizer_->vocab_size()); }
  // "" for tokens that are no text: control tokens, and those that end generation.
  std::string_view bytes_of(int32_t token) const { return is_text(token) ? tokenizer_->bytes_of(token) : ""; }
  bool is_text(int32_t token) const { return is_text_.test(token); }
  bool ends_generation(int32_t token) const { return tokenizer_->ends_generation(token); }
  const std::vector<int32_t>& ends() const { return ends_; }
  const TokenMask& sampleable() const { return sampleable_; }

 private:
  explicit TokenTrie(std::shared_ptr<const Tokenizer> tokenizer);

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<Node> nodes_;
  std::vector<int32_t> tokens_;  // sorted by their bytes
  std::vector<int32_t> ends_;
  TokenMask is_text_;
  TokenMask sampleable_;
};

// Walks from `start`, the state before the bytes of node `first`, over the nodes first … last - 1, which are a node and
// all below it, or the whole trie (`depth` 0). `step(state, byte)` says whether the state goes on, `visit(node, state)`
// is told of each that does, `stop(node, state)` of each that does not, with the state before it: what is below it is
// passed over.
template <typename State, typename Step, typename Visit, typename Stop>
void walk(const TokenTrie& trie, size_t first, size_t last, size_t depth, const State& start, Step&& step,
          Visit&& visit, Stop&& stop) {
  std::vector<State> states(256, start);  // by depth, before the next byte
  for (size_t i = first; i < last;) {
    const TokenTrie::Node& node = trie.node(i);
    const size_t at = node.depth - depth;
    if (at >= states.size()) states.resize(2 * at, start);
    State state = states[at - 1];
    if (step(state, node.byte)) {
      states[at] = state;
      visit(i, state);
      ++i;
    } else {
      stop(i, states[at - 1]);
      i = node.end;
    }
  }
}

}  // namespace tritium::grammar
