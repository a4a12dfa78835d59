// Text <-> token ids, for SentencePiece-style byte-pair vocabularies (`tokenizer.ggml.model` = "llama"): pieces with
// scores, spaces as U+2581, bytes as <0xNN> for what has no piece. Kudo & Richardson 2018.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

class Tokenizer {
 public:
  // unsupported: another kind of vocabulary (named, with what is supported); corrupt_file: arrays that are missing or
  // disagree, ids out of range.
  static Result<std::shared_ptr<const Tokenizer>> from_metadata(const Metadata& metadata);

  // Any bytes are valid input: what is not UTF-8 becomes byte tokens. O(n log n).
  std::vector<int32_t> encode(std::string_view text) const { return encode(text, add_bos_); }
  std::vector<int32_t> encode(std::string_view text, bool add_bos) const;
  // The bytes a token stands for: "" for control tokens and ids outside the vocabulary; a piece's U+2581 as spaces.
  std::string_view bytes_of(int32_t token) const;
  // Text of a sequence from its beginning: without the space that encode() puts before the first word; bytes that are
  // not UTF-8 become U+FFFD.
  std::string decode(std::span<const int32_t> tokens) const;

  int64_t vocab_size() const { return static_cast<int64_t>(pieces_.size()); }
  int32_t bos() const { return bos_; }  // -1: none
  int32_t eos() const { return eos_; }
  bool is_control(int32_t token) const;
  bool adds_space_prefix() const { return add_space_prefix_; }

 private:
  enum class Kind : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

  void encode_symbols(std::string_view normalized, std::vector<int32_t>& out) const;
  void append_bytes(std::string_view text, std::vector<int32_t>& out) const;

  std::vector<std::string> pieces_;  // as in the vocabulary
  std::vector<std::string> bytes_;   // what each stands for
  std::vector<float> scores_;
  std::vector<Kind> kinds_;
  std::unordered_map<std::string_view, int32_t> id_of_;  // of pieces that text can become
  std::array<int32_t, 256> byte_tokens_{};               // -1: none
  int32_t bos_ = -1;
  int32_t eos_ = -1;
  int32_t unknown_ = -1;
  bool add_bos_ = true;
  bool add_space_prefix_ = true;
};

}  // namespace tritium
