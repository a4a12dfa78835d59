#include "convert/write_model.h"

#include <cmath>
#include <cstring>

#include "base/atomic_file.h"
#include "base/format_text.h"
#include "convert/chunks.h"
#include "convert/float_rows.h"
#include "format/codec.h"
#include "format/folder/packed_row.h"
#include "format/gguf.h"
#include "format/k_quants.h"
#include "tensor/half.h"

namespace tritium {
namespace {

struct Chunk {
  std::vector<std::byte> bytes;
  double errors = 0;   // squares of differences
  double squares = 0;  // of values
};

// Where tensors are encoded from, and what has been measured of them.
class Encoder {
 public:
  Encoder(const TensorMap& source, const TensorJob& job) : source_(source), job_(job) {}

  Status open() {
    if (job_.encoding == Encoding::trits) {
      Result<std::unique_ptr<TernaryRows>> rows = source_.ternary_rows(job_.info->name);
      if (!rows.ok()) return rows.status();
      trits_ = *std::move(rows);
      return Status();
    }
    Result<FloatRows> rows = FloatRows::open(source_, job_.info->name);
    if (!rows.ok()) return rows.status();
    floats_ = *std::move(rows);
    return Status();
  }
  const Shape& shape() const { return trits_ ? trits_->shape() : floats_->shape(); }
  float scale() const { return scale_; }  // of I2_S

  Status encode(int64_t first, int64_t n, Chunk& chunk) {
    if (trits_) return encode_trits(first, n, chunk);
    const int64_t cols = shape()[2];
    std::vector<float> values(static_cast<size_t>(n * cols));
    if (Status s = floats_->read(first, n, values); !s.ok()) return s;
    const int64_t dims[] = {n, cols};
    Result<std::vector<std::byte>> bytes =
        job_.encoding == Encoding::rounded ? encode_rounded(values, n, cols) : encode_values(values, dims, job_.type);
    if (!bytes.ok()) return bytes.status();
    chunk.bytes = *std::move(bytes);
    return job_.measured ? measure(values, dims, chunk) : Status();
  }

 private:
  Status encode_trits(int64_t first, int64_t n, Chunk& chunk) {
    const bool whole = trits_->group_size() == trits_->cols();
    TernaryMatrix m(1, n, trits_->cols(), whole ? ScaleGranularity::row : ScaleGranularity::group,
                    whole ? 0 : trits_->group_size());
    if (Status s = trits_->read(first, n, m.words(), m.scales()); !s.ok()) return s;
    const TernaryMatrix exact = job_.measured ? m : TernaryMatrix();
    const bool one = job_.type == StorageType::i2_s;
    if (one && first == 0) scale_ = m.scales()[0];
    for (float& s : m.scales())
      if (!one) s = f16_to_f32(f32_to_f16(s));
    Result<std::vector<std::byte>> bytes = encode_ternary(m, job_.type);
    if (!bytes.ok()) return bytes.status();
    if (one) bytes->resize(bytes->size() - kI2sTail);
    chunk.bytes = *std::move(bytes);
    if (job_.measured) compare(exact.dequantize(), m.dequantize(), chunk);
    return Status();
  }

  Result<std::vector<std::byte>> encode_rounded(std::span<const float> values, int64_t n, int64_t cols) const {
    Result<TernaryMatrix> m = TernaryMatrix::from_weights(values, 1, n, cols, ScaleGranularity::row);
    if (!m.ok()) return m.status();
    for (size_t row = 0; row < m->scales().size(); ++row) {
      float& s = m->scales()[row];
      const auto of_row = values.subspan(row * static_cast<size_t>(cols), static_cast<size_t>(cols));
      // A row of one magnitude is trits already; its mean, with the zeros, would make it smaller.
      if (const float magnitude = magnitude_of(of_row); magnitude >= 0) s = magnitude;
      s = f16_to_f32(f32_to_f16(s));
    }
    return encode_ternary(*m, job_.type);
  }

  Status measure(std::span<const float> values, std::span<const int64_t> dims, Chunk& chunk) const {
    const Result<std::vector<float>> decoded =
        decode_f32({.type = job_.type, .shape = {dims.begin(), dims.end()}, .bytes = chunk.bytes});
    if (!decoded.ok()) return decoded.status();
    compare(values, *decoded, chunk);
    return Status();
  }

  static void compare(std::span<const float> values, std::span<const float> others, Chunk& chunk) {
    chunk.errors = chunk.squares = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const double difference = double{values[i]} - others[i];
      chunk.errors += difference * difference;
      chunk.squares += double{values[i]} * values[i];
    }
  }

