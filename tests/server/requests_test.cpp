// Requests as OpenAI's clients write them, and what is wrong with others.
#include <gtest/gtest.h>

#include "server/openai/requests.h"

namespace tritium::server {
namespace {

ChatRequest chat(const std::string& text) {
  const Outcome<ChatRequest> request = read_chat(*parse_json(text));
  EXPECT_TRUE(request.ok()) << request.error().message;
  return request.ok() ? *request : ChatRequest();
}

ApiError refused(const std::string& text) {
  const Outcome<Json> body = parse_json(text);
  if (!body.ok()) return body.error();
  const Outcome<ChatRequest> request = read_chat(*body);
  EXPECT_FALSE(request.ok()) << text;
  return request.ok() ? ApiError() : request.error();
}

// A chat with one more member.
std::string with(const std::string& member) {
  return R"({"messages": [{"role": "user", "content": "a"}], )" + member + "}";
}

TEST(ChatRequests, SayHowToGenerate) {
  const ChatRequest r = chat(with(
      R"("model": "m", "max_completion_tokens": 7, "temperature": 0.5, "top_p": 0.9, "frequency_penalty": -1, "presence_penalty": 2,
         "logit_bias": {"5": -100}, "seed": 42, "n": 3, "stop": ["x", "y"], "stream": true, "stream_options": {"include_usage": true},
         "logprobs": true, "top_logprobs": 4, "user": "u", "metadata": {}, "tritium": {"top_k": 5, "cache_prompt": false})"));
  EXPECT_EQ(r.model, "m");
  EXPECT_EQ(r.max_tokens, 7);
  EXPECT_EQ(r.n, 3);
  EXPECT_TRUE(r.stream && r.include_usage && r.logprobs && !r.cache_prompt);
  EXPECT_EQ(r.top_logprobs, 4);
  const SamplerOptions& s = r.generate.sampler;
  EXPECT_EQ(s.temperature, 0.5f);
  EXPECT_EQ(s.top_p, 0.9f);
  EXPECT_EQ(s.frequency_penalty, -1.0f);
  EXPECT_EQ(s.presence_penalty, 2.0f);
  EXPECT_EQ(s.seed, 42u);
  EXPECT_EQ(s.top_k, 5);
  ASSERT_EQ(s.logit_bias.size(), 1u);
  EXPECT_EQ(s.logit_bias[0].token, 5);
  EXPECT_EQ(s.logit_bias[0].bias, -100.0f);
  EXPECT_EQ(r.generate.stop, (std::vector<std::string>{"x", "y"}));
}

TEST(ChatRequests, WithoutOptionsAreWhatTheProgramTakes) {
  const ChatRequest r = chat(with(R"("temperature": null)"));
  EXPECT_EQ(r.generate.sampler.temperature, SamplerOptions().temperature);
  EXPECT_FALSE(r.seeded());
  EXPECT_FALSE(r.max_tokens);
  EXPECT_EQ(r.messages, R"([{"role":"user","content":"a"}])");
}

TEST(ChatRequests, TakeTheSamplersOptionsUnderTheNamesOfOtherServers) {
  const SamplerOptions s = chat(with(R"("top_k": 7, "min_p": 0.25, "repeat_penalty": 1.5)")).generate.sampler;
  EXPECT_EQ(s.top_k, 7);
  EXPECT_EQ(s.min_p, 0.25f);
  EXPECT_EQ(s.repeat_penalty, 1.5f);
  EXPECT_EQ(chat(with(R"("repetition_penalty": 1.25)")).generate.sampler.repeat_penalty, 1.25f);
  EXPECT_EQ(chat(with(R"("top_k": -1)")).generate.sampler.top_k, 0) << "all, as theirs say it";
  EXPECT_EQ(chat(with(R"("top_k": 7, "tritium": {"top_k": 5})")).generate.sampler.top_k, 5);
  const Outcome<CompletionRequest> completion =
      read_completion(*parse_json(R"({"prompt": "a", "top_k": 3, "min_p": 0, "repetition_penalty": 2})"));
  ASSERT_TRUE(completion.ok()) << completion.error().message;
  EXPECT_EQ(completion->generate.sampler.top_k, 3);
  EXPECT_EQ(completion->generate.sampler.min_p, 0.0f);
  EXPECT_EQ(completion->generate.sampler.repeat_penalty, 2.0f);
}

TEST(ChatRequests, AskForTheExpertsOfStreams) {
  EXPECT_TRUE(chat(with(R"("stream": true, "tritium": {"experts": true})")).generate.experts);
  EXPECT_FALSE(chat(with(R"("tritium": {"experts": false})")).generate.experts);
  EXPECT_TRUE(read_completion(*parse_json(R"({"prompt": "a", "stream": true, "tritium": {"experts": true}})"))
                  ->generate.experts);
  const ApiError whole = refused(with(R"("tritium": {"experts": true})"));
  EXPECT_EQ(whole.param, "tritium.experts");
  EXPECT_EQ(whole.code, "unsupported");
  const auto response = read_responses(*parse_json(R"({"input": "a", "stream": true, "tritium": {"experts": true}})"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().param, "tritium.experts");
}

TEST(ChatRequests, ASeedOfMinusOneIsASeed) { EXPECT_TRUE(chat(with(R"("seed": -1)")).seeded()); }

TEST(ChatRequests, BecomeWhatTemplatesTake) {
  const ChatRequest r = chat(
      R"({"messages": [{"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
                       {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": [1]}"}}]},
                       {"role": "tool", "tool_call_id": "c1", "content": "2"}]})");
  EXPECT_EQ(
      r.messages,
      R"([{"role":"system","content":"Be brief."},{"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"f","arguments":{"a":[1]}},"id":"c1"}]},)"
      R"({"role":"tool","content":"2","tool_call_id":"c1"}])");
}

