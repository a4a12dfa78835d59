#include "experiment/texts.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "tritium/training.hpp"

namespace tritium::experiment {
namespace {

constexpr size_t kLeastBytes = 1000;

Result<std::string> joined(const std::vector<std::string>& paths) {
  std::string all;
  for (const std::string& path : paths) {
    check_cancelled();
    const Result<std::string> text = read_training_text(path);
    if (!text.ok()) return text.status();
    all += *text;
    if (!all.empty() && all.back() != '\n') all += '\n';
  }
  return all;
}

Status check(std::string_view text, const char* what) {
  if (text.size() >= kLeastBytes) return Status();
  return error(StatusCode::invalid_argument, what, " has ", text.size(), " bytes, at least ", kLeastBytes,
               " are needed; give more text");
}

}  // namespace

std::string_view first_bytes(std::string_view text, size_t bytes) {
  if (bytes >= text.size()) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

Result<Texts> read_texts(const std::vector<std::string>& data, const std::vector<std::string>& valid_data,
                         int64_t valid_bytes) {
  if (data.empty()) return error(StatusCode::invalid_argument, "there is no text to learn; --data names files");
  Result<std::string> train = joined(data);
  if (!train.ok()) return train.status();
  Texts texts;
  if (!valid_data.empty()) {
    const Result<std::string> valid = joined(valid_data);
    if (!valid.ok()) return valid.status();
    texts.valid = first_bytes(*valid, static_cast<size_t>(valid_bytes));
  } else {
    const size_t latest = train->size() - train->size() / 10;
    const size_t line = train->rfind('\n', latest);
    const size_t cut = line == std::string::npos ? first_bytes(*train, latest).size() : line + 1;
    texts.valid = first_bytes(std::string_view(*train).substr(cut), static_cast<size_t>(valid_bytes));
    train->resize(cut);
  }
  texts.train = *std::move(train);
  if (Status s = check(texts.train, "the text to learn"); !s.ok()) return s;
  if (Status s = check(texts.valid, "the held-out text"); !s.ok()) return s;
  return texts;
}

Result<uint64_t> checksum_of_files(const std::vector<std::string>& paths) {
  Checksum sum;
  std::vector<std::byte> some(1 << 20);
  for (const std::string& path : paths) {
    const Result<InputFile> file = InputFile::open_regular(path);
    if (!file.ok()) return file.status();
    for (uint64_t at = 0; at < file->size(); at += some.size()) {
      check_cancelled();
      const auto part = std::span(some).first(std::min<uint64_t>(some.size(), file->size() - at));
      if (Status s = file->read_at(at, part); !s.ok()) return s;
      sum.add(part);
    }
  }
  return sum.value();
}

}  // namespace tritium::experiment
