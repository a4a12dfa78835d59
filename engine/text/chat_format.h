// How a conversation becomes a text and tokens: by the template that a model's file carries.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "tensor/metadata.h"
#include "text/jinja/template.h"
#include "text/special_tokens.h"
#include "text/tokenizer.h"
#include "tritium/status.hpp"

namespace tritium {

// A conversation, and what belongs to it.
struct Conversation {
  Json messages;  // an array of objects
  Json tools;     // an array, or null
  bool add_generation_prompt = true;
  std::vector<jinja::Variable> variables;  // also those of a template; they come last, so they win
  std::tm now{};
  bool trusted = false;  // nothing in it is from users: control tokens that it spells out become those tokens
};

// The templates of a file: tokenizer.chat_template, and tokenizer.chat_template.NAME.
class ChatFormat {
 public:
  // A placeholder that a converter wrote is replaced by what its model was trained with.
  static ChatFormat from_metadata(const Metadata& metadata, const Tokenizer* tokenizer);

  bool has_template() const { return !templates_.empty(); }
  // The template of that name; without a name "tool_use" where there are tools and such a template, else the file's
  // own. not_found: says which there are, and how to give one.
  Result<std::string> source(const std::string& name, bool with_tools) const;
  // What templates call bos_token and eos_token, as variables.
  std::vector<jinja::Variable> token_texts() const;

 private:
  std::vector<std::pair<std::string, std::string>> templates_;  // name ("": the file's own), text
  std::string bos_;
  std::string eos_;
};

// A list of messages, or an object with "messages" and, perhaps, "tools", from text. corrupt_file says what is wrong.
Status read_conversation(std::string_view messages, std::string_view tools, Conversation& conversation);
// "2026-11-26", "2026-11-26T09:05:07"; "": now, here. invalid_argument: something else.
Result<std::tm> time_of(const std::string& text);

Result<jinja::Rendered> render_conversation(const jinja::Template& made, const Conversation& conversation,
                                            std::vector<jinja::Variable> token_texts);

// Token ids of rendered text. Control tokens are found where the template spells them out, and not where people or
// models do. What the model puts before each text comes first, once.
class ChatEncoder {
 public:
  explicit ChatEncoder(const Tokenizer& tokenizer);
  // `offsets`, where given, gets for each token the byte at which it begins.
  std::vector<int32_t> encode(std::string_view text, const std::vector<jinja::ByteRange>& from_messages,
                              std::vector<size_t>* offsets = nullptr) const;

 private:
  const Tokenizer& tokenizer_;
  SpecialTokens controls_;
};

}  // namespace tritium