TEST(ChatRequests, SayBoundsAsPeopleWriteThem) {
  EXPECT_EQ(refused(with(R"("tritium": {"dry_base": -1})")).message, "tritium.dry_base: -1 is not from 0 to 1e+30");
  EXPECT_EQ(refused(with(R"("top_p": 1.5)")).message, "top_p: 1.5 is not from 0 to 1");
}

TEST(ChatRequests, NameTheFieldThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"("temperature": 3)", "temperature"},
      {R"("temperature": "1")", "temperature"},
      {R"("top_p": -0.1)", "top_p"},
      {R"("n": 0)", "n"},
      {R"("n": 1.5)", "n"},
      {R"("n": 17)", "n"},
      {R"("max_tokens": 99999999999999999999)", "max_tokens"},
      {R"("max_tokens": 18446744073709551615)", "max_tokens"},
      {R"("stop": [1])", "stop"},
      {R"("stop": "")", "stop"},
      {R"("stream": 1)", "stream"},
      {R"("stream_options": {"usage": true})", "stream_options.usage"},
      {R"("logit_bias": {"a": 1})", "logit_bias"},
      {R"("logit_bias": {"1": 101})", "logit_bias"},
      {R"("top_logprobs": 3)", "top_logprobs"},
      {R"("temprature": 1)", "temprature"},
      {R"("tritium": {"topk": 1})", "tritium.topk"},
      {R"("top_k": -2)", "top_k"},
      {R"("min_p": 2)", "min_p"},
      {R"("repeat_penalty": -1)", "repeat_penalty"},
      {R"("repeat_penalty": 1.5, "repetition_penalty": 1.5)", "repetition_penalty"},
      {R"("response_format": {"type": "xml"})", "response_format.type"},
      {R"("response_format": {"type": "json_schema"})", "response_format.json_schema"},
      {R"("response_format": {"type": "json_schema", "json_schema": {"name": "a"}})",
       "response_format.json_schema.schema"},
      {R"("tools": [{"type": "function"}])", "tools[0].function"},
      {R"("tools": [{"type": "function", "function": {}}])", "tools[0].function.name"},
      {R"("tools": [{"type": "web_search"}])", "tools[0].type"},
      {R"("tool_choice": "required")", "tool_choice"},
      {R"("tool_choice": "maybe")", "tool_choice"},
      {R"("functions": [])", "functions"},
  };
  for (const auto& [member, param] : wrong) {
    const ApiError error = refused(with(member));
    EXPECT_EQ(error.param, param) << member << ": " << error.message;
    EXPECT_EQ(error.status, 400);
    EXPECT_TRUE(error.message.starts_with(param + ": ")) << error.message;
  }
  EXPECT_EQ(refused(R"({"messages": []})").param, "messages");
  EXPECT_EQ(refused("{}").param, "messages");
  EXPECT_EQ(refused("[]").param, "the body");
  EXPECT_EQ(refused(R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})").param,
            "messages[0].content[0].type");
  EXPECT_EQ(refused(R"({"messages": [{"role": "robot", "content": ""}]})").param, "messages[0].role");
  EXPECT_EQ(refused(with(R"("x": 1)")).code, "unknown_parameter");
}

