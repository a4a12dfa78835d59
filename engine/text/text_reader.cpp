#include "text/text_reader.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/available_memory.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {
namespace {

using namespace std::string_view_literals;

constexpr size_t kChunk = size_t{1} << 20;
constexpr size_t kPipe = size_t{1} << 16;  // what a pipe holds, and so gives at once
constexpr size_t kBeginning = 4096;        // bytes that say what a file is
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Beginning {
  std::string_view bytes;
  std::string_view what;
};

// The longer one of two that fit comes first.
constexpr std::array kNoText = {
    Beginning{"\xFF\xFE\0\0"sv, "UTF-32; save it as UTF-8 (iconv -f UTF-32 -t UTF-8)"},
    Beginning{"\0\0\xFE\xFF"sv, "UTF-32; save it as UTF-8 (iconv -f UTF-32 -t UTF-8)"},
    Beginning{"\xFF\xFE"sv, "UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
    Beginning{"\xFE\xFF"sv, "UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
    Beginning{"\x1F\x8B"sv, "compressed by gzip; unpack it first (gunzip)"},
    Beginning{"\x28\xB5\x2F\xFD"sv, "compressed by zstd; unpack it first (unzstd)"},
    Beginning{"\xFD"
              "7zXZ\0"sv,
              "compressed by xz; unpack it first (unxz)"},
    Beginning{"BZh91AY"sv, "compressed by bzip2; unpack it first (bunzip2)"},
    Beginning{"PK\x03\x04"sv, "a zip archive (or an office document); take its text out first"},
    Beginning{"%PDF-"sv, "a PDF; take its text out first (pdftotext)"},
    Beginning{"PAR1"sv, "a Parquet table; write its texts as JSON lines first"},
    Beginning{"GGUF"sv, "a GGUF model, not a text"},
};

// Every second byte of ASCII in UTF-16 is 0.
bool like_utf16(std::string_view text, size_t zero) {
  const std::string_view around = text.substr(0, std::max(zero + 1, std::min<size_t>(text.size(), 256)));
  const auto zeros = 3 * static_cast<size_t>(std::ranges::count(around, '\0'));
  return zeros > around.size() && zeros < 2 * around.size();
}

}  // namespace

Result<TextReader> TextReader::open(const std::string& path, TextWaiting waiting) {
  Result<InputFile> file = path == "-" ? InputFile::standard_input() : InputFile::open(path);
  if (!file.ok()) return file.status();
  TextReader reader(*std::move(file), std::move(waiting));
  if (Status s = reader.check_beginning(); !s.ok()) return s;
  return reader;
}

// A pipe may give it byte by byte.
Status TextReader::check_beginning() {
  while (!ended_ && buffer_.size() < kBeginning)
    if (Status s = read_more(); !s.ok()) return s;
  for (const Beginning& known : kNoText)
    if (buffer_.starts_with(known.bytes)) return error(StatusCode::corrupt_file, name(), ": this is ", known.what);
  if (Status s = check_bytes(buffer_); !s.ok()) return s;
  if (buffer_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  return Status();
}

// The last bytes that were read.
Status TextReader::check_bytes(std::string_view fresh) const {
  const size_t at = fresh.find('\0');
  if (at == std::string_view::npos) return Status();
  return error(StatusCode::corrupt_file, name(), ": byte ", n_read_ - fresh.size() + at, " of the text is 0: ",
               like_utf16(fresh, at) ? "it looks like UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"
                                     : "a binary file, or not UTF-8");
}

Status TextReader::wait() const {
  constexpr int kMilliseconds = 100;
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const Result<bool> ready = file_.ready(waiting_ ? kMilliseconds : -1);
    if (!ready.ok()) return ready.status();
    if (*ready) return Status();
    if (waiting_ && !waiting_(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()))
      return error(StatusCode::cancelled, name(), ": reading was cancelled");
  }
}

Status TextReader::read_more() {
  if (Status s = wait(); !s.ok()) return s;
  const size_t before = buffer_.size();
  // What there is to come: small texts come by the thousand, and the lines of a pipe one by one.
  const uint64_t left = size() > n_read_ ? size() - n_read_ : file_.regular() ? kBeginning : kPipe;
  buffer_.resize(before + static_cast<size_t>(std::min<uint64_t>(left, kChunk)));
  const Result<size_t> n = file_.read(std::as_writable_bytes(std::span(buffer_).subspan(before)));
  buffer_.resize(before + (n.ok() ? *n : 0));
  if (!n.ok()) return n.status();
  ended_ = *n == 0;
  n_read_ += *n;
  return n_read_ - *n < kBeginning ? Status() : check_bytes(std::string_view(buffer_).substr(before));
}

Result<std::string_view> TextReader::ahead(size_t n) {
  if (at_ >= kChunk && 2 * at_ >= buffer_.size()) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  while (!ended_ && buffer_.size() - at_ < n)
    if (Status s = read_more(); !s.ok()) return s;
  return std::string_view(buffer_).substr(at_);
}

Result<std::string> read_text(const std::string& path, const TextWaiting& waiting) try {
  Result<TextReader> reader = TextReader::open(path, waiting);
  if (!reader.ok()) return reader.status();
  std::string text;
  text.reserve(reader->size());
  for (uint64_t asked = uint64_t{64} << 20;;) {
    const Result<std::string_view> part = reader->ahead(kChunk);
    if (!part.ok()) return part.status();
    if (part->empty()) return text;
    text += *part;
    reader->skip(part->size());
    if (text.size() < asked) continue;
    asked *= 2;
    if (const uint64_t free = available_memory(); free > 0 && text.size() > free)
      return error(StatusCode::out_of_memory, reader->name(), ": the text has more than ", text.size() >> 20,
                   " MiB, this machine has ", free >> 20, " MiB free; give less text");
  }
} catch (...) {
  return caught();
}

}  // namespace tritium
