// Conversations by a template: which tokens there are, and which of them are learnt.
#include "train/data/chat_document.h"

#include <gtest/gtest.h>

#include "train/data/byte_vocabulary.h"

namespace tritium {
namespace {

// Tokens as text, what is learnt in brackets; control tokens as < and >.
std::string shown(const std::string& chat_template, const std::string& record) {
  const auto tokenizer = *Tokenizer::from_metadata(byte_vocabulary());
  const Result<ChatDocuments> chat =
      ChatDocuments::create(chat_template, ChatFormat::from_metadata(byte_vocabulary(), tokenizer.get()), *tokenizer);
  if (!chat.ok()) return chat.message();
  const Result<Document> document = parse_document(record, Conversations::for_template);
  if (!document.ok()) return document.message();
  if (!document->chat) return "no conversation";
  const Result<ScoredTokens> tokens = chat->tokens_of(*document->chat);
  if (!tokens.ok()) return tokens.message();
  std::string text;
  bool within = false;
  for (size_t i = 0; i < tokens->tokens.size(); ++i) {
    if ((tokens->scored[i] != 0) != within) text += within ? ']' : '[';
    within = tokens->scored[i] != 0;
    const int32_t token = tokens->tokens[i];
    text += token == 1 ? "<" : token == 2 ? ">" : std::string(tokenizer->bytes_of(token));
  }
  return text + (within ? "]" : "");
}

constexpr const char* kRecord =
    R"({"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a</s>"},)"
    R"( {"role": "user", "content": "v"}, {"role": "assistant", "content": "b"}]})";
constexpr const char* kTurns =
    "{% for m in messages %}{{ m.role[0] + ':' + m.content + eos_token + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}a:{% endif %}";

TEST(ChatDocument, WhatFollowsThePromptIsLearntUpToTheEndOfTheTurn) {
  EXPECT_EQ(shown(kTurns, kRecord), "<u:u>\na:[a</s>>]\nu:v>\na:[b>]\n");
}

TEST(ChatDocument, MarksOfTheTemplateDecide) {
  EXPECT_EQ(shown("{% for m in messages %}{{ m.role[0] }}:{% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
                  "{% endgeneration %}{{ eos_token }}{% else %}{{ m.content }}{% endif %};{% endfor %}",
                  kRecord),
            "<u:u;a:[a</s>>];u:v;a:[b>];");
}

TEST(ChatDocument, WithoutAnEndOfTurnTheTextEnds) {
  EXPECT_EQ(shown("{% for m in messages %}{{ m.role[0] }}:{{ m.content }};{% endfor %}{% if add_generation_prompt "
                  "%}a:{% endif %}",
                  kRecord),
            "<u:u;a:[a</s>;]u:v;a:[b;>]");
}

// As templates do that leave out what was thought before.
TEST(ChatDocument, EarlierAnswersMayBeWrittenOtherwise) {
  EXPECT_EQ(
      shown("{% for m in messages %}{{ m.role[0] }}:{{ '(t)' if m.role == 'assistant' and loop.last }}{{ m.content }}"
            "{{ eos_token }}{% endfor %}{% if add_generation_prompt %}a:{% endif %}",
            kRecord),
      "<u:u>a:[a</s>>]u:v>a:[(t)b>]");
  const std::string counted =
      shown("{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}", kRecord);
  EXPECT_NE(counted.find("mark it by {% generation %}"), std::string::npos) << counted;
}

TEST(ChatDocument, OtherKindsOfConversationsAreMessagesToo) {
  EXPECT_EQ(
      shown(kTurns,
            R"({"system": "s", "conversations": [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]})"),
      "<s:s>\nu:u>\na:[a>]\n");
  EXPECT_EQ(shown(kTurns, R"({"instruction": "i", "input": "j", "output": "o"})"), "<u:i\nj>\na:[o>]\n");
  EXPECT_EQ(shown(kTurns, R"({"text": "plain"})"), "no conversation");
}

TEST(ChatDocument, RolesAndToolsAreTheTemplates) {
  EXPECT_EQ(
      shown("{{ tools | length }}{% for m in messages %}{{ m.role }}{{ m.tool_calls | tojson if m.tool_calls }}{% "
            "endfor %}",
            R"({"messages": [{"role": "tool", "content": [1], "tool_calls": [{"z": 1, "a": 2}]}], "tools": [1, 2]})"),
      "<2tool[{\"z\": 1, \"a\": 2}]");
  EXPECT_NE(shown("{{ raise_exception('no') }}", kRecord).find("no"), std::string::npos);
  EXPECT_NE(shown(kTurns, R"({"messages": [{"content": "a"}]})").find("\"role\""), std::string::npos);
}

TEST(ChatDocument, WithoutATemplateConversationsAreLines) {
  const Result<Document> document = parse_document(kRecord);
  ASSERT_TRUE(document.ok());
  EXPECT_FALSE(document->chat);
  EXPECT_EQ(document->parts.size(), 4U);
}

}  // namespace
}  // namespace tritium