TEST(ChatRequests, WhatIsNoJsonSaysSo) {
  for (const char* text : {"", "{", "{\"a\": \xff}", "nul", "{} {}"})
    EXPECT_EQ(refused(text).code, "invalid_json") << text;
  EXPECT_EQ(refused(std::string(65, '[') + std::string(65, ']')).code, "invalid_json");
  EXPECT_EQ(refused(std::string(1000000, '[')).code, "invalid_json");
}

TEST(ChatRequests, ToolsAreThoseThatMayBeCalled) {
  const std::string tools =
      R"("tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}, {"type": "function", "function": {"name": "g"}}])";
  EXPECT_EQ(
      chat(with(tools)).chat.tools,
      R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},{"type":"function","function":{"name":"g"}}])");
  EXPECT_EQ(chat(with(tools + R"(, "tool_choice": "none")")).chat.tools, "");
  const ChatRequest one = chat(with(tools + R"(, "tool_choice": {"type": "function", "function": {"name": "g"}})"));
  EXPECT_EQ(one.chat.tools, R"([{"type":"function","function":{"name":"g"}}])");
  EXPECT_EQ(one.tool_choice, ToolChoice::required);
  EXPECT_EQ(refused(with(tools + R"(, "tool_choice": {"type": "function", "function": {"name": "h"}})")).param,
            "tool_choice");
  EXPECT_EQ(refused(with(tools + R"(, "response_format": {"type": "json_object"})")).param, "tools");
}

TEST(ChatRequests, AFormatIsASchema) {
  EXPECT_EQ(chat(with(R"("response_format": {"type": "json_object"})")).generate.json_schema, R"({"type":"object"})");
  const ChatRequest r = chat(with(
      R"("response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"type": "string"}}})"));
  EXPECT_EQ(r.generate.json_schema, R"({"type":"string"})");
  EXPECT_TRUE(r.held_to_form);
  EXPECT_FALSE(chat(with(R"("response_format": {"type": "text"})")).held_to_form);
}

TEST(CompletionRequests, TakeATextOrTokens) {
  const auto read = [](const char* text) { return read_completion(*parse_json(text)); };
  const auto text = [](const char* one) { return CompletionPrompt(std::string(one)); };
  const auto tokens = [](std::vector<int32_t> ids) { return CompletionPrompt(std::move(ids)); };
  using Prompts = std::vector<CompletionPrompt>;
  EXPECT_EQ(read(R"({"prompt": "a"})")->prompts, Prompts{text("a")});
  EXPECT_EQ(read(R"({"prompt": ["a"]})")->prompts, Prompts{text("a")});
  EXPECT_EQ(read(R"({"prompt": ["a", "b"]})")->prompts, (Prompts{text("a"), text("b")}));
  EXPECT_EQ(read(R"({"prompt": "a"})")->max_tokens, 16);
  EXPECT_EQ(read(R"({"prompt": "a", "max_tokens": 0})")->max_tokens, 0);
  EXPECT_EQ(read(R"({"prompt": [1, 2]})")->prompts, Prompts{tokens({1, 2})});
  EXPECT_EQ(read(R"({"prompt": [[1, 2], [3]]})")->prompts, (Prompts{tokens({1, 2}), tokens({3})}));
  EXPECT_EQ(read(R"({"prompt": "a", "logprobs": 0})")->logprobs, true);
  EXPECT_TRUE(read(R"({"prompt": "a", "logprobs": 0, "echo": true})")->echo);
  EXPECT_EQ(read(R"({"prompt": [1, -2]})").error().param, "prompt[1]");
  EXPECT_EQ(read(R"({"prompt": [[1], [2, "a"]]})").error().param, "prompt[1][1]");
  EXPECT_EQ(read(R"({"prompt": ["a", 1]})").error().param, "prompt[1]");
  EXPECT_EQ(read(R"({"prompt": []})").error().param, "prompt");
  EXPECT_EQ(read_completion({{"prompt", Json(std::vector<std::string>(kMaxPrompts + 1, "a"))}}).error().param,
            "prompt");
  EXPECT_EQ(read(R"({"prompt": "a", "suffix": "b"})").error().param, "suffix");
  EXPECT_EQ(read("{}").error().param, "prompt");
}

