#include "text/piece_training.h"

#include <utility>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/piece_characters.h"
#include "text/piece_merging.h"
#include "text/piece_table.h"

namespace tritium {
namespace {

constexpr int64_t kFixedTokens = 3 + 256;          // control tokens and bytes
constexpr int64_t kMostTokens = int64_t{1} << 24;  // scores are floats, in which larger numbers are not exact

Status check(const WordCounts& words, const PieceTrainingOptions& o) {
  if (words.words().empty()) return error(StatusCode::invalid_argument, "the text is empty");
  if (!(o.character_coverage > 0 && o.character_coverage <= 1))
    return error(StatusCode::invalid_argument, "the character coverage is ", o.character_coverage,
                 "; it must be above 0 and at most 1");
  if (o.vocab_size > kMostTokens)
    return error(StatusCode::invalid_argument, "a vocabulary of ", o.vocab_size, " tokens is not possible; at most ",
                 kMostTokens);
  return Status();
}

}  // namespace

Result<TrainedPieces> train_pieces(const WordCounts& words, const PieceTrainingOptions& o) {
  if (Status s = check(words, o); !s.ok()) return s;
  PieceCharacters characters = choose_characters(words.words(), o.character_coverage);
  const int64_t least = kFixedTokens + std::ssize(characters.covered);
  if (o.vocab_size < least)
    return error(StatusCode::invalid_argument, "a vocabulary of ", o.vocab_size,
                 " tokens is too small: 3 control tokens, 256 bytes and ", characters.covered.size(),
                 " characters of this text make ", least, "; give that many, or cover fewer of its characters");

  PieceMerger merger(characters.covered);
  for (size_t i = 0; i < words.words().size(); ++i) {
    check_cancelled_every<1024>(i);
    merger.add_word(words.words()[i]);
  }
  TrainedPieces trained{.characters = std::move(characters.covered),
                        .n_invalid_bytes = characters.n_invalid_bytes,
                        .n_uncovered = characters.n_uncovered};
  for (int64_t size = least; size < o.vocab_size; ++size) {
    const std::string* piece = merger.merge_next();
    if (!piece)
      return error(StatusCode::invalid_argument, "this text has use for ", size, " tokens, ", o.vocab_size,
                   " were asked for: nothing else stands in it twice; give more text, or a vocabulary of at most ",
                   size);
    trained.merged.push_back(*piece);
    if (o.progress) o.progress(static_cast<double>(size + 1 - least) / static_cast<double>(o.vocab_size - least));
  }
  trained.n_tokens = merger.n_tokens() + characters.n_uncovered_bytes + characters.n_invalid_bytes;
  return trained;
}

Metadata piece_vocabulary(const TrainedPieces& pieces) {
  PieceTable table;
  table.add_control_tokens();
  for (int byte = 0; byte < 256; ++byte) table.add(byte_piece(byte), TokenKind::byte);
  for (const std::string& character : pieces.characters) table.add(character, TokenKind::normal);
  double score = 0;
  for (const std::string& piece : pieces.merged) table.add(piece, TokenKind::normal, --score);
  Metadata m = std::move(table).metadata();
  m.set("tokenizer.ggml.add_bos_token", true);
  m.set("tokenizer.ggml.add_space_prefix", true);
  return m;
}

}  // namespace tritium
