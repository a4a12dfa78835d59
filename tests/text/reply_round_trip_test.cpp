// Calls that a template writes are read back: of each template here, and of those that are shared.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/shared_material.h"
#include "text/grammar/json_parts.h"
#include "text/jinja/template.h"
#include "text/reply/reply_parser.h"

namespace tritium {
namespace {

// Two calls with values of every type. Arguments are an object, as templates take them.
constexpr const char* kTools =
    R"([{"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object",
         "properties": {"city": {"type": "string", "description": "c"}, "days": {"type": "integer"},
         "list": {"type": "array"}, "ok": {"type": "boolean"}}, "required": ["city"]}}},
        {"type": "function", "function": {"name": "now", "description": "n", "parameters": {"type": "object",
         "properties": {}}}}])";
constexpr const char* kUser = R"({"role": "user", "content": "Weather?"})";
constexpr const char* kFirst =
    R"({"id": "abcdefgh1", "type": "function", "function": {"name": "weather", "arguments":
        {"city": "Zürich </tool_call> \"x\"\n[12]", "days": -2, "list": [1.5, {"a": null, "b": "it's"}], "ok": true}}})";
constexpr const char* kSecond =
    R"({"id": "abcdefgh2", "type": "function", "function": {"name": "now", "arguments": {}}})";

Result<jinja::Rendered> rendered(const std::string& source, const std::string& messages, bool generation_prompt) {
  const Result<jinja::Template> made = jinja::Template::parse(source);
  if (!made.ok()) return made.status();
  std::tm now{};
  now.tm_year = 126, now.tm_mday = 1;
  return made->render({{.name = "messages", .value = *parse_json("[" + messages + "]")},
                       {.name = "tools", .value = *parse_json(kTools)},
                       {.name = "bos_token", .value = Json(std::string("<s>"))},
                       {.name = "eos_token", .value = Json(std::string("</s>"))},
                       {.name = "add_generation_prompt", .value = Json(generation_prompt)}},
                      now);
}

std::string canonical(const std::string& json) {
  const Result<Json> value = parse_json(json);
  return value.ok() ? grammar::json_text(*value) : "no JSON: " + json;
}

// What comes back of an assistant's message; nothing: the template takes no such messages.
std::optional<ReplyParts> round_trip(const std::string& source, const std::string& calls, const std::string& content) {
  const std::string assistant =
      R"({"role": "assistant", "content": )" + json_quoted(content) + R"(, "tool_calls": [)" + calls + "]}";
  const auto whole = rendered(source, std::string(kUser) + ", " + assistant, false);
  if (!whole.ok()) return std::nullopt;
  std::string reply;
  for (const bool generation_prompt : {true, false}) {
    const auto prompt = rendered(source, kUser, generation_prompt);
    if (!reply.empty() || !prompt.ok() || !whole->text.starts_with(prompt->text)) continue;
    reply = whole->text.substr(prompt->text.size());
  }
  for (const char* end : {"<|im_end|>", "</s>", "<|eot_id|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>"})
    reply.resize(std::min(reply.find(end), reply.size()));
  ReplyFormat format = reply_format(source);
  format.tools = *parse_json(kTools);
  return reply_parts(format, reply);
}

void expect_back(const std::string& name, const std::string& source, std::vector<const char*> calls,
                 const std::string& content) {
  std::string list;
  for (const char* call : calls) list += (list.empty() ? "" : ", ") + std::string(call);
  const auto back = round_trip(source, list, content);
  ASSERT_TRUE(back) << name;
  ASSERT_EQ(back->calls.size(), calls.size()) << name << ": " << back->content;
  for (size_t i = 0; i < calls.size(); ++i) {
    const Json given = *parse_json(calls[i]);
    const Json& function = *given.find("function");
    EXPECT_EQ(back->calls[i].name, *function.find("name")->text()) << name;
    EXPECT_EQ(canonical(back->calls[i].arguments), grammar::json_text(*function.find("arguments"))) << name;
    if (!back->calls[i].id.empty()) {
      EXPECT_EQ(back->calls[i].id, *given.find("id")->text()) << name;
    }
  }
  EXPECT_EQ(back->content, content) << name;
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(ReplyRoundTrip, CallsOfTheFamiliesComeBack) {
  // One call at most: "headers" refuses more, "flags" and "outputs" write the first one's arguments alone, and behind
  // content no call at all. Of "typescript" (channels, as gpt-oss has them) the format is not known. The others do not
  // write calls of an assistant.
  const std::vector<std::string> two = {"documents", "documents_and_tools", "instructions", "numbered_calls",
                                        "thinking"};
  const std::vector<std::string> one = {"headers", "flags"};
  for (const std::string& name : two) {
    const std::string source = read(std::filesystem::path(TRITIUM_JINJA_FAMILIES) / (name + ".jinja"));
    expect_back(name, source, {kFirst}, "");
    expect_back(name, source, {kFirst, kSecond}, "");
  }
  for (const std::string& name : one)
    expect_back(name, read(std::filesystem::path(TRITIUM_JINJA_FAMILIES) / (name + ".jinja")), {kFirst}, "");
}

TEST(ReplyRoundTrip, SoDoThoseBehindContent) {
  for (const char* name : {"documents_and_tools", "thinking"})
    expect_back(name, read(std::filesystem::path(TRITIUM_JINJA_FAMILIES) / (std::string(name) + ".jinja")),
                {kFirst, kSecond}, "I look it up.");
}

// GLM's tags have no escapes: a value with its own end in it cannot come back, so that another city is asked for.
TEST(ReplyRoundTrip, SoDoThoseInTagsWithoutTheirMarks) {
  std::string first = kFirst;
  first.erase(first.find("</tool_call> "), std::string_view("</tool_call> ").size());
  for (const char* name : {"roles", "visible_text"})
    expect_back(name, read(std::filesystem::path(TRITIUM_JINJA_FAMILIES) / (std::string(name) + ".jinja")),
                {first.c_str(), kSecond}, "");
}

TEST(ReplyRoundTrip, SharedTemplates) {
  const auto cases = shared_file("chat_templates/cases.json");
  const auto qwen = shared_file("tokenizers/hf-qwen3/tokenizer_config.json");
  if (!cases || !qwen) GTEST_SKIP() << kNoSharedMaterial;
  size_t n = 0;
  const auto try_one = [&](const std::string& name, const std::string& source) {
    if (source.find("tool_calls") == std::string::npos) return;  // it writes none
    ++n;
    expect_back(name, source, {kFirst}, "");
    expect_back(name, source, {kFirst, kSecond}, "I look it up.");
  };
  try_one("hf-qwen3", *parse_json(read(*qwen))->find("chat_template")->text());
  const Json all = *parse_json(read(*cases));
  for (const Json& one : *all.find("cases")->array()) try_one(*one.find("name")->text(), *one.find("template")->text());
  EXPECT_EQ(n, 2U);
}

}  // namespace
}  // namespace tritium
