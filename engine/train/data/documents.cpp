#include "train/data/documents.h"

#include <algorithm>
#include <filesystem>

#include "base/folder.h"
#include "base/format_text.h"
#include "base/path.h"
#include "text/text_reader.h"
#include "train/data/json_records.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

std::string extension_of(const fs::path& path) {
  std::string extension = utf8_of(path.extension());
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

bool one_of(const std::string& extension, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

// What a training run tells about itself is JSON lines, too.
bool log_of_a_run(const fs::path& file) {
  std::error_code ignored;
  return file.filename() == "log.jsonl" && fs::exists(file.parent_path() / "log.csv", ignored);
}

Status add_files_below(const std::string& folder, std::vector<std::string>& files) {
  std::vector<std::string> found;
  for (std::vector<fs::path> to_read = {path_of(folder)}; !to_read.empty();) {
    const fs::path here = std::move(to_read.back());
    to_read.pop_back();
    const Result<std::vector<std::string>> names = names_in(utf8_of(here));
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      const fs::path path = here / path_of(name);
      std::error_code ignored;  // what cannot be looked at is no regular file
      if (fs::is_directory(fs::symlink_status(path, ignored))) to_read.push_back(path);  // links could lead in circles
      const bool named = one_of(extension_of(path), {".txt", ".md", ".jsonl", ".ndjson"});
      if (named && !log_of_a_run(path) && fs::is_regular_file(path, ignored)) found.push_back(utf8_of(path));
    }
  }
  if (found.empty())
    return error(StatusCode::not_found, folder,
                 ": the folder has no file .txt, .md, .jsonl or .ndjson, nor has one below it");
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
  return Status();
}

Status read_records(TextReader& reader, bool named_lines, const std::function<Status(const Document&)>& take,
                    Conversations conversations) {
  Result<JsonRecords> records = JsonRecords::begin(reader, named_lines);
  if (!records.ok()) return records.status();
  int64_t documents = 0;
  for (;; ++documents) {
    const Result<std::optional<std::string_view>> record = records->next();
    if (!record.ok()) return record.status();
    if (!record->has_value()) break;
    const Result<Document> document = parse_document(**record, conversations);
    if (!document.ok()) return document.status().within(reader.name() + ": " + records->place());
    if (Status s = take(*document); !s.ok()) return s;
  }
  if (documents > 0) return Status();
  return error(StatusCode::corrupt_file, reader.name(),
               records->in_array() ? ": the array is empty" : ": all lines are blank");
}

Status read_plain(TextReader& reader, const std::function<Status(const Document&)>& take) {
  Document document{.parts = {{}}, .plain = true};
  Result<std::string_view> text = reader.ahead(1);
  while (text.ok() && !text->empty()) {
    const std::optional<size_t> length = piece_length(*text, reader.at_end(text->size()));
    if (!length) {
      text = reader.more();
      continue;
    }
    document.parts.front().text = text->substr(0, *length);
    if (Status s = take(document); !s.ok()) return s;
    document.continues = true;
    reader.skip(*length);
    text = reader.ahead(1);
  }
  return text.status();
}

}  // namespace

std::optional<size_t> piece_length(std::string_view text, bool all) {
  constexpr size_t kPieceBytes = size_t{1} << 20;
  const size_t line_end = text.size() > kPieceBytes ? text.find('\n', kPieceBytes) : std::string_view::npos;
  const size_t next_line = line_end == std::string_view::npos ? line_end : text.find_first_not_of('\n', line_end);
  if (next_line != std::string_view::npos) return next_line;
  return all ? std::optional(text.size()) : std::nullopt;
}

Result<std::vector<std::string>> corpus_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code problem;
    const fs::file_status status = fs::status(path, problem);
    if (path == "-" || fs::is_fifo(status) || fs::is_character_file(status) || fs::is_socket(status))
      return error(StatusCode::io_error, path, ": training reads its texts more than once, which a pipe or a device ",
                   "cannot be; save what it gives into a file first");
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

Status read_documents(TextReader& reader, const std::function<Status(const Document&)>& take,
                      Conversations conversations) {
  const std::string extension = extension_of(reader.name());
  if (one_of(extension, {".csv", ".tsv"}))
    return error(StatusCode::unsupported, reader.name(),
                 ": tables are not read; write each row as a JSON line, such as ",
                 R"({"prompt": "…", "completion": "…"} or {"text": "…"})");
  const Result<std::string_view> beginning = reader.ahead(1);
  if (!beginning.ok()) return beginning.status();
  if (beginning->empty())
    return error(StatusCode::corrupt_file, reader.name(), ": the file is empty",
                 reader.size() > 0 ? " but for its byte order mark" : "");
  const bool named_lines = one_of(extension, {".jsonl", ".ndjson"});
  if (named_lines || extension == ".json") return read_records(reader, named_lines, take, conversations);
  const Result<bool> json = begins_with_json(reader);
  if (!json.ok()) return json.status();
  return *json ? read_records(reader, false, take, conversations) : read_plain(reader, take);
}

Status read_documents(const std::string& path, const std::function<Status(const Document&)>& take,
                      Conversations conversations) {
  Result<TextReader> reader = TextReader::open(path);
  return reader.ok() ? read_documents(*reader, take, conversations) : reader.status();
}

}  // namespace tritium
