// Text <-> token ids, for SentencePiece-style byte-pair vocabularies (`tokenizer.ggml.model` = "llama"): pieces with
// scores, spaces as U+2581, bytes as <0xNN> for what has no piece. Kudo & Richardson 2018.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tensor/metadata.h"
#include "text/special_tokens.h"
#include "tritium/status.hpp"

namespace tritium {

struct EncodeOptions {
  std::optional<bool> add_bos;  // absent: as the file says
  // Control tokens written out in the text ("</s>") become those tokens. Only for text that the application trusts.
  bool parse_special = false;
  bool continues = false;  // the text goes on from another: no space prefix before it, even if the file says so
};

class Tokenizer {
 public:
  // unsupported: another kind of vocabulary (named, with what is supported), or one that changes the text first;
  // corrupt_file: arrays that are missing or disagree. An optional value that cannot be used costs only itself, and is
  // one of the warnings().
  static Result<std::shared_ptr<const Tokenizer>> from_metadata(const Metadata& metadata);
  // Of a model that knows `vocab_size` tokens: corrupt_file also when the tokenizer has more, which nothing embeds.
  static Result<std::shared_ptr<const Tokenizer>> for_model(const Metadata& metadata, int64_t vocab_size);

  // Any bytes are valid input: what is not UTF-8 becomes byte tokens. User-defined tokens are found in the text before
  // the rest is merged; the longest one wins. The space prefix stands before the text and after each such token. O(n
  // log n) for a given vocabulary.
  std::vector<int32_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  // A token as the vocabulary writes it: "▁the", "<0x0A>", "</s>"; "" for ids outside the vocabulary.
  std::string_view piece(int32_t token) const;
  // The bytes a token stands for: "" for control tokens and ids outside the vocabulary; a piece's U+2581 as spaces.
  std::string_view bytes_of(int32_t token) const;
  // Text of a sequence from its beginning: without the space that encode() puts before the first word; bytes that are
  // not UTF-8 become U+FFFD.
  std::string decode(std::span<const int32_t> tokens) const;

  int64_t vocab_size() const { return static_cast<int64_t>(pieces_.size()); }
  int32_t bos() const { return bos_; }  // -1: none
  int32_t eos() const { return eos_; }
  // Does generation end at this token: the end of a text, of a turn or of a message, as the file names them, or a token
  // whose piece is known for it ("<|im_end|>")?
  bool ends_generation(int32_t token) const;
  const std::vector<std::string>& warnings() const { return warnings_; }
  int32_t unknown() const { return unknown_; }
  bool is_control(int32_t token) const;
  bool adds_space_prefix() const { return add_space_prefix_; }

 private:
  enum class Kind : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

  // A run of the text that is one token so far; a doubly linked list through the vector.
  struct Symbol {
    std::string_view text;  // empty: merged into the one before
    int previous;
    int next;
  };

  Status read_pieces(const Metadata& metadata);
  void read_options(const Metadata& metadata);
  void index_pieces();
  void encode_part(std::string_view text, bool space_prefix, std::vector<int32_t>& out) const;
  void encode_symbols(std::string_view normalized, std::vector<int32_t>& out) const;
  void merge_symbols(std::vector<Symbol>& symbols, std::vector<int32_t>& out) const;
  bool may_be_neighbours(char left, char right) const;
  void append_bytes(std::string_view text, std::vector<int32_t>& out) const;

  std::vector<std::string> pieces_;  // as in the vocabulary
  std::vector<std::string> bytes_;   // what each stands for
  std::vector<float> scores_;
  std::vector<Kind> kinds_;
  std::unordered_map<std::string_view, int32_t> id_of_;  // of pieces that text can become
  std::vector<bool> neighbours_;            // [256 * left + right]: these bytes are side by side in one of them
  SpecialTokens special_;                   // user-defined and control pieces
  std::array<int32_t, 256> byte_tokens_{};  // -1: none
  std::vector<int32_t> ends_;               // sorted
  std::vector<std::string> warnings_;
  int32_t bos_ = -1;
  int32_t eos_ = -1;
  int32_t unknown_ = -1;
  bool add_bos_ = true;
  bool add_space_prefix_ = true;
};

}  // namespace tritium
