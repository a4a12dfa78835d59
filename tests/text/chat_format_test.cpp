// Templates of a file, conversations of a text, and tokens of what is rendered.
#include "text/chat_format.h"

#include <gtest/gtest.h>

#include "tests/text/small_vocabulary.h"

namespace tritium {
namespace {

Metadata with_bytes() {
  std::vector<Piece> pieces = byte_pieces();
  pieces.push_back({"<|im_end|>", 0, kControl});
  pieces.push_back({"<think>", 0, kUserDefined});
  return vocabulary(pieces);
}

// Tokens as text: bytes as they are, others as the vocabulary writes them, in brackets.
std::string shown(const Tokenizer& tokenizer, const std::vector<int32_t>& tokens) {
  std::string text;
  for (const int32_t id : tokens) {
    const bool byte = tokenizer.piece(id).starts_with("<0x");
    text += byte ? std::string(tokenizer.bytes_of(id)) : "[" + std::string(tokenizer.piece(id)) + "]";
  }
  return text;
}

std::string encoded(const Metadata& m, std::string_view text, const std::vector<jinja::ByteRange>& from_messages) {
  const auto tokenizer = tokenizer_of(m);
  return shown(*tokenizer, ChatEncoder(*tokenizer).encode(text, from_messages));
}

TEST(ChatEncoder, FindsControlTokensOfTheTemplateAlone) {
  const Metadata m = with_bytes();
  EXPECT_EQ(encoded(m, "a<|im_end|>b", {}), "a[<|im_end|>]b");
  EXPECT_EQ(encoded(m, "a<|im_end|>b", {{1, 11}}), "a<|im_end|>b");
  EXPECT_EQ(encoded(m, "a<|im_end|>b<|im_end|>", {{0, 12}}), "a<|im_end|>b[<|im_end|>]");
  // Half of it from somebody else is none of the template's.
  EXPECT_EQ(encoded(m, "<|im_end|>", {{5, 6}}), "<|im_end|>");
  EXPECT_EQ(encoded(m, "<s>a</s>", {{3, 4}}), "[<s>]a[</s>]");
  EXPECT_EQ(encoded(m, "", {}), "");
}

TEST(ChatEncoder, UserDefinedTokensAreFoundEverywhere) {
  EXPECT_EQ(encoded(with_bytes(), "<think>a", {{0, 8}}), "[<think>]a");
}

TEST(ChatEncoder, TheFirstTokenComesOnce) {
  Metadata m = with_bytes();
  m.set("tokenizer.ggml.add_bos_token", true);
  EXPECT_EQ(encoded(m, "<s>a", {}), "[<s>]a");
  EXPECT_EQ(encoded(m, "a", {}), "[<s>]a");
  EXPECT_EQ(encoded(m, "<s>a", {{0, 4}}), "[<s>]<s>a");
}

TEST(ChatEncoder, SaysWhereTokensBegin) {
  const auto tokenizer = tokenizer_of(with_bytes());
  std::vector<size_t> offsets;
  (void)ChatEncoder(*tokenizer).encode("ab<|im_end|>c", {}, &offsets);
  EXPECT_EQ(offsets, (std::vector<size_t>{0, 1, 2, 12}));
}

Result<jinja::Rendered> rendered(const ChatFormat& format, const std::string& messages, const std::string& name = "") {
  Conversation conversation;
  if (Status s = read_conversation(messages, "", conversation); !s.ok()) return s;
  const Result<std::string> source = format.source(name, conversation.tools.array() != nullptr);
  if (!source.ok()) return source.status();
  return render_conversation(*jinja::Template::parse(*source), conversation, format.token_texts());
}

TEST(ChatFormat, HasTheTemplatesOfTheFile) {
  Metadata m = with_bytes();
  EXPECT_FALSE(ChatFormat::from_metadata(m, nullptr).has_template());
  const std::string none = rendered(ChatFormat::from_metadata(m, nullptr), "[]").message();
  EXPECT_NE(none.find("no chat template"), std::string::npos) << none;
  m.set("tokenizer.chat_template", std::string("{{ bos_token }}a{{ eos_token }}"));
  m.set("tokenizer.chat_template.tool_use", std::string("tools"));
  m.set("tokenizer.chat_templates", std::vector<std::string>{"tool_use"});
  const ChatFormat format = ChatFormat::from_metadata(m, tokenizer_of(m).get());
  EXPECT_EQ(rendered(format, "[]")->text, "<s>a</s>");
  EXPECT_EQ(rendered(format, "[]", "tool_use")->text, "tools");
  EXPECT_EQ(rendered(format, R"({"messages": [], "tools": [1]})")->text, "tools");
  EXPECT_NE(rendered(format, "[]", "rag").message().find("it has default, tool_use"), std::string::npos);
}

TEST(ChatFormat, PlaceholdersBecomeWhatWasTrained) {
  Metadata m = with_bytes();
  m.set("tokenizer.chat_template",
        std::string("{% for m in messages %}Human: {{ m.content }}\n\nBITNETAssistant: {% endfor %}"));
  const ChatFormat format = ChatFormat::from_metadata(m, tokenizer_of(m).get());
  EXPECT_EQ(rendered(format, R"([{"role": "system", "content": "s "}, {"role": "user", "content": " u"}])")->text,
            "<s>System: s<|eot_id|>User: u<|eot_id|>Assistant: ");
}

TEST(ChatFormat, ConversationsAreChecked) {
  const auto problem = [](const std::string& messages, const std::string& tools = "") {
    Conversation conversation;
    return read_conversation(messages, tools, conversation).message();
  };
  EXPECT_EQ(problem("[]"), "");
  EXPECT_NE(problem("[").find("messages: "), std::string::npos);
  EXPECT_EQ(problem("1"), "messages: must be an array, it is a number");
  EXPECT_EQ(problem("{}"), "messages: the object has no \"messages\"");
  EXPECT_EQ(problem(R"([{"content": "a"}])"), "messages[0]: must be an object with a \"role\" that is a string");
  EXPECT_EQ(problem("[]", "{}"), "tools: must be an array, it is an object");
}

TEST(ChatFormat, TimesAreRead) {
  const std::tm day = *time_of("2026-11-26T09:05:07");
  EXPECT_EQ(day.tm_wday, 4);
  EXPECT_EQ(day.tm_yday, 329);
  EXPECT_EQ(day.tm_sec, 7);
  EXPECT_EQ(time_of("2026-11-26")->tm_hour, 0);
  for (const char* wrong : {"noon", "2026-13-01", "2026-11-26T25:00:00", "2026-11-26T09:05", "2026-11-26x"})
    EXPECT_EQ(time_of(wrong).code(), StatusCode::invalid_argument) << wrong;
  EXPECT_TRUE(time_of("").ok());
}

}  // namespace
}  // namespace tritium
