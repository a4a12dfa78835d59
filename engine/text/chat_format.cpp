// Templates out of metadata, conversations out of JSON, and the way from one to tokens.
#include "text/chat_format.h"

#include <algorithm>
#include <cstdio>

#include "base/calendar.h"
#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium {
namespace {

constexpr std::string_view kKey = "tokenizer.chat_template";

// BitNet b1.58 2B4T was trained with this; its files carry a placeholder that ends in "BITNETAssistant: ".
constexpr const char* kBitnet2b4t =
    "{% for message in messages %}{{ bos_token if loop.first }}{{ message['role'] | capitalize + ': ' + "
    "message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif "
    "%}";

std::string trained_form(const std::string& source) {
  return source.find("BITNETAssistant") == std::string::npos ? source : kBitnet2b4t;
}

Result<Json> parsed(std::string_view text, const char* what) {
  Result<Json> json = parse_json(text);
  return json.ok() ? std::move(json) : Result<Json>(json.status().within(what));
}

Status check_messages(const Json& messages) {
  if (!messages.array()) return error(StatusCode::corrupt_file, "messages: must be an array, it is ", messages.kind());
  size_t i = 0;
  for (const Json& message : *messages.array()) {
    const Json* role = message.find("role");
    if (!message.object() || !role || !role->text())
      return error(StatusCode::corrupt_file, "messages[", i, "]: must be an object with a \"role\" that is a string");
    ++i;
  }
  return Status();
}

}  // namespace

ChatFormat ChatFormat::from_metadata(const Metadata& metadata, const Tokenizer* tokenizer) {
  ChatFormat format;
  for (const auto& [key, value] : metadata.values()) {
    if (!key.starts_with(kKey)) continue;
    const std::string* text = metadata.text(key);
    const std::string name = key.substr(kKey.size());
    if (!text || text->empty() || (!name.empty() && name[0] != '.')) continue;
    format.templates_.emplace_back(name.empty() ? name : name.substr(1), trained_form(*text));
  }
  if (tokenizer && tokenizer->bos() >= 0) format.bos_ = tokenizer->piece(tokenizer->bos());
  if (tokenizer && tokenizer->eos() >= 0) format.eos_ = tokenizer->piece(tokenizer->eos());
  return format;
}

Result<std::string> ChatFormat::source(const std::string& name, bool with_tools) const {
  const auto named = [&](const std::string& wanted) {
    return std::find_if(templates_.begin(), templates_.end(), [&](const auto& t) { return t.first == wanted; });
  };
  if (name.empty() && with_tools)
    if (const auto it = named("tool_use"); it != templates_.end()) return it->second;
  if (const auto it = named(name == "default" ? "" : name); it != templates_.end()) return it->second;
  if (templates_.empty())
    return error(StatusCode::not_found,
                 "the model has no chat template (tokenizer.chat_template): give one as a file of Jinja text "
                 "(--template FILE, ChatOptions::chat_template), or continue plain text without one");
  std::string names;
  for (const auto& t : templates_) names += (names.empty() ? "" : ", ") + (t.first.empty() ? "default" : t.first);
  return error(StatusCode::not_found, "the model has no chat template \"", name.empty() ? "default" : name,
               "\"; it has ", names);
}

std::vector<jinja::Variable> ChatFormat::token_texts() const {
  return {{.name = "bos_token", .value = Json(bos_)}, {.name = "eos_token", .value = Json(eos_)}};
}

Status read_conversation(std::string_view messages, std::string_view tools, Conversation& conversation) {
  Result<Json> json = parsed(messages, "messages");
  if (!json.ok()) return json.status();
  if (json->object()) {
    const Json* inner = json->find("messages");
    if (!inner) return error(StatusCode::corrupt_file, "messages: the object has no \"messages\"");
    if (const Json* own = json->find("tools")) conversation.tools = *own;
    conversation.messages = *inner;
  } else {
    conversation.messages = *std::move(json);
  }
  if (!tools.empty()) {
    json = parsed(tools, "tools");
    if (!json.ok()) return json.status();
    conversation.tools = *std::move(json);
  }
  if (!conversation.tools.is_null() && !conversation.tools.array())
    return error(StatusCode::corrupt_file, "tools: must be an array, it is ", conversation.tools.kind());
  return check_messages(conversation.messages);
}

