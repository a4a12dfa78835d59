// What a model's template says of its replies: by text, by tokens, as a stream, and held to the calls of its tools.
#include <gtest/gtest.h>

#include <algorithm>

#include "format/codec.h"
#include "format/gguf.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"
#include "tests/text/small_byte_vocabulary.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

constexpr int32_t kCalls = 256, kOther = 257, kEnd = 258;
constexpr const char* kTools = R"([{"name": "now", "parameters": {"type": "object", "properties": {}}}])";

// Of the 256 bytes and three control tokens, with a template that is told to open a thought or not.
class Replies : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Metadata keys =
        byte_level_vocabulary({}, {{"[TOOL_CALLS]", 0, kControl}, {"<other>", 0, kControl}, {"</s>", 0, kControl}});
    keys.set("tokenizer.ggml.eos_token_id", int64_t{kEnd});
    keys.set("tokenizer.ggml.add_bos_token", false);
    keys.set("tokenizer.chat_template",
             std::string("{% for m in messages %}{{ m.content }}{% endfor %}{# [TOOL_CALLS] </think> #}"
                         "{% if thinks and add_generation_prompt %}<think>\n{% endif %}"));
    MemoryTensorMap map = random_model({.vocab_size = kEnd + 1, .context_length = 512, .ternary = false});
    for (const auto& [key, value] : keys.values()) map.mutable_metadata().set(key, value);
    std::vector<GgufTensor> tensors;
    for (const TensorInfo& info : map.tensors())
      tensors.push_back({.name = info.name,
                         .type = StorageType::f32,
                         .shape = info.shape,
                         .bytes = *encode_f32(*map.load_f32(info.name), info.shape, StorageType::f32)});
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "model.gguf").string();
    ASSERT_TRUE(write_gguf(path, map.metadata(), tensors).ok());
    Result<Model> model = Runtime::create({.backend = "cpu"})->load(path);
    ASSERT_TRUE(model.ok()) << model.message();
    model_ = std::make_unique<Model>(*std::move(model));
  }
  static void TearDownTestSuite() { model_.reset(); }

  static std::unique_ptr<Model> model_;
};
std::unique_ptr<Model> Replies::model_;

constexpr const char* kNow = R"([{"type": "function", "function": {"name": "now", "arguments": {}}}])";

TEST_F(Replies, TokensHaveTheMarksThatNoTextHas) {
  std::vector<int32_t> tokens = *model_->tokenize("Hi ");
  tokens.push_back(kOther);
  tokens.push_back(kCalls);
  const std::vector<int32_t> call = *model_->tokenize(R"([{"name": "now"}])");
  tokens.insert(tokens.end(), call.begin(), call.end());
  const Result<ChatReply> reply = model_->parse_reply(tokens);
  EXPECT_EQ(reply->content, "Hi");
  EXPECT_EQ(reply->tool_calls, kNow);
  EXPECT_EQ(model_->parse_reply(*model_->detokenize(tokens))->content, R"(Hi [{"name": "now"}])");
  EXPECT_EQ(model_->parse_reply(R"([TOOL_CALLS]now{})")->tool_calls, kNow);
  EXPECT_EQ(model_->parse_reply(std::vector<int32_t>{kEnd + 1}).code(), StatusCode::invalid_argument);
}

TEST_F(Replies, AReplyBeginsInTheThoughtThatThePromptOpened) {
  const ChatOptions thinks = {.variables = R"({"thinks": true})"};
  const ChatReply reply = *model_->parse_reply("Hm.\n</think>\n\nYes.", thinks);
  EXPECT_EQ(reply.reasoning_content, "Hm.");
  EXPECT_EQ(reply.content, "Yes.");
  EXPECT_EQ(model_->parse_reply("Hm.</think>")->content, "Hm.</think>");
  EXPECT_EQ(model_->parse_reply("a", {.add_generation_prompt = false, .variables = thinks.variables})->content, "a");
}

TEST_F(Replies, AStreamGivesWhatTheWholeGives) {
  Result<ChatReplyStream> stream = model_->reply_stream();
  ASSERT_TRUE(stream.ok()) << stream.message();
  ChatReply all;
  const auto take = [&](const Result<ChatReply>& part) {
    ASSERT_TRUE(part.ok()) << part.message();
    all.content += part->content;
    all.reasoning_content += part->reasoning_content;
    all.tool_calls += part->tool_calls;
  };
  take(stream->append("<think>a</th"));
  EXPECT_EQ(all.reasoning_content, "a");
  take(stream->append("ink>\xC3"));
  take(stream->append("\xA9 "));
  take(stream->append(kCalls));
  take(stream->append(R"([{"name": "now"})"));
  EXPECT_EQ(all.tool_calls, "");
  take(stream->append(int32_t{']'}));
  EXPECT_EQ(all.tool_calls, kNow);
  take(stream->finish());
  EXPECT_EQ(all.content, "é");
}