TEST(ResponsesRequests, AreConversations) {
  const Outcome<ResponsesRequest> r = read_responses(*parse_json(
      R"({"model": "m", "instructions": "Be brief.", "max_output_tokens": 9, "store": true,
          "input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}, {"type": "reasoning", "summary": []},
                    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}, {"type": "function_call_output", "call_id": "c", "output": "1"}],
          "tools": [{"type": "function", "name": "f", "parameters": {}}]})"));
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->chat.max_tokens, 9);
  EXPECT_EQ(
      r->chat.messages,
      R"([{"role":"system","content":"Be brief."},{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"f","arguments":{}},"id":"c"}]},{"role":"tool","content":"1","tool_call_id":"c"}])");
  EXPECT_EQ(r->chat.chat.tools, R"([{"type":"function","function":{"name":"f","parameters":{}}}])");
  EXPECT_EQ(r->echoed["instructions"], "Be brief.");
  EXPECT_EQ(read_responses(*parse_json(R"({"input": "a", "previous_response_id": "x"})")).error().param,
            "previous_response_id");
  EXPECT_EQ(read_responses(*parse_json("{}")).error().param, "input");
}

TEST(OtherRequests, AreReadStrictly) {
  EXPECT_EQ(read_embeddings(*parse_json(R"({"input": ["a", "b"], "encoding_format": "base64"})"))->inputs.size(), 2u);
  EXPECT_EQ(read_embeddings(*parse_json(R"({"input": []})")).error().param, "input");
  EXPECT_EQ(read_embeddings(*parse_json(R"({"input": "a", "encoding_format": "hex"})")).error().param,
            "encoding_format");
  EXPECT_EQ(*read_tokenize(*parse_json(R"({"content": "a"})"))->content, "a");
  EXPECT_EQ(read_tokenize(*parse_json("{}")).error().param, "content");
  EXPECT_EQ(read_detokenize(*parse_json(R"({"tokens": [1]})"))->tokens.size(), 1u);
  EXPECT_EQ(read_detokenize(*parse_json(R"({"tokens": ["a"]})")).error().param, "tokens[0]");
}

TEST(FineTuningRequests, HaveOpenAisHyperparameters) {
  const Outcome<FineTuningRequest> r = read_fine_tuning(*parse_json(
      R"({"model": "m", "training_file": "a.jsonl", "suffix": "me", "seed": 3, "hyperparameters": {"n_epochs": "auto", "batch_size": 4, "learning_rate_multiplier": 0.5},
          "tritium": {"lora_rank": 8}})"));
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->n_epochs, 3);
  EXPECT_EQ(r->batch_size, 4);
  EXPECT_EQ(r->learning_rate_multiplier, 0.5);
  EXPECT_EQ(r->options["lora_rank"], 8);
  EXPECT_EQ(read_fine_tuning(*parse_json(R"({"model": "m"})")).error().param, "training_file");
  EXPECT_EQ(read_fine_tuning(*parse_json(R"({"training_file": "a", "suffix": "../x"})")).error().param, "suffix");
}

}  // namespace
}  // namespace tritium::server