Result<std::tm> time_of(const std::string& text) {
  std::tm now{};
  if (text.empty()) {
    return local_time(std::time(nullptr));
  }
  int used = 0;
  const int date = std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &now.tm_year, &now.tm_mon, &now.tm_mday, &used);
  bool whole = date == 3 && used == 10 && now.tm_year >= 1 && now.tm_mon >= 1 && now.tm_mon <= 12 && now.tm_mday >= 1 &&
               now.tm_mday <= 31;
  if (whole && text.size() > 10) {
    const int time =
        std::sscanf(text.c_str() + 10, "%*1[T ]%2d:%2d:%2d%n", &now.tm_hour, &now.tm_min, &now.tm_sec, &used);
    const std::string rest = time == 3 && used == 9 ? text.substr(19) : "?";
    whole = time == 3 && (rest.empty() || rest == "Z" || rest[0] == '.') && now.tm_hour >= 0 && now.tm_hour < 24 &&
            now.tm_min >= 0 && now.tm_min < 60 && now.tm_sec >= 0 && now.tm_sec < 61;
  }
  if (!whole) return error(StatusCode::invalid_argument, "\"", text, "\" is no time; give it as 2026-11-26T09:05:07");
  now.tm_year -= 1900;
  now.tm_mon -= 1;
  complete_date(now);
  return now;
}

Result<jinja::Rendered> render_conversation(const jinja::Template& made, const Conversation& conversation,
                                            std::vector<jinja::Variable> token_texts) {
  std::vector<jinja::Variable> variables = std::move(token_texts);
  variables.push_back({.name = "messages", .value = conversation.messages, .from_messages = !conversation.trusted});
  if (!conversation.tools.is_null())
    variables.push_back({.name = "tools", .value = conversation.tools, .from_messages = !conversation.trusted});
  variables.push_back({.name = "add_generation_prompt", .value = Json(conversation.add_generation_prompt)});
  for (const jinja::Variable& more : conversation.variables) {
    std::erase_if(variables, [&](const jinja::Variable& v) { return v.name == more.name; });
    variables.push_back(more);
  }
  return made.render(variables, conversation.now);
}

ChatEncoder::ChatEncoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  std::vector<SpecialToken> controls;
  for (int64_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const auto token = static_cast<int32_t>(id);
    if (!tokenizer.is_control(token)) continue;
    controls.push_back({.piece = tokenizer.piece(token), .id = token, .control = true});
  }
  controls_ = SpecialTokens(std::move(controls));
}

std::vector<int32_t> ChatEncoder::encode(std::string_view text, const std::vector<jinja::ByteRange>& from_messages,
                                         std::vector<size_t>* offsets) const {
  std::vector<int32_t> tokens = tokenizer_.encode("");  // what the model puts first
  if (offsets) offsets->assign(tokens.size(), 0);
  const size_t before = tokens.size();
  size_t part = 0;  // where the text begins that is not encoded yet
  const auto encode_up_to = [&](size_t end) {
    if (end == part) return;
    const std::vector<int32_t> some = tokenizer_.encode(text.substr(part, end - part), {.add_bos = false});
    tokens.insert(tokens.end(), some.begin(), some.end());
    if (!offsets) return;
    // A vocabulary may put a space before the first word: those bytes are not of the text.
    size_t n_bytes = 0, done = 0;
    for (const int32_t token : some) n_bytes += tokenizer_.bytes_of(token).size();
    const size_t added = n_bytes - std::min(n_bytes, end - part);
    for (const int32_t token : some) {
      offsets->push_back(std::min(part + done - std::min(done, added), end));
      done += tokenizer_.bytes_of(token).size();
    }
  };
  auto next = from_messages.begin();
  for (size_t at = 0; at < text.size();) {
    check_cancelled_every<4096>(at);
    while (next != from_messages.end() && next->end <= at) ++next;
    if (next != from_messages.end() && next->begin <= at) {
      at = next->end;
      continue;
    }
    const size_t stop = next == from_messages.end() ? text.size() : next->begin;
    const SpecialToken* control = controls_.longest_at(text.substr(at, stop - at), true);
    if (!control) {
      ++at;
      continue;
    }
    encode_up_to(at);
    const bool again = at == 0 && before == 1 && tokens[0] == control->id;
    if (!again) {
      tokens.push_back(control->id);
      if (offsets) offsets->push_back(at);
    }
    at += control->piece.size();
    part = at;
  }
  encode_up_to(text.size());
  return tokens;
}

}  // namespace tritium
