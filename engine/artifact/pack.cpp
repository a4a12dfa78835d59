// A GGUF file as an artifact.
#include <algorithm>
#include <filesystem>

#include "artifact/compress.h"
#include "artifact/container.h"
#include "artifact/pack_section.h"
#include "artifact/tensor_kinds.h"
#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/path.h"
#include "base/same_file.h"
#include "tritium/artifact.hpp"

namespace tritium {
namespace {

using namespace artifact;

// Counts and sums up what it writes.
class Output {
 public:
  explicit Output(AtomicFile file) : file_(std::move(file)) {}

  Status write(std::span<const std::byte> bytes) {
    sum_.add(bytes);
    written_ += bytes.size();
    return file_.write(bytes);
  }
  Status write_sum() {
    const uint64_t sum = sum_.value();
    return write(std::as_bytes(std::span(&sum, 1)));
  }
  uint64_t written() const { return written_; }
  Status commit() { return file_.commit(); }

 private:
  AtomicFile file_;
  Checksum sum_;
  uint64_t written_ = 0;
};

class Packer {
 public:
  Packer(const InputFile& input, const PackOptions& options, AtomicFile output)
      : input_(input), options_(options), output_(std::move(output)) {}

  Result<PackedModel> run(const GgufHeader& header) {
    const Result<std::vector<Kind>> kinds = kinds_of_tensors(input_.path(), header);
    if (!kinds.ok()) return kinds.status();
    const Result<std::vector<Content>> contents = contents_of_tensors(input_, header);
    if (!contents.ok()) return contents.status();
    std::vector<TensorUse> uses;
    for (size_t i = 0; i < kinds->size(); ++i) uses.push_back({(*kinds)[i], (*contents)[i]});
    directory_ = {
        .gguf_bytes = input_.size(), .header_bytes = header_bytes_of(header, input_.size()), .uses = std::move(uses)};
    if (directory_.header_bytes > kMostHeaderBytes)
      return error(StatusCode::unsupported, "its header has ", directory_.header_bytes, " bytes; an artifact holds ",
                   kMostHeaderBytes);
    packed_.model_bytes = input_.size();
    packed_.code_bytes = options_.code_bytes;
    const auto sections = sections_of(header, directory_.uses, directory_.header_bytes, input_.size());
    if (!sections.ok()) return sections.status();
    if (Status s = sum_input(); !s.ok()) return s;
    if (Status s = output_.write(head_bytes()); !s.ok()) return s;
    if (Status s = add_header(); !s.ok()) return s;
    for (const Section& section : *sections)
      if (Status s = add(section); !s.ok()) return s;
    if (Status s = finish(); !s.ok()) return s;
    return std::move(packed_);
  }

 private:
  Status sum_input() {
    Checksum sum;
    std::vector<std::byte> some(1 << 20);
    for (uint64_t at = 0; at < input_.size(); at += some.size()) {
      check_cancelled();
      const auto part = std::span(some).first(std::min<uint64_t>(some.size(), input_.size() - at));
      if (Status s = input_.read_at(at, part); !s.ok()) return s;
      sum.add(part);
    }
    directory_.gguf_checksum = sum.value();
    return Status();
  }

  Result<std::vector<std::byte>> compressed(const Bytes& bytes) const {
    std::vector<std::vector<std::byte>> frames;
    if (Status s = compress_each(std::span(&bytes, 1), options_.level, frames); !s.ok()) return s;
    return std::move(frames[0]);
  }

  Status add_header() {
    Bytes bytes(directory_.header_bytes);
    if (Status s = input_.read_at(0, std::as_writable_bytes(std::span(bytes))); !s.ok()) return s;
    const Result<std::vector<std::byte>> frame = compressed(bytes);
    if (!frame.ok()) return frame.status();
    directory_.header_packed_bytes = frame->size();
    say("header", bytes.size(), frame->size());
    if (Status s = output_.write(*frame); !s.ok()) return s;
    return advance(bytes.size());
  }

