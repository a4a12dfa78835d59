// Text <-> token ids: a vocabulary with its special tokens, and the encoder of its kind for what lies between those.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/metadata.h"
#include "text/encoder.h"
#include "text/normalizer.h"
#include "text/special_tokens.h"
#include "text/token_table.h"
#include "tritium/status.hpp"

namespace tritium {

struct TokenizerOptions {
  std::string pre;  // how a byte-level vocabulary splits text, instead of what the file says: "llama-bpe"
};

struct EncodeOptions {
  std::optional<bool> add_bos;  // absent: as the file says
  // Control tokens written out in the text ("</s>") become those tokens. Only for text that the application trusts.
  bool parse_special = false;
  bool bos_once = true;    // where the text begins with the first token, parsed, another one is not added
  bool continues = false;  // the text goes on from another: no space prefix before it, even if the file says so
  bool add_eos = false;    // what the file puts after a text, where it does: for texts that do not go on
};

class Tokenizer {
 public:
  // unsupported: another kind of vocabulary (named, with what is supported), one that changes the text in a way that is
  // not known, or an unknown `pre` without one in the options; corrupt_file: arrays that are missing or disagree. An
  // optional value that cannot be used costs only itself, and is one of the warnings().
  static Result<std::shared_ptr<const Tokenizer>> from_metadata(const Metadata& metadata,
                                                                const TokenizerOptions& options = {});
  // Of a model that knows `vocab_size` tokens: corrupt_file also when the tokenizer has more, which nothing embeds. It
  // may have fewer: the model's table is padded.
  static Result<std::shared_ptr<const Tokenizer>> for_model(const Metadata& metadata, int64_t vocab_size,
                                                            const TokenizerOptions& options = {});
  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // Any bytes are valid input. User-defined tokens are found in the text before the rest is merged. The space prefix
  // stands before the text and after each such token. O(n log n) for a given vocabulary.
  std::vector<int32_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  // A token as the vocabulary writes it: "▁the", "<0x0A>", "</s>"; "" for ids outside the vocabulary.
  std::string_view piece(int32_t token) const;
  // The bytes a token stands for: "" for control tokens and ids outside the vocabulary.
  std::string_view bytes_of(int32_t token) const;
  // The bytes of the text that a token stands for after `previous` (-1: it is the first one): those of bytes_of() but
  // for the space that encode() puts before a text and after special tokens. Over a text they add up to its length,
  // where the vocabulary changes nothing of it.
  int64_t text_bytes(int32_t previous, int32_t token) const;
  // Of a whole text, the bytes that its tokens after the first stand for.
  int64_t bytes_after_first(std::string_view text, int32_t first) const;
  // Text of a sequence from its beginning: without the space that encode() puts before the first word; bytes that are
  // not UTF-8 become U+FFFD. `show_control`: control tokens as they are written, instead of nothing.
  std::string decode(std::span<const int32_t> tokens, bool show_control = false) const;

  int64_t vocab_size() const { return table_.size(); }
  int32_t bos() const { return bos_; }  // -1: none
  int32_t eos() const { return eos_; }
  // Does generation end at this token: the end of a text, of a turn or of a message, as the file names them, or a token
  // whose piece is known for it ("<|im_end|>")?
  bool ends_generation(int32_t token) const;
  // May a model choose this token? Not where there is none, nor where the vocabulary only keeps a place.
  bool sampleable(int32_t token) const;
  const std::vector<std::string>& warnings() const { return warnings_; }
  int32_t unknown() const { return unknown_; }
  bool is_control(int32_t token) const { return table_.is_control(token); }
  // The control token that is written so; -1: there is none. Steps: one a token.
  int32_t control_token(std::string_view piece) const;
  bool adds_space_prefix() const { return add_space_prefix_; }

 private:
  Status read_pieces(const Metadata& metadata);
  Status read_sentencepiece(const Metadata& metadata);
  Status read_byte_pair(const Metadata& metadata, const TokenizerOptions& options, class OptionalKeys& keys);
  Status read_normalizer(const Metadata& metadata);
  void read_options(const Metadata& metadata, OptionalKeys& keys);
  void read_ends(const Metadata& metadata, OptionalKeys& keys);
  void find_special(const Metadata& metadata, OptionalKeys& keys);
  std::vector<TextPart> cut(std::string_view text, bool parse_special, std::vector<std::string>& changed) const;

  TokenTable table_;
  std::unique_ptr<const Encoder> encoder_;
  // In the text as it is, and in the text as the normalizer leaves it.
  SpecialTokens special_;
  SpecialTokens special_after_;
  std::deque<std::string> changed_pieces_;  // of the latter, as the normalizer leaves them
  bool longest_first_ = false;              // how special tokens are found
  Normalizer normalizer_;
  std::vector<int32_t> before_;  // what the file puts before a text, and after it
  std::vector<int32_t> after_;
  std::vector<int32_t> ends_;  // sorted
  std::vector<std::string> warnings_;
  int32_t bos_ = -1;
  int32_t eos_ = -1;
  int32_t unknown_ = -1;
  bool add_bos_default_ = true;
  bool add_space_prefix_ = true;
  bool prefix_if_missing_ = false;  // where the text does not begin with a space
  bool prefix_once_ = false;        // before the first part only
  bool split_at_spaces_ = false;    // each space begins a word that is merged by itself
};

}  // namespace tritium
