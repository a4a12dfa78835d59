// Answers in OpenAI's shapes: whole, and as events.
#include <gtest/gtest.h>

#include <cmath>

#include "server/openai/replies.h"

namespace tritium::server {
namespace {

const ReplyOptions kWhole = {.model = "m", .created = 1700000000};
const ReplyOptions kStream = {.model = "m", .created = 1700000000, .stream = true, .include_usage = true};
const Usage kUsage = {.prompt_tokens = 5, .cached_tokens = 3, .completion_tokens = 2, .seed = 7};

// The data of each event; the last "[DONE]" as a string.
std::vector<Json> events(const std::string& text) {
  std::vector<Json> all;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\n\n", at);
    EXPECT_NE(end, std::string::npos);
    const std::string event = text.substr(at, end - at);
    const std::string data = event.substr(event.find("data: ") + 6);
    all.push_back(data == "[DONE]" ? Json(data) : Json::parse(data));
    at = end + 2;
  }
  return all;
}

TEST(ChatReplies, AreWhole) {
  const auto writer = chat_writer(kWhole);
  EXPECT_EQ(writer->begin(), "");
  EXPECT_EQ(writer->add({.content = "Hel", .reasoning = "hm"}), "");
  EXPECT_EQ(writer->add({.content = "lo", .finish = Finish::length}), "");
  const Json answer = Json::parse(writer->end(kUsage));
  EXPECT_EQ(answer["object"], "chat.completion");
  EXPECT_TRUE(answer["id"].get<std::string>().starts_with("chatcmpl-"));
  const Json& choice = answer["choices"][0];
  EXPECT_EQ(choice["message"]["content"], "Hello");
  EXPECT_EQ(choice["message"]["reasoning_content"], "hm");
  EXPECT_EQ(choice["message"]["role"], "assistant");
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_TRUE(choice["logprobs"].is_null());
  EXPECT_EQ(answer["usage"]["total_tokens"], 7);
  EXPECT_EQ(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 3);
  EXPECT_EQ(answer["tritium"]["seed"], 7);
}

TEST(ChatReplies, CallsHaveIdsAndTextsOfArguments) {
  const auto writer = chat_writer(kWhole);
  EXPECT_EQ(
      writer->add(
          {.tool_calls =
               R"([{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}, {"id": "x", "function": {"name": "g", "arguments": "{}"}}])",
           .finish = Finish::stop}),
      "");
  const Json choice = Json::parse(writer->end(kUsage))["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_TRUE(choice["message"]["content"].is_null());
  const Json& calls = choice["message"]["tool_calls"];
  EXPECT_TRUE(calls[0]["id"].get<std::string>().starts_with("call_"));
  EXPECT_EQ(calls[0]["function"]["arguments"], R"({"a":1})");
  EXPECT_EQ(calls[1]["id"], "x");
}

TEST(ChatReplies, StreamAsChunks) {
  ReplyOptions options = kStream;
  options.choices = 2;
  const auto writer = chat_writer(options);
  std::string text = writer->begin();
  text += writer->add({.choice = 1, .content = "a"});
  text += writer->add({.choice = 0, .tool_calls = R"([{"function": {"name": "f", "arguments": {}}}])"});
  text += writer->add({.choice = 0, .finish = Finish::stop});
  text += writer->add({.choice = 1, .content = "b", .finish = Finish::length});
  text += writer->end(kUsage);
  const std::vector<Json> all = events(text);
  ASSERT_EQ(all.size(), 9u);
  for (size_t i = 0; i < 2; ++i)
    EXPECT_EQ(all[i]["choices"][0]["delta"], Json::parse(R"({"role": "assistant", "content": ""})"));
  EXPECT_EQ(all[2]["choices"][0]["index"], 1);
  EXPECT_EQ(all[2]["choices"][0]["delta"]["content"], "a");
  EXPECT_EQ(all[3]["choices"][0]["delta"]["tool_calls"][0]["index"], 0);
  EXPECT_EQ(all[4]["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_EQ(all[5]["choices"][0]["delta"]["content"], "b");
  EXPECT_EQ(all[6]["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(all[7]["usage"]["completion_tokens"], 2);
  EXPECT_TRUE(all[7]["choices"].empty());
  EXPECT_EQ(all[8], "[DONE]");
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(all[i]["id"], all[0]["id"]);
}

TokenLogprobs logprobs(const std::string& text, double logprob, std::vector<TokenText> top = {}) {
  TokenLogprobs one;
  one.token.text = text;
  one.token.logprob = logprob;
  one.top = std::move(top);
  return one;
}

Piece piece_with(const std::string& content, TokenLogprobs of_token) {
  Piece piece;
  piece.content = content;
  piece.logprobs.push_back(std::move(of_token));
  return piece;
}

TEST(ChatReplies, HaveLogProbabilities) {
  ReplyOptions options = kWhole;
  options.logprobs = true;
  const auto writer = chat_writer(options);
  EXPECT_EQ(writer->add(piece_with("é", logprobs("é", -0.5, {TokenText{"\xff", -HUGE_VAL}}))), "");
  const Json one = Json::parse(writer->end(kUsage))["choices"][0]["logprobs"]["content"][0];
  EXPECT_EQ(one["token"], "é");
  EXPECT_EQ(one["bytes"], Json::parse("[195, 169]"));
  EXPECT_EQ(one["logprob"], -0.5);
  EXPECT_EQ(one["top_logprobs"][0]["token"], "\uFFFD");
  EXPECT_EQ(one["top_logprobs"][0]["logprob"], -9999.0);
}

// One token's, and those of two whose text comes at once; what is left comes with the end.
TEST(ChatReplies, TellTheExpertsWithTheTextOfTheirTokens) {
  const auto writer = chat_writer(kStream);
  writer->begin();
  const TokenExperts a = {{3, 17}, {0, 5}}, b = {{1, 2}, {4, 3}};
  EXPECT_EQ(events(writer->add({.content = "a", .experts = {a}}))[0]["choices"][0]["experts"], Json(a));
  EXPECT_EQ(writer->add({.experts = {b}}), "") << "its text is held back";
  EXPECT_EQ(events(writer->add({.content = "é", .experts = {a}}))[0]["choices"][0]["experts"],
            Json::parse("[[[1, 2], [4, 3]], [[3, 17], [0, 5]]]"));
  EXPECT_FALSE(events(writer->add({.content = "c"}))[0]["choices"][0].contains("experts"));
  EXPECT_EQ(writer->add({.experts = {b}}), "");
  EXPECT_EQ(events(writer->add({.finish = Finish::stop}))[0]["choices"][0]["experts"], Json(b));
}

TEST(CompletionReplies, TellTheExpertsWithTheTextOfTheirTokens) {
  const auto writer = completion_writer(kStream, {});
  const TokenExperts a = {{3, 17}, {0, 5}}, b = {{1, 2}, {4, 3}};
  EXPECT_EQ(writer->add({.experts = {a}}), "");
  const Json first = events(writer->add({.content = "é", .experts = {b}}))[0]["choices"][0];
  EXPECT_EQ(first["text"], "é");
  EXPECT_EQ(first["experts"], Json::parse("[[[3, 17], [0, 5]], [[1, 2], [4, 3]]]"));
  EXPECT_FALSE(events(writer->add({.content = "c"}))[0]["choices"][0].contains("experts"));
  EXPECT_EQ(events(writer->add({.content = "d", .experts = {b}}))[0]["choices"][0]["experts"], Json(b));
}

TEST(CompletionReplies, EchoAndCount) {
  ReplyOptions options = kWhole;
  options.logprobs = true;
  const auto writer = completion_writer(options, {"Once "});
  EXPECT_EQ(writer->begin(), "");
  EXPECT_EQ(writer->add(piece_with("é", logprobs("é", -1, {TokenText{"é", -1}}))), "");
  EXPECT_EQ(writer->add(piece_with("b", logprobs("b", -2))), "");
  EXPECT_EQ(writer->add({.finish = Finish::length}), "");
  const Json choice = Json::parse(writer->end(kUsage))["choices"][0];
  EXPECT_EQ(choice["text"], "Once éb");
  EXPECT_EQ(choice["logprobs"]["tokens"], Json::parse(R"(["é", "b"])"));
  EXPECT_EQ(choice["logprobs"]["text_offset"], Json::parse("[0, 1]"));
  EXPECT_EQ(choice["logprobs"]["top_logprobs"][0]["é"], -1.0);
  EXPECT_EQ(choice["finish_reason"], "length");
}

TEST(CompletionReplies, APromptsFirstTokenFollowsNothing) {
  ReplyOptions options = kWhole;
  options.logprobs = true;
  const auto writer = completion_writer(options, {});
  Piece prompt = {.content = "ab", .logprobs = {{.token = {.text = "a"}, .known = false}}};
  prompt.logprobs.push_back(logprobs("b", -2, {TokenText{"c", -1}}));
  writer->add(prompt);
  writer->add({.finish = Finish::length});
  const Json all = Json::parse(writer->end(kUsage))["choices"][0]["logprobs"];
  EXPECT_EQ(all["token_logprobs"], Json::parse("[null, -2.0]"));
  EXPECT_EQ(all["top_logprobs"], Json::parse(R"([null, {"c": -1.0}])"));
  EXPECT_EQ(all["text_offset"], Json::parse("[0, 1]"));
}

TEST(CompletionReplies, Stream) {
  const auto writer = completion_writer(kStream, {});
  std::string text = writer->begin();
  text += writer->add({.content = ""});
  text += writer->add({.content = "a"});
  text += writer->add({.finish = Finish::stop});
  text += writer->end(kUsage);
  const std::vector<Json> all = events(text);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0]["choices"][0]["text"], "a");
  EXPECT_TRUE(all[0]["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(all[1]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(all[2]["usage"]["prompt_tokens"], 5);
  EXPECT_EQ(all[3], "[DONE]");
}

TEST(Responses, AreEventsThatAddUpToTheWhole) {
  const auto write = [](const ReplyOptions& options) {
    const auto writer = responses_writer(options, Json::parse(R"({"instructions": "i"})"));
    std::string text = writer->begin();
    text += writer->add({.content = "Hel"});
    text += writer->add({.content = "lo"});
    text += writer->add({.tool_calls = R"([{"id": "c", "function": {"name": "f", "arguments": {}}}])"});
    text += writer->add({.finish = Finish::stop});
    return text + writer->end(kUsage);
  };
  const Json whole = Json::parse(write(kWhole));
  EXPECT_EQ(whole["status"], "completed");
  EXPECT_EQ(whole["instructions"], "i");
  EXPECT_EQ(whole["output"][0]["content"][0]["text"], "Hello");
  EXPECT_EQ(whole["output"][1]["type"], "function_call");
  EXPECT_EQ(whole["output"][1]["call_id"], "c");
  EXPECT_EQ(whole["usage"]["input_tokens"], 5);
  std::vector<std::string> types;
  const std::vector<Json> all = events(write(kStream));
  for (size_t i = 0; i < all.size(); ++i) {
    types.push_back(all[i]["type"]);
    EXPECT_EQ(all[i]["sequence_number"], i);
  }
  EXPECT_EQ(types, (std::vector<std::string>{
                       "response.created", "response.in_progress", "response.output_item.added",
                       "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                       "response.output_text.done", "response.content_part.done", "response.output_item.done",
                       "response.output_item.added", "response.function_call_arguments.delta",
                       "response.function_call_arguments.done", "response.output_item.done", "response.completed"}));
  EXPECT_EQ(all.back()["response"]["output"].size(), 2u);
}

TEST(Embeddings, AreNumbersOrBase64) {
  const std::vector<std::vector<float>> vectors = {{1.0f, -2.0f}};
  EXPECT_EQ(embeddings_json("m", vectors, false, 3)["data"][0]["embedding"], Json::parse("[1.0, -2.0]"));
  EXPECT_EQ(embeddings_json("m", vectors, true, 3)["data"][0]["embedding"], "AACAPwAAAMA=");
  EXPECT_EQ(embeddings_json("m", vectors, true, 3)["usage"]["prompt_tokens"], 3);
  EXPECT_EQ(base64_of("a"), "YQ==");
  EXPECT_EQ(base64_of("ab"), "YWI=");
  EXPECT_EQ(base64_of("abc"), "YWJj");
  EXPECT_EQ(base64_of(""), "");
}

TEST(Errors, AreOpenAis) {
  EXPECT_EQ(json_text(error_json(invalid("n", "is 0"))),
            R"({"error":{"message":"n: is 0","type":"invalid_request_error","param":"n","code":null}})");
  EXPECT_EQ(error_of(Status(StatusCode::device_error, "lost")).status, 500);
  EXPECT_EQ(error_of(Status(StatusCode::invalid_argument, "x"), "n").param, "n");
}

}  // namespace
}  // namespace tritium::server