  Status add(const Section& section) {
    Bytes bytes(section.bytes);
    auto left = std::as_writable_bytes(std::span(bytes));
    for (const Piece& piece : section.pieces) {
      check_cancelled();
      if (Status s = input_.read_at(piece.offset, left.first(piece.bytes)); !s.ok()) return s;
      left = left.subspan(piece.bytes);
    }
    Result<PackedSection> packed = pack_section(section, bytes, options_.level);
    if (!packed.ok()) return packed.status();
    for (const auto& frame : packed->frames)
      if (Status s = output_.write(frame); !s.ok()) return s;
    directory_.sections.push_back(std::move(packed->entry));
    std::ranges::move(packed->streams, std::back_inserter(packed_.streams));
    packed_.weights += section.weights;
    return advance(section.bytes);
  }

  Status finish() {
    const Bytes directory = bytes_of(directory_);
    const Result<std::vector<std::byte>> frame = compressed(directory);
    if (!frame.ok()) return frame.status();
    if (Status s = output_.write(tail_bytes(*frame, output_.written(), directory.size())); !s.ok()) return s;
    if (Status s = output_.write_sum(); !s.ok()) return s;
    say("directory", 0, frame->size() + kHeadBytes + kTrailerBytes);
    packed_.artifact_bytes = output_.written();
    packed_.fits = !options_.limit || packed_.total_bytes() <= *options_.limit;
    return packed_.fits ? output_.commit() : Status();
  }

  // What no tensor has.
  void say(const char* part, uint64_t raw, uint64_t bytes) {
    packed_.streams.push_back({.kind = std::string(name_of(Kind::metadata)),
                               .part = part,
                               .packing = std::string(name_of(Packing::plain)),
                               .raw_bytes = raw,
                               .packed_bytes = raw,
                               .bytes = bytes});
  }

  Status advance(uint64_t bytes) {
    done_ += bytes;
    const double fraction = static_cast<double>(done_) / static_cast<double>(input_.size());
    return !options_.progress || options_.progress(fraction) ? Status() : cancelled_status("packing");
  }

  const InputFile& input_;
  const PackOptions& options_;
  Output output_;
  Directory directory_;
  PackedModel packed_;
  uint64_t done_ = 0;
};

Result<PackedModel> pack(const std::string& path, const PackOptions& options) {
  if (options.level < 1 || options.level > kMostLevel)
    return error(StatusCode::invalid_argument, "level ", options.level, ", must be 1 to ", kMostLevel);
  const NamedFile outputs[] = {{"the artifact", options.output}}, inputs[] = {{"the model", path}};
  if (Status s = check_outputs(outputs, inputs); !s.ok()) return s;
  std::error_code none;
  if (std::filesystem::is_directory(path_of(path), none))
    return error(StatusCode::invalid_argument, path, ": is a folder; tritium convert writes its model as a GGUF file");
  const Result<InputFile> input = InputFile::open_regular(path);
  if (!input.ok()) return input.status();
  const Result<GgufHeader> header = parse_gguf_header(*input);
  if (!header.ok()) return header.status().within(path);
  if (header->metadata.integer("split.count").value_or(1) > 1)
    return error(StatusCode::unsupported, path, ": is one part of several, and an artifact has all of a model; ",
                 "tritium quantize writes the parts as one file");
  Result<AtomicFile> output = AtomicFile::create(options.output);
  if (!output.ok()) return output.status();
  return Packer(*input, options, *std::move(output)).run(*header);
}

}  // namespace

double PackedModel::bits_per_weight() const {
  return weights > 0 ? 8 * static_cast<double>(artifact_bytes) / static_cast<double>(weights) : 0;
}

Result<PackedModel> pack_model(const std::string& input, const PackOptions& options) try {
  const CancelScope scope(options.keep_going);
  return pack(input, options);
} catch (...) {
  return caught();
}

}  // namespace tritium
