#include "text/byte_pair.h"

#include <algorithm>
#include <bit>
#include <deque>

#include "base/cancel.h"
#include "text/byte_characters.h"

namespace tritium {
namespace {

constexpr size_t kMostCached = size_t{1} << 16;  // words
constexpr size_t kLongestCached = 64;            // bytes; longer words seldom come twice
constexpr size_t kLongestWord = size_t{1} << 30;

constexpr uint64_t pair_of(int32_t left, int32_t right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

// The finaliser of MurmurHash3.
constexpr size_t slot_of(uint64_t pair, size_t slots) {
  pair = (pair ^ (pair >> 33)) * 0xFF51AFD7ED558CCDu;
  pair = (pair ^ (pair >> 33)) * 0xC4CEB9FE1A85EC53u;
  return static_cast<size_t>(pair ^ (pair >> 33)) & (slots - 1);
}

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// A run of the word that is one symbol so far; a doubly linked list through the vector.
struct Run {
  int32_t symbol;  // -1: merged into the one before
  int32_t begin;   // in the word
  int32_t previous;
  int32_t next;
};

struct Proposal {
  int32_t rank;
  int32_t left;
  int32_t right;
  int32_t left_symbol;  // a proposal is stale when either run is another symbol by now
  int32_t right_symbol;
  int32_t result;

  // Lowest rank first, then leftmost.
  bool operator<(const Proposal& other) const { return rank > other.rank || (rank == other.rank && left > other.left); }
};

}  // namespace

struct BytePair::Work {
  struct Tokens {
    size_t begin;
    size_t count;
  };
  Pattern::Scratch patterns;
  std::unordered_map<std::string, Tokens, TextHash, std::equal_to<>> cache;  // of words
  std::vector<int32_t> cached_tokens;
  std::vector<Run> runs;
  std::vector<Proposal> proposals;
};

// Numbers of texts, while the list of merges is read.
class BytePair::Symbols {
 public:
  // Tokens have their ids; of equal pieces the last one counts, and one that text may become before a control token.
  explicit Symbols(const TokenTable& table) : next_(static_cast<SymbolId>(table.pieces.size())) {
    symbols_.reserve(2 * table.pieces.size());
    for (const bool control : {true, false})
      for (size_t i = 0; i < table.pieces.size(); ++i)
        if ((table.kinds[i] == TokenKind::control) == control) symbols_[table.pieces[i]] = static_cast<SymbolId>(i);
  }

  SymbolId of(std::string_view text) {
    if (const auto it = symbols_.find(text); it != symbols_.end()) return it->second;
    symbols_.emplace(texts_.emplace_back(text), next_);
    return next_++;
  }

