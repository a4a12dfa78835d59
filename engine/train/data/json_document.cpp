// A JSON record -> the document that it stands for.
#include <array>
#include <nlohmann/json.hpp>

#include "base/format_text.h"
#include "train/data/documents.h"
#include "train/data/json_records.h"

namespace tritium {
namespace {

using json = nlohmann::ordered_json;  // templates see members in the order of the file

Status bad(const std::string& problem) { return Status(StatusCode::corrupt_file, problem); }

std::string kind_of(const json& value) { return join(value.is_structured() ? "an " : "a ", value.type_name()); }

// What the parser says, without its own name, and without the line: it sees only one.
std::string reason_of(const json::exception& e) {
  std::string reason = e.what();
  for (const std::string_view noise : {"[json.exception.parse_error.101] ", "line 1, "}) {
    if (const size_t at = reason.find(noise); at != std::string::npos) reason.erase(at, noise.size());
  }
  constexpr size_t kLongest = 200;  // it repeats what it read last, which may be a book
  return reason.size() > kLongest ? reason.substr(0, kLongest) + "…" : reason;
}

Result<std::string> text_at(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return bad(join("\"", key, "\" is missing"));
  if (!it->is_string()) return bad(join("\"", key, "\" must be a text, it is ", kind_of(*it)));
  return it->get<std::string>();
}

// "" where the key is missing or null.
Result<std::string> optional_text(const json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? Result<std::string>(std::string()) : text_at(object, key);
}

Result<Document> whole_text(const json& object) {
  Result<std::string> text = text_at(object, "text");
  if (!text.ok()) return text.status();
  return Document{.parts = {{.text = *std::move(text), .scored = true, .ends = true}}};
}

Result<Document> prompt_and_completion(const json& object) {
  Result<std::string> prompt = text_at(object, "prompt");
  if (!prompt.ok()) return prompt.status();
  Result<std::string> completion = text_at(object, "completion");
  if (!completion.ok()) return completion.status();
  return Document{.parts = {{.text = *std::move(prompt), .scored = false},
                            {.text = *std::move(completion), .scored = true, .ends = true}}};
}

struct Message {
  std::string role;
  std::string content;
};

// Names of the three who speak, as collections of conversations write them.
struct Speaker {
  std::string_view name;
  std::string_view role;
};
constexpr std::array kSpeakers = {
    Speaker{"system", "system"},   Speaker{"user", "user"},     Speaker{"assistant", "assistant"},
    Speaker{"human", "user"},      Speaker{"gpt", "assistant"}, Speaker{"chatgpt", "assistant"},
    Speaker{"model", "assistant"},
};

Result<Message> message_of(const json& object) {
  if (!object.is_object()) return bad(join("must be an object with \"role\" and \"content\", it is ", kind_of(object)));
  const bool share_gpt = object.contains("from") && !object.contains("role");
  const Result<std::string> name = text_at(object, share_gpt ? "from" : "role");
  if (!name.ok()) return name.status();
  const auto speaker =
      std::find_if(kSpeakers.begin(), kSpeakers.end(), [&](const Speaker& s) { return s.name == *name; });
  if (speaker == kSpeakers.end())
    return bad(join("role \"", *name, "\" is unknown; known are system, user (human) and assistant (gpt)"));
  Result<std::string> content = text_at(object, share_gpt ? "value" : "content");
  if (!content.ok()) return content.status();
  return Message{std::string(speaker->role), *std::move(content)};
}

Document conversation(const std::vector<Message>& messages) {
  Document document{.parts = {}, .lines = true};
  std::string context;  // read, not learnt, since the assistant last spoke
  for (const Message& message : messages) {
    context += message.role + ":";
    if (message.role == "assistant") {
      document.parts.push_back({.text = std::move(context), .scored = false});
      document.parts.push_back({.text = " " + message.content, .scored = true, .ends = true});
      context = "\n";
    } else {
      context += " " + message.content + "\n";
    }
  }
  if (!document.parts.empty() && context == "\n") return document;
  document.parts.push_back({.text = std::move(context), .scored = false, .ends = true});
  return document;
}

// What "system" beside the messages says is the first of them.
Result<std::vector<Message>> first_messages(const json& object) {
  const Result<std::string> system = optional_text(object, "system");
  if (!system.ok()) return system.status();
  std::vector<Message> messages;
  if (!system->empty()) messages.push_back({"system", *system});
  return messages;
}

// Messages with roles, as they are: a template decides what of them it knows.
Result<Document> for_template(const json& object, const json& list) {
  const Result<std::string> system = optional_text(object, "system");
  if (!system.ok()) return system.status();
  json messages = json::array();
  if (!system->empty()) messages.push_back({{"role", "system"}, {"content", *system}});
  for (const json& message : list) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
      return bad(join("\"messages\"[", messages.size(), "] must be an object with a \"role\" that is a text"));
    messages.push_back(message);
  }
  Document document;
  ChatRecord& record = document.chat.emplace();
  Result<Json> parsed = parse_json(messages.dump());
  if (!parsed.ok()) return parsed.status();
  record.messages = *std::move(parsed);
  if (!object.contains("tools") || object["tools"].is_null()) return document;
  if (!object["tools"].is_array()) return bad(join("\"tools\" must be an array, it is ", kind_of(object["tools"])));
  parsed = parse_json(object["tools"].dump());
  if (!parsed.ok()) return parsed.status();
  record.tools = *std::move(parsed);
  return document;
}

Document chat_of(const std::vector<Message>& messages) {
  Json::Array list;
  for (const Message& message : messages)
    list.push_back(Json(Json::Object{{"role", Json(message.role)}, {"content", Json(message.content)}}));
  Document document;
  document.chat = ChatRecord{.messages = Json(std::move(list)), .tools = {}};
  return document;
}

Result<Document> messages_at(const json& object, const char* key, Conversations conversations) {
  const json& list = object[key];
  if (!list.is_array()) return bad(join("\"", key, "\" must be an array, it is ", kind_of(list)));
  if (list.empty()) return bad(join("\"", key, "\" is empty"));
  const bool by_template = conversations == Conversations::for_template;
  if (by_template && list[0].is_object() && list[0].contains("role")) return for_template(object, list);
  Result<std::vector<Message>> messages = first_messages(object);
  if (!messages.ok()) return messages.status();
  for (size_t i = 0; i < list.size(); ++i) {
    Result<Message> message = message_of(list[i]);
    if (!message.ok()) return message.status().within(join("\"", key, "\"[", i, "]"));
    messages->push_back(*std::move(message));
  }
  return by_template ? chat_of(*messages) : conversation(*messages);
}

Result<Document> instruction(const json& object, Conversations conversations) {
  const Result<std::string> asked = text_at(object, "instruction");
  if (!asked.ok()) return asked.status();
  const Result<std::string> input = optional_text(object, "input"), output = text_at(object, "output");
  if (!input.ok()) return input.status();
  if (!output.ok()) return output.status();
  if (object.contains("history") && !object["history"].empty())
    return bad("\"history\" is not known here; write the conversation as \"messages\"");
  Result<std::vector<Message>> messages = first_messages(object);
  if (!messages.ok()) return messages.status();
  messages->push_back({"user", input->empty() ? *asked : *asked + "\n" + *input});
  messages->push_back({"assistant", *output});
  return conversations == Conversations::for_template ? chat_of(*messages) : conversation(*messages);
}

}  // namespace

Result<Document> parse_document(std::string_view text, Conversations conversations) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && json_extent(text.substr(first)).state == JsonExtent::State::too_deep)
    return bad(join("is nested deeper than ", kDeepestRecord, " levels"));
  json object;
  try {
    object = json::parse(text);
  } catch (const json::exception& e) {
    return bad(join("is not JSON: ", reason_of(e)));
  }
  if (!object.is_object()) return bad(join("must be a JSON object, it is ", kind_of(object)));
  const auto has = [&](const char* key) { return object.contains(key); };
  if (has("text")) return whole_text(object);
  if (has("prompt") && has("completion")) return prompt_and_completion(object);
  for (const char* key : {"messages", "conversations"})
    if (has(key)) return messages_at(object, key, conversations);
  if (has("instruction") || has("output")) return instruction(object, conversations);
  if (has("prompt") || has("completion")) return prompt_and_completion(object);
  return bad(
      "has neither \"text\" nor \"prompt\" and \"completion\" nor \"messages\" nor \"conversations\" nor "
      "\"instruction\" "
      "and \"output\"");
}

}  // namespace tritium