  const TensorMap& source_;
  const TensorJob& job_;
  std::unique_ptr<TernaryRows> trits_;
  std::optional<FloatRows> floats_;
  float scale_ = 0;
};

class ModelWriter {
 public:
  ModelWriter(AtomicFile& file, ThreadPool& pool, const std::function<Status(int64_t)>& tick)
      : file_(file), pool_(pool), tick_(tick) {}

  Status write(const TensorMap& source, const TensorJob& job, WrittenTensor& written) {
    const uint64_t before = bytes_;
    Status done = job.encoding == Encoding::copied ? copy(job) : encode(source, job, written);
    if (!done.ok()) return done;
    written.bytes = bytes_ - before;
    const auto padding = static_cast<size_t>(round_up(static_cast<int64_t>(bytes_), kGgufDefaultAlignment)) - bytes_;
    return put(std::vector<std::byte>(padding));
  }

 private:
  Status put(std::span<const std::byte> bytes) {
    bytes_ += bytes.size();
    return file_.write(bytes);
  }

  Status copy(const TensorJob& job) {
    std::vector<std::byte> piece;
    uint64_t left = *storage_bytes(job.type, job.info->shape);
    for (uint64_t at = job.offset; left > 0; at += piece.size(), left -= piece.size()) {
      check_cancelled();
      piece.resize(std::min<uint64_t>(left, uint64_t{4} << 20));
      if (Status s = job.file->read_at(at, piece); !s.ok()) return s;
      if (Status s = put(piece); !s.ok()) return s;
    }
    return tick_(job.info->elements());
  }

  Status encode(const TensorMap& source, const TensorJob& job, WrittenTensor& written) {
    Encoder encoder(source, job);
    if (Status s = encoder.open(); !s.ok()) return s;
    const Shape shape = encoder.shape();
    std::vector<Chunk> chunks(static_cast<size_t>(pool_.threads()));
    double errors = 0, squares = 0;
    const Status done = for_chunks(
        pool_, shape[0] * shape[1], shape[2],
        [&](size_t slot, int64_t first, int64_t n) { return encoder.encode(first, n, chunks[slot]); },
        [&](size_t slot) {
          errors += chunks[slot].errors;
          squares += chunks[slot].squares;
          if (Status s = put(chunks[slot].bytes); !s.ok()) return s;
          return tick_(std::min(rows_of_chunk(shape[2]) * shape[2], shape.elements()));
        });
    if (!done.ok()) return done.within(job.info->name);
    if (job.measured) {
      written.rms_error = std::sqrt(errors / static_cast<double>(shape.elements()));
      written.relative_error = squares > 0 ? std::sqrt(errors / squares) : 0.0;
    }
    if (job.type != StorageType::i2_s) return Status();
    std::vector<std::byte> tail(kI2sTail);
    const float scale = encoder.scale();
    std::memcpy(tail.data(), &scale, sizeof scale);
    return put(tail);
  }

  AtomicFile& file_;
  ThreadPool& pool_;
  const std::function<Status(int64_t)>& tick_;
  uint64_t bytes_ = 0;
};

}  // namespace

Status write_model(const std::string& path, const TensorMap& source, const Metadata& metadata,
                   const std::vector<TensorJob>& jobs, ThreadPool& pool, const std::function<Status(int64_t)>& tick,
                   WrittenModel& written) {
  std::vector<GgufTensor> outlines;
  outlines.reserve(jobs.size());
  for (const TensorJob& job : jobs)
    outlines.push_back({.name = job.info->name, .type = job.type, .shape = job.info->shape, .bytes = {}});
  const Result<std::vector<std::byte>> header = gguf_header(metadata, outlines);
  if (!header.ok()) return header.status().within(path);
  const Result<uint64_t> bytes = gguf_bytes(metadata, outlines);
  if (!bytes.ok()) return bytes.status().within(path);
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->reserve(*bytes); !s.ok()) return s;
  if (Status s = file->write(*header); !s.ok()) return s;
  ModelWriter writer(*file, pool, tick);
  for (const TensorJob& job : jobs) {
    WrittenTensor& t = written.tensors.emplace_back();
    t.name = job.info->name;
    t.from = job.info->type;
    t.type = std::string(traits_of(job.type).name);
    t.note = job.note;
    if (Status s = writer.write(source, job, t); !s.ok()) return s;
  }
  written.bytes = *bytes;
  return file->commit();
}

}  // namespace tritium
