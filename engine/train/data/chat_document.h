// Conversations to train on, by a chat template: the tokens that a model sees when it talks, and which of them are the
// assistant's own, which alone are learnt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/chat_format.h"
#include "train/data/documents.h"

namespace tritium {

struct ScoredTokens {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> scored;  // one for each token
};

class ChatDocuments {
 public:
  // The tokenizer must live longer. corrupt_file: what is no template.
  static Result<ChatDocuments> create(const std::string& chat_template, const ChatFormat& format,
                                      const Tokenizer& tokenizer);

  // What the assistant says is learnt, up to the token that ends its turn: what {% generation %} holds, else what comes
  // after the prompt that asks for it. invalid_argument: the template does not take these messages, or writes earlier
  // ones differently when more follow.
  Result<ScoredTokens> tokens_of(const ChatRecord& record) const;

 private:
  ChatDocuments(jinja::Template made, const ChatFormat& format, const Tokenizer& tokenizer)
      : template_(std::move(made)), token_texts_(format.token_texts()), tokenizer_(&tokenizer), encoder_(tokenizer) {}

  Result<jinja::Rendered> render(const ChatRecord& record, size_t n_messages, bool ask) const;
  // Where the assistant speaks, in bytes of the text.
  Result<std::vector<jinja::ByteRange>> turns(const ChatRecord& record, const std::string& whole) const;

  jinja::Template template_;
  std::vector<jinja::Variable> token_texts_;
  const Tokenizer* tokenizer_;
  ChatEncoder encoder_;
};

}  // namespace tritium
