#include "text/grammar/token_trie.h"

#include <algorithm>
#include <utility>

#include "base/cancel.h"

namespace tritium::grammar {
namespace {

size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

std::shared_ptr<const TokenTrie> TokenTrie::make(std::shared_ptr<const Tokenizer> tokenizer) {
  return std::shared_ptr<const TokenTrie>(new TokenTrie(std::move(tokenizer)));
}

TokenTrie::TokenTrie(std::shared_ptr<const Tokenizer> tokenizer)
    : tokenizer_(std::move(tokenizer)), is_text_(vocab_size()), sampleable_(vocab_size()) {
  constexpr size_t kLongest = 0xFFFF;  // bytes; tokens that are longer are never allowed
  for (int32_t token = 0; std::cmp_less(token, vocab_size()); ++token) {
    if (!tokenizer_->sampleable(token)) continue;
    sampleable_.set(token);
    if (tokenizer_->ends_generation(token)) {
      ends_.push_back(token);
    } else if (const size_t n = tokenizer_->bytes_of(token).size();
               n > 0 && n <= kLongest && !tokenizer_->is_control(token)) {
      is_text_.set(token);
      tokens_.push_back(token);
    }
  }
  std::ranges::stable_sort(tokens_, {}, [&](int32_t token) { return tokenizer_->bytes_of(token); });
  std::vector<uint32_t> open;  // the nodes on the way to the last token
  std::string_view before;
  const auto close = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back()) nodes_[open.back()].end = static_cast<uint32_t>(nodes_.size());
  };
  for (uint32_t i = 0; i < tokens_.size(); ++i) {
    check_cancelled_every<4096>(i);
    const std::string_view bytes = tokenizer_->bytes_of(tokens_[i]);
    close(common_prefix(before, bytes));
    while (open.size() < bytes.size()) {
      const auto byte = static_cast<uint8_t>(bytes[open.size()]);
      open.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({.tokens = i, .depth = static_cast<uint16_t>(open.size()), .byte = byte});
    }
    before = bytes;
  }
  close(0);
  nodes_.push_back({.tokens = static_cast<uint32_t>(tokens_.size())});
}

}  // namespace tritium::grammar
