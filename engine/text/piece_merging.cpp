#include "text/piece_merging.h"

#include <algorithm>

#include "base/cancel.h"
#include "text/piece_characters.h"

namespace tritium {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// Pieces that mean something else.
bool is_reserved(std::string_view text) {
  return text == "<unk>" || text == "<s>" || text == "</s>" ||
         (text.size() == 6 && text.starts_with("<0x") && text.ends_with('>'));
}

}  // namespace

PieceMerger::PieceMerger(const std::vector<std::string>& characters) {
  for (const std::string& text : characters) {
    const CharacterKind kind = character_kind(text);
    const Shape shape = kind == CharacterKind::space   ? Shape::spaces
                        : kind == CharacterKind::blank ? Shape::blanks
                        : kind == CharacterKind::digit ? Shape::digit
                                                       : Shape::word;
    piece_of_text_.emplace(text, static_cast<uint32_t>(pieces_.size()));
    pieces_.push_back({.text = text, .shape = shape});
  }
}

PieceMerger::Shape PieceMerger::joined(const Piece& left, const Piece& right) {
  if (left.n_characters + right.n_characters > kLongestPiece) return Shape::none;
  const Shape l = left.shape, r = right.shape;
  if (l == r && (l == Shape::spaces || l == Shape::word || l == Shape::blanks)) return l;
  if (r == Shape::word && (l == Shape::spaced_word || (l == Shape::spaces && left.n_characters == 1)))
    return Shape::spaced_word;
  return Shape::none;
}

uint32_t PieceMerger::join(uint32_t left, uint32_t right) {
  const auto [pair, unknown] = piece_of_pair_.try_emplace(uint64_t{left} << 32 | right, kNone);
  if (!unknown) return pair->second;
  const Piece &l = pieces_[left], &r = pieces_[right];
  Piece both{.text = l.text + r.text,
             .shape = joined(l, r),
             .n_characters = static_cast<uint8_t>(l.n_characters + r.n_characters)};
  if (both.shape == Shape::none || is_reserved(both.text)) return kNone;
  const auto [piece, is_new] = piece_of_text_.try_emplace(both.text, static_cast<uint32_t>(pieces_.size()));
  if (is_new) pieces_.push_back(std::move(both));
  return pair->second = piece->second;
}

void PieceMerger::add_word(const CountedWord& word) {
  size_t first = symbols_.size();
  each_character(word.text, [&](std::string_view character) {
    const auto known = piece_of_text_.find(std::string(character));
    if (known != piece_of_text_.end()) {
      symbols_.push_back(known->second);
    } else {
      end_word(first, word.count);
      first = symbols_.size();
    }
  });
  end_word(first, word.count);
}

void PieceMerger::end_word(size_t first, int64_t count) {
  const size_t n = symbols_.size() - first;
  joins_.resize(symbols_.size(), kNone);
  if (n == 0) return;
  const auto word = static_cast<uint32_t>(words_.size());
  words_.push_back({first, static_cast<uint32_t>(n), count});
  for (size_t i = first; i + 1 < symbols_.size(); ++i) {
    joins_[i] = join(symbols_[i], symbols_[i + 1]);
    count_join(joins_[i], word, count);
  }
}

void PieceMerger::count_join(uint32_t piece, uint32_t word, int64_t by) {
  if (piece == kNone) return;
  Piece& p = pieces_[piece];
  p.count += by;
  if (by < 0 || p.rank >= 0) return;
  if (p.words.empty() || p.words.back() != word) p.words.push_back(word);
  if (p.risen) return;
  p.risen = true;
  risen_.push_back(piece);
}

bool PieceMerger::is_merged(uint32_t piece) const { return piece != kNone && pieces_[piece].rank >= 0; }

