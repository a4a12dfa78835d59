// An artifact as the GGUF file that it was made of.
#include <algorithm>

#include "artifact/container.h"
#include "artifact/section_codec.h"
#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/same_file.h"
#include "tritium/artifact.hpp"

namespace tritium {
namespace {

using namespace artifact;

class Unpacker {
 public:
  Unpacker(ArtifactFile& artifact, const UnpackOptions& options, AtomicFile& output)
      : artifact_(artifact), directory_(artifact.directory()), options_(options), output_(output) {}

  // Errors of the artifact do not name it.
  Status run() {
    Result<Bytes> header = artifact_.next_stream(directory_.header_packed_bytes, directory_.header_bytes);
    if (!header.ok()) return header.status();
    const Result<std::vector<Section>> sections = plan(*header);
    if (!sections.ok()) return sections.status();
    if (Status s = output_.reserve(directory_.gguf_bytes); !s.ok()) return s;
    if (Status s = output_.write(std::as_bytes(std::span(*header))); !s.ok()) return s;
    for (size_t i = 0; i < sections->size(); ++i)
      if (Status s = write((*sections)[i], directory_.sections[i]); !s.ok()) return s;
    if (Status s = output_.flush(); !s.ok()) return s;
    if (Status s = check_written(); !s.ok()) return s;
    return output_.commit();
  }

 private:
  Result<std::vector<Section>> plan(const Bytes& header_bytes) const {
    const auto header = parse_gguf_header(std::as_bytes(std::span(header_bytes)), directory_.gguf_bytes);
    if (!header.ok()) return header.status();
    if (header_bytes_of(*header, directory_.gguf_bytes) != header_bytes.size() ||
        header->tensors.size() != directory_.uses.size())
      return error(StatusCode::corrupt_file, "its directory does not fit the header of its model");
    auto sections = sections_of(*header, directory_.uses, directory_.header_bytes, directory_.gguf_bytes);
    if (sections.ok() && sections->size() != directory_.sections.size())
      return error(StatusCode::corrupt_file, "has ", directory_.sections.size(), " sections, the header of its model ",
                   "needs ", sections->size());
    return sections;
  }

  Status write(const Section& section, const SectionEntry& entry) {
    const Result<std::vector<uint64_t>> sizes = stream_sizes(section, entry);
    if (!sizes.ok()) return sizes.status();
    std::vector<Bytes> streams;
    for (size_t i = 0; i < sizes->size(); ++i) {
      check_cancelled();
      Result<Bytes> stream = artifact_.next_stream(entry.streams[i].packed_bytes, (*sizes)[i]);
      if (!stream.ok()) return stream.status();
      streams.push_back(*std::move(stream));
    }
    const Result<Bytes> bytes = unpack_section(section, entry, std::move(streams));
    if (!bytes.ok()) return bytes.status();
    auto left = std::as_bytes(std::span(*bytes));
    for (const Piece& piece : section.pieces) {
      check_cancelled();
      if (Status s = output_.write_at(piece.offset, left.first(piece.bytes)); !s.ok()) return s;
      left = left.subspan(piece.bytes);
    }
    done_ += section.bytes;
    const double fraction = static_cast<double>(done_) / static_cast<double>(directory_.gguf_bytes);
    return !options_.progress || options_.progress(fraction) ? Status() : cancelled_status("unpacking");
  }

  // Read back from the disk, unless it is a device that is written to.
  Status check_written() const {
    if (output_.temporary_name() == output_.path()) return Status();
    const Result<InputFile> file = InputFile::open_regular(output_.temporary_name());
    if (!file.ok()) return file.status();
    Checksum sum;
    std::vector<std::byte> some(1 << 20);
    for (uint64_t at = 0; at < file->size(); at += some.size()) {
      check_cancelled();
      const auto part = std::span(some).first(std::min<uint64_t>(some.size(), file->size() - at));
      if (Status s = file->read_at(at, part); !s.ok()) return s;
      sum.add(part);
    }
    if (file->size() == directory_.gguf_bytes && sum.value() == directory_.gguf_checksum) return Status();
    return error(StatusCode::corrupt_file, "what was unpacked is not the file that was packed");
  }

  ArtifactFile& artifact_;
  const Directory& directory_;
  const UnpackOptions& options_;
  AtomicFile& output_;
  uint64_t done_ = 0;
};

Result<uint64_t> unpack(const std::string& path, const UnpackOptions& options) {
  const NamedFile outputs[] = {{"the output", options.output}}, inputs[] = {{"the artifact", path}};
  if (Status s = check_outputs(outputs, inputs); !s.ok()) return s;
  Result<ArtifactFile> artifact = ArtifactFile::open(path);
  if (!artifact.ok()) return artifact.status();
  Result<AtomicFile> output = AtomicFile::create(options.output);
  if (!output.ok()) return output.status();
  Status done = Unpacker(*artifact, options, *output).run();
  // Errors of the system name the file that they are about.
  if (done.code() == StatusCode::corrupt_file || done.code() == StatusCode::unsupported) return done.within(path);
  if (!done.ok()) return done;
  return artifact->directory().gguf_bytes;
}

}  // namespace

Result<uint64_t> unpack_model(const std::string& input, const UnpackOptions& options) try {
  const CancelScope scope(options.keep_going);
  return unpack(input, options);
} catch (...) {
  return caught();
}

}  // namespace tritium
