#include "train/data/documents.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/format_text.h"
#include "base/mapped_file.h"

namespace tritium {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

Status bad(const std::string& problem) { return Status(StatusCode::corrupt_file, problem); }

// ---- the files of a corpus

// What a training run tells about itself is JSON lines, too.
bool log_of_a_run(const fs::path& file) {
  std::error_code ignored;
  return file.filename() == "log.jsonl" && fs::exists(file.parent_path() / "log.csv", ignored);
}

Status add_files_below(const std::string& folder, std::vector<std::string>& files) {
  std::error_code problem;
  std::vector<std::string> found;
  for (fs::recursive_directory_iterator it(folder, problem), end; !problem && it != end; it.increment(problem)) {
    const std::string extension = extension_of(it->path());
    std::error_code ignored;  // what cannot be looked at is no regular file
    const bool named = extension == ".txt" || extension == ".md" || extension == ".jsonl";
    if (named && !log_of_a_run(it->path()) && it->is_regular_file(ignored)) found.push_back(it->path().string());
  }
  if (problem) return error(StatusCode::io_error, folder, ": cannot read the folder: ", problem.message());
  if (found.empty())
    return error(StatusCode::not_found, folder, ": the folder has no file .txt, .md or .jsonl, nor has one below it");
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
  return Status();
}

// ---- one JSON object

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

Result<Message> message_of(const json& object) {
  if (!object.is_object()) return bad(join("must be an object with \"role\" and \"content\", it is ", kind_of(object)));
  Result<std::string> role = text_at(object, "role");
  if (!role.ok()) return role.status();
  constexpr std::array<std::string_view, 3> kRoles = {"system", "user", "assistant"};
  if (std::find(kRoles.begin(), kRoles.end(), *role) == kRoles.end())
    return bad(join("role \"", *role, "\" is unknown; known are system, user and assistant"));
  Result<std::string> content = text_at(object, "content");
  if (!content.ok()) return content.status();
  return Message{*std::move(role), *std::move(content)};
}

Result<Document> conversation(const json& messages) {
  if (!messages.is_array()) return bad(join("\"messages\" must be an array, it is ", kind_of(messages)));
  if (messages.empty()) return bad("\"messages\" is empty");
  Document document;
  std::string context;  // read, not learnt, since the assistant last spoke
  for (size_t i = 0; i < messages.size(); ++i) {
    const Result<Message> message = message_of(messages[i]);
    if (!message.ok()) return message.status().within(join("\"messages\"[", i, "]"));
    context += message->role + ":";
    if (message->role == "assistant") {
      document.parts.push_back({.text = std::move(context), .scored = false});
      document.parts.push_back({.text = " " + message->content, .scored = true, .ends = true});
      context = "\n";
    } else {
      context += " " + message->content + "\n";
    }
  }
  if (!document.parts.empty() && context == "\n") return document;
  document.parts.push_back({.text = std::move(context), .scored = false, .ends = true});
  return document;
}

// ---- the lines of a file

Status read_lines(const std::string& path, std::string_view text, const std::function<Status(const Document&)>& take) {
  int64_t line_number = 0, documents = 0;
  while (!text.empty()) {
    const size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    ++line_number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Result<Document> document = parse_document(line);
    if (!document.ok()) return document.status().within(join(path, ": line ", line_number));
    if (Status s = take(*document); !s.ok()) return s;
    ++documents;
  }
  return documents > 0 ? Status() : error(StatusCode::corrupt_file, path, ": all lines are blank");
}

}  // namespace

Result<std::vector<std::string>> corpus_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code problem;
    const fs::file_status status = fs::status(path, problem);
    if (!fs::exists(status)) {
      const bool unknown = status.type() == fs::file_type::not_found;
      return error(unknown ? StatusCode::not_found : StatusCode::io_error, path, ": ",
                   unknown ? "no such file or folder" : problem.message());
    }
    if (!fs::is_directory(status)) {
      files.push_back(path);
    } else if (Status s = add_files_below(path, files); !s.ok()) {
      return s;
    }
  }
  return files;
}

Result<Document> parse_document(std::string_view text) {
  json object;
  try {
    object = json::parse(text);
  } catch (const json::exception& e) {
    return bad(join("is not JSON: ", reason_of(e)));
  }
  if (!object.is_object()) return bad(join("must be a JSON object, it is ", kind_of(object)));
  if (object.contains("text")) return whole_text(object);
  if (object.contains("prompt") || object.contains("completion")) return prompt_and_completion(object);
  if (object.contains("messages")) return conversation(object["messages"]);
  return bad("has neither \"text\" nor \"prompt\" and \"completion\" nor \"messages\"");
}

Status read_documents(const std::string& path, const std::function<Status(const Document&)>& take) {
  const Result<MappedFile> file = MappedFile::open(path);
  if (!file.ok()) return file.status();
  std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.empty()) return error(StatusCode::corrupt_file, path, ": the file is empty but for its byte order mark");
  if (extension_of(path) == ".jsonl") return read_lines(path, text, take);
  if (const size_t at = text.find('\0'); at != std::string_view::npos)
    return error(StatusCode::corrupt_file, path, ": byte ", at, " of the text is 0: a binary file, or not UTF-8");
  return take(Document{.parts = {{.text = std::string(text)}}, .plain = true});
}

}  // namespace tritium