// Replaces neighbours i and i + 1 by what they make.
void PieceMerger::merge_at(uint32_t word, uint32_t i) {
  Word& w = words_[word];
  uint32_t* const symbols = symbols_.data() + w.first;
  uint32_t* const joins = joins_.data() + w.first;
  const auto change = [&](uint32_t at, int64_t by) {
    if (at < w.n) count_join(joins[at], word, by);  // before the first one, at is not below n
  };
  for (uint32_t at : {i - 1, i, i + 1}) change(at, -w.count);
  symbols[i] = joins[i];
  std::copy(symbols + i + 2, symbols + w.n, symbols + i + 1);
  std::copy(joins + i + 2, joins + w.n, joins + i + 1);
  --w.n;
  if (i > 0) joins[i - 1] = join(symbols[i - 1], symbols[i]);
  joins[i] = i + 1 < w.n ? join(symbols[i], symbols[i + 1]) : kNone;
  for (uint32_t at : {i - 1, i}) change(at, w.count);
}

// As the tokenizer does: pieces that were merged earlier first, then from the left. Before this merge nothing was left
// to do for earlier ones; it may give them new places, which are beside what it has just made.
void PieceMerger::merge_in_word(uint32_t word, uint32_t piece) {
  const Word& w = words_[word];
  const auto rank_at = [&](uint32_t i) {
    const uint32_t made = i < w.n ? joins_[w.first + i] : kNone;
    return is_merged(made) && made != piece ? pieces_[made].rank : INT32_MAX;
  };
  for (uint32_t i = 0; i < w.n; ++i) {
    if (joins_[w.first + i] != piece) continue;
    merge_at(word, i);
    for (;;) {
      const int32_t before = i > 0 ? rank_at(i - 1) : INT32_MAX, behind = rank_at(i);
      if (std::min(before, behind) == INT32_MAX) break;
      if (before <= behind) --i;
      merge_at(word, i);
    }
  }
}

// For a heap: the most frequent on top, of those the first one by its bytes.
bool PieceMerger::less_wanted(const Candidate& a, const Candidate& b) const {
  if (a.count != b.count) return a.count < b.count;
  return pieces_[a.piece].text > pieces_[b.piece].text;
}

void PieceMerger::propose(uint32_t piece) {
  const Piece& p = pieces_[piece];
  if (p.count < kFewest || p.rank >= 0) return;
  heap_.push_back({p.count, piece});
  std::ranges::push_heap(heap_, [this](const auto& a, const auto& b) { return less_wanted(a, b); });
}

// Counts that fell since are found out here; one that grew has been put on the heap again.
bool PieceMerger::take_best(uint32_t& piece) {
  for (size_t i = 1; !heap_.empty(); ++i) {
    check_cancelled_every<4096>(i);
    std::ranges::pop_heap(heap_, [this](const auto& a, const auto& b) { return less_wanted(a, b); });
    const Candidate best = heap_.back();
    heap_.pop_back();
    const Piece& p = pieces_[best.piece];
    piece = best.piece;
    if (p.rank < 0 && p.count == best.count) return true;
    if (p.count < best.count) propose(best.piece);
  }
  return false;
}

const std::string* PieceMerger::merge_next() {
  for (size_t i = 0; i < risen_.size(); ++i) {
    check_cancelled_every<4096>(i);
    pieces_[risen_[i]].risen = false;
    propose(risen_[i]);
  }
  risen_.clear();
  uint32_t piece = 0;
  if (!take_best(piece)) return nullptr;
  pieces_[piece].rank = n_merged_++;
  const std::vector<uint32_t> words = std::move(pieces_[piece].words);
  pieces_[piece].words.clear();
  for (size_t i = 0; i < words.size(); ++i) {
    check_cancelled_every<256>(i);
    merge_in_word(words[i], piece);
  }
  return &pieces_[piece].text;
}

int64_t PieceMerger::n_tokens() const {
  int64_t n = 0;
  for (const Word& w : words_) n += w.count * w.n;
  return n;
}

}  // namespace tritium