TEST_F(Replies, AnotherTemplateAndToolsAreTakenWhereTheyAreGiven) {
  const std::string text = R"(<tool_call>{"name": "now"}</tool_call>)";
  EXPECT_EQ(model_->parse_reply(text)->content, text);
  EXPECT_EQ(model_->parse_reply(text, {.chat_template = "<tool_call>"})->tool_calls, kNow);
  EXPECT_EQ(model_->parse_reply(text, {.tools = "{"}).code(), StatusCode::corrupt_file);
  EXPECT_EQ(model_->parse_reply(text, {.template_name = "none"}).code(), StatusCode::not_found);
}

TEST_F(Replies, AsJsonTheyAreUtf8) {
  EXPECT_EQ(*chat_reply_json({.content = "a\xFF\"é", .reasoning_content = {}, .tool_calls = {}}),
            "{\"content\": \"a\uFFFD\\\"é\", \"reasoning_content\": \"\", \"tool_calls\": []}");
  EXPECT_EQ(*chat_reply_json({.content = {}, .reasoning_content = "r", .tool_calls = kNow}),
            std::string(R"({"content": "", "reasoning_content": "r", "tool_calls": )") + kNow + "}");
}

TEST_F(Replies, MessagesKeepTheirCalls) {
  const std::vector<ChatMessage> messages = {{.role = "assistant",
                                              .content = {},
                                              .reasoning_content = {},
                                              .tool_calls = kNow,
                                              .name = {},
                                              .tool_call_id = {}}};
  const auto back = parse_chat_messages(*chat_messages_json(messages));
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ((*back)[0].tool_calls, R"([{"type":"function","function":{"name":"now","arguments":{}}}])");
}

// The model would write anything: where its mark comes, it writes a call.
TEST_F(Replies, HeldToItsToolsAModelCallsThem) {
  const ChatPrompt prompt = *model_->format_chat(R"([{"role": "user", "content": "When?"}])", {.tools = kTools});
  EXPECT_EQ(prompt.tool_grammar_triggers, std::vector<std::string>{"[TOOL_CALLS]"});
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    GenerateOptions options = {.max_tokens = 400,
                               .sampler = {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .seed = seed},
                               .grammar = prompt.tool_grammar,
                               .grammar_triggers = prompt.tool_grammar_triggers};
    // It begins to call at once, and ends as soon as it may.
    options.sampler.logit_bias = {{kCalls, 60}, {kEnd, 30}, {']', 30}};
    Result<Session> session = model_->create_session();
    const Result<Generation> g = session->generate(prompt.tokens, options);
    ASSERT_TRUE(g.ok()) << g.message();
    EXPECT_EQ(g->stop, StopReason::end_of_text) << *model_->detokenize(g->tokens);
    // The white space within arguments is the model's own.
    std::string calls = model_->parse_reply(g->tokens, {.tools = kTools})->tool_calls;
    std::erase_if(calls, [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
    EXPECT_EQ(calls, R"([{"type":"function","function":{"name":"now","arguments":{}}}])");
  }
  EXPECT_EQ(model_->format_chat("[]")->tool_grammar, "");
}

// Twice as many as are kept, asked for again and again, with two templates.
TEST_F(Replies, EachOfManyToolsHasItsOwnGrammarEachTime) {
  std::vector<std::string> first;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 16; ++i) {
      const std::string tools = R"([{"name": "tool)" + std::to_string(i / 2) + R"("}])";
      const ChatOptions options = {.tools = tools, .chat_template = i % 2 ? "<tool_call>" : ""};
      const ChatPrompt prompt = *model_->format_chat("[]", options);
      if (round == 0) first.push_back(prompt.tool_grammar);
      EXPECT_EQ(prompt.tool_grammar, first[static_cast<size_t>(i)]);
      EXPECT_NE(prompt.tool_grammar.find("tool" + std::to_string(i / 2)), std::string::npos) << prompt.tool_grammar;
      EXPECT_EQ(prompt.tool_grammar_triggers.front(), i % 2 ? "<tool_call>" : "[TOOL_CALLS]");
    }
  std::ranges::sort(first);
  EXPECT_EQ(std::ranges::adjacent_find(first), first.end());
}

TEST_F(Replies, AMessageThatIsNoUtf8IsNamed) {
  const std::vector<ChatMessage> messages = {{.role = "user", .content = "a"},
                                             {.role = "user",
                                              .content = "gr\xf6\xdf"
                                                         "er"}};
  const Result<ChatPrompt> prompt = model_->format_chat(messages);
  EXPECT_EQ(prompt.code(), StatusCode::invalid_argument);
  EXPECT_EQ(prompt.message(), "messages[1].content: is not UTF-8");
}

TEST_F(Replies, AStreamThatIsFinishedTakesNothingMore) {
  Result<ChatReplyStream> stream = model_->reply_stream();
  ASSERT_TRUE(stream->append("a").ok());
  ASSERT_TRUE(stream->finish().ok());
  EXPECT_EQ(stream->append("b").code(), StatusCode::invalid_argument);
  EXPECT_EQ(stream->append(kCalls).code(), StatusCode::invalid_argument);
  EXPECT_EQ(stream->finish().code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium
