#include "training/documents.h"

#include <nlohmann/json.hpp>

#include "base/format_text.h"

namespace tritium::training {
namespace {

using nlohmann::json;

Status bad(const std::string& what) { return Status(StatusCode::invalid_argument, what); }

// The string under a key; nullptr when it is absent or something else.
const std::string* text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
}

void append(TokenStream& stream, int32_t token, bool scored) {
  stream.tokens.push_back(token);
  stream.scored.push_back(scored ? 1 : 0);
}

}  // namespace

Status DocumentReader::read_text(std::string_view text, std::vector<TokenStream>& out) const {
  TokenStream stream;
  stream.tokens = tokenizer_.encode(text);
  stream.scored.assign(stream.tokens.size(), 1);
  out.push_back(std::move(stream));
  return Status();
}

Status DocumentReader::parts_of(std::string_view line, std::vector<Part>& parts) {
  const json object = json::parse(line, nullptr, false);
  if (object.is_discarded()) return bad("is not JSON");
  if (!object.is_object()) return bad("is not a JSON object");
  if (object.contains("text")) {
    const std::string* text = text_at(object, "text");
    if (!text) return bad("\"text\" is not a string");
    parts.push_back({*text, true, true});
    return Status();
  }
  if (object.contains("prompt") || object.contains("completion")) {
    const std::string* prompt = text_at(object, "prompt");
    const std::string* completion = text_at(object, "completion");
    if (!prompt || !completion) return bad("\"prompt\" and \"completion\" must both be strings");
    parts.push_back({*prompt, false, false});
    parts.push_back({*completion, true, true});
    return Status();
  }
  const auto messages = object.find("messages");
  if (messages == object.end()) return bad("has none of \"text\", \"prompt\" and \"completion\", \"messages\"");
  if (!messages->is_array() || messages->empty()) return bad("\"messages\" is not a list with messages");
  for (const json& message : *messages) {
    const std::string* role = message.is_object() ? text_at(message, "role") : nullptr;
    const std::string* content = message.is_object() ? text_at(message, "content") : nullptr;
    if (!role || !content) return bad("a message needs \"role\" and \"content\", both strings");
    if (*role != "system" && *role != "user" && *role != "assistant")
      return bad("role \"" + *role + "\" is none of system, user, assistant");
    const bool answer = *role == "assistant";
    parts.push_back({*role + ": ", false, false});
    parts.push_back({*content + (answer ? "" : "\n"), answer, answer});
  }
  return Status();
}

TokenStream DocumentReader::document_of(const std::vector<Part>& parts) const {
  TokenStream stream;
  if (tokenizer_.bos() >= 0) append(stream, tokenizer_.bos(), score_prompts_);
  for (const Part& part : parts) {
    const bool scored = part.scored || score_prompts_;
    for (int32_t token : tokenizer_.encode(part.text, {.add_bos = false})) append(stream, token, scored);
    if (part.ends && tokenizer_.eos() >= 0) append(stream, tokenizer_.eos(), scored);
  }
  return stream;
}

Status DocumentReader::read_jsonl(const std::string& path, std::string_view text, std::vector<TokenStream>& out) const {
  int64_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    std::vector<Part> parts;
    if (const Status status = parts_of(line, parts); !status.ok())
      return error(StatusCode::invalid_argument, path, ":", number, ": the line ", status.message());
    out.push_back(document_of(parts));
  }
  return Status();
}

}  // namespace tritium::training