 private:
  SymbolId next_;
  std::unordered_map<std::string_view, SymbolId> symbols_;
  std::deque<std::string> texts_;  // those of no token
};

BytePair::BytePair(const TokenTable& table, const std::vector<std::string>& merges, PreTokenizer words,
                   bool ignore_merges)
    : words_(std::move(words)), written_(table.pieces.size()) {
  for (size_t i = 0; i < table.pieces.size(); ++i) {
    written_[i] = table.kinds[i] != TokenKind::control;  // a text never becomes a control token
    if (ignore_merges && written_[i] && !table.pieces[i].empty())
      whole_words_[table.pieces[i]] = static_cast<int32_t>(i);
  }
  Symbols symbols(table);
  for (size_t byte = 0; byte < 256; ++byte) {
    const SymbolId symbol = symbols.of(character_of_byte(static_cast<uint8_t>(byte)));
    symbol_of_byte_[byte] = symbol;
    const bool token = symbol < static_cast<SymbolId>(written_.size()) && written_[static_cast<size_t>(symbol)];
    token_of_byte_[byte] = token ? symbol : -1;
  }
  read_merges(merges, symbols);
}

void BytePair::read_merges(const std::vector<std::string>& merges, Symbols& symbols) {
  merges_.resize(std::bit_ceil(std::max<size_t>(2 * merges.size(), 2)));
  std::string both;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    check_cancelled_every<4096>(rank);
    const std::string_view entry = merges[rank];
    const size_t space = entry.find(' ', 1);
    if (space == entry.npos || space + 1 == entry.size()) {
      ++broken_merges_;
      continue;
    }
    const std::string_view left = entry.substr(0, space), right = entry.substr(space + 1);
    both.assign(left).append(right);
    const uint64_t pair = pair_of(symbols.of(left), symbols.of(right));
    add_merge({.pair = pair, .rank = static_cast<int32_t>(rank), .result = symbols.of(both)});
  }
}

// Of equal pairs the first one counts.
void BytePair::add_merge(const Merge& merge) {
  size_t slot = slot_of(merge.pair, merges_.size());
  while (merges_[slot].result >= 0) {
    if (merges_[slot].pair == merge.pair) return;
    slot = (slot + 1) & (merges_.size() - 1);
  }
  merges_[slot] = merge;
}

const BytePair::Merge* BytePair::find_merge(SymbolId left, SymbolId right) const {
  const uint64_t pair = pair_of(left, right);
  for (size_t slot = slot_of(pair, merges_.size());; slot = (slot + 1) & (merges_.size() - 1)) {
    if (merges_[slot].pair == pair) return &merges_[slot];
    if (merges_[slot].result < 0) return nullptr;
  }
}

void BytePair::fill_bytes(TokenTable& table) {
  for (size_t i = 0; i < table.pieces.size(); ++i) {
    switch (table.kinds[i]) {
      case TokenKind::normal: table.bytes.push_back(bytes_of_characters(table.pieces[i])); break;
      case TokenKind::user_defined: table.bytes.push_back(table.pieces[i]); break;
      default: table.bytes.emplace_back();
    }
  }
}

void BytePair::merge_word(std::string_view word, Work& work, std::vector<int32_t>& out) const {
  std::vector<Run>& runs = work.runs;
  std::vector<Proposal>& proposals = work.proposals;
  const auto n = static_cast<int32_t>(word.size());
  runs.clear();
  proposals.clear();
  for (int32_t i = 0; i < n; ++i)
    runs.push_back({.symbol = symbol_of_byte_[static_cast<uint8_t>(word[static_cast<size_t>(i)])],
                    .begin = i,
                    .previous = i - 1,
                    .next = i + 1 < n ? i + 1 : -1});
  const auto run = [&](int32_t i) -> Run& { return runs[static_cast<size_t>(i)]; };
  const auto propose = [&](int32_t left, int32_t right, bool sorted) {
    if (left < 0 || right < 0) return;
    const Merge* merge = find_merge(run(left).symbol, run(right).symbol);
    if (!merge) return;
    proposals.push_back({merge->rank, left, right, run(left).symbol, run(right).symbol, merge->result});
    if (sorted) std::push_heap(proposals.begin(), proposals.end());
  };
  for (int32_t i = 1; i < n; ++i) propose(i - 1, i, false);
  std::make_heap(proposals.begin(), proposals.end());
  while (!proposals.empty()) {
    check_cancelled_every<4096>(proposals.size());
    std::pop_heap(proposals.begin(), proposals.end());
    const Proposal best = proposals.back();
    proposals.pop_back();
    Run& left = run(best.left);
    Run& right = run(best.right);
    if (left.symbol != best.left_symbol || right.symbol != best.right_symbol || left.next != best.right) continue;
    left.symbol = best.result;
    left.next = right.next;
    right.symbol = -1;
    if (left.next >= 0) run(left.next).previous = best.left;
    propose(left.previous, best.left, true);
    propose(best.left, left.next, true);
  }
  for (int32_t i = 0; i >= 0; i = run(i).next) {
    const auto symbol = static_cast<size_t>(run(i).symbol);
    if (symbol < written_.size() && written_[symbol]) {
      out.push_back(run(i).symbol);
      continue;
    }
    // No token: those of its bytes that are one.
    const int32_t end = run(i).next >= 0 ? run(run(i).next).begin : n;
    for (int32_t at = run(i).begin; at < end; ++at) {
      const int32_t token = token_of_byte_[static_cast<uint8_t>(word[static_cast<size_t>(at)])];
      if (token >= 0) out.push_back(token);
    }
  }
}

void BytePair::encode_word(std::string_view word, Work& work, std::vector<int32_t>& out) const {
  const bool cached = word.size() <= kLongestCached;
  if (cached) {
    if (const auto it = work.cache.find(word); it != work.cache.end()) {
      const auto tokens = work.cached_tokens.begin() + static_cast<std::ptrdiff_t>(it->second.begin);
      out.insert(out.end(), tokens, tokens + static_cast<std::ptrdiff_t>(it->second.count));
      return;
    }
  }
  const size_t before = out.size();
  const auto whole = whole_words_.empty() ? whole_words_.end() : whole_words_.find(characters_of_bytes(word));
  if (whole != whole_words_.end()) {
    out.push_back(whole->second);
  } else {
    for (size_t at = 0; at < word.size(); at += kLongestWord) merge_word(word.substr(at, kLongestWord), work, out);
  }
  if (!cached) return;
  if (work.cache.size() >= kMostCached) {
    work.cache.clear();
    work.cached_tokens.clear();
  }
  work.cache.emplace(word, Work::Tokens{work.cached_tokens.size(), out.size() - before});
  work.cached_tokens.insert(work.cached_tokens.end(), out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
}

void BytePair::encode_text(std::string_view text, Work& work, std::vector<int32_t>& out) const {
  words_.split(text, work.patterns, [&](std::string_view word) { encode_word(word, work, out); });
}

void BytePair::encode(std::span<const TextPart> parts, std::vector<int32_t>& out) const {
  Work work;
  for (const TextPart& part : parts) {
    check_cancelled();
    if (part.token >= 0) {
      out.push_back(part.token);
    } else if (part.space_prefix && !part.text.empty()) {
      encode_text(" " + std::string(part.text), work, out);
    } else {
      encode_text(part.text, work, out);
    }
  }
}

}  // namespace tritium
