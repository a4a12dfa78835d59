// make_bench_model FILE.gguf NAME [ARCHITECTURE [LAYERS]]: one of the models that `tritium bench` makes in memory, as a
// file: TQ2_0, its head and embedding as there. Its text is noise; it shows how fast such a file is loaded and run, by
// other programs, too: these know no maple, but a qwen3moe of the same size.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/made_model.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "tests/support/byte_vocabulary.h"

namespace tritium {
namespace {

constexpr int64_t kAlignment = 32;            // of a GGUF file's tensors
constexpr int64_t kChunk = int64_t{4} << 20;  // weights in memory

// Rows at once: whole ones.
int64_t chunk_rows(int64_t cols) { return std::max<int64_t>(1, kChunk / cols); }

Status write_trits(AtomicFile& file, const TernaryRows& rows) {
  for (int64_t first = 0; first < rows.n_rows(); first += chunk_rows(rows.cols())) {
    const int64_t n = std::min(chunk_rows(rows.cols()), rows.n_rows() - first);
    TernaryMatrix part(1, n, rows.cols(), ScaleGranularity::row);
    if (Status s = rows.read(first, n, part.words(), part.scales()); !s.ok()) return s;
    const Result<std::vector<std::byte>> bytes = encode_ternary(part, StorageType::tq2_0);
    if (!bytes.ok()) return bytes.status();
    if (Status s = file.write(*bytes); !s.ok()) return s;
  }
  return Status();
}

Status write_dense(AtomicFile& file, const DenseRows& rows) {
  for (int64_t first = 0; first < rows.n_rows(); first += chunk_rows(rows.cols())) {
    const int64_t n = std::min(chunk_rows(rows.cols()), rows.n_rows() - first);
    std::vector<std::byte> bytes(static_cast<size_t>(n * rows.row_bytes()));
    if (Status s = rows.read(first, n, bytes); !s.ok()) return s;
    if (Status s = file.write(bytes); !s.ok()) return s;
  }
  return Status();
}

Status write_values(AtomicFile& file, const TensorMap& model, const GgufTensor& tensor) {
  const Result<uint64_t> bytes = storage_bytes(tensor.type, tensor.shape);
  if (!bytes.ok()) return bytes.status();
  if (tensor.type == StorageType::tq2_0) {
    if (Status s = write_trits(file, **model.ternary_rows(tensor.name)); !s.ok()) return s;
  } else if (Status s = write_dense(file, **model.dense_rows(tensor.name)); !s.ok()) {
    return s;
  }
  return file.write(std::vector<std::byte>(static_cast<size_t>((kAlignment - *bytes % kAlignment) % kAlignment)));
}

StorageType type_of(const TensorInfo& info) {
  if (info.ternary) return StorageType::tq2_0;
  switch (info.dtype) {
    case DType::q8_0: return StorageType::q8_0;
    case DType::q4_0: return StorageType::q4_0;
    case DType::q4_k: return StorageType::q4_k;
    case DType::q6_k: return StorageType::q6_k;
    default: return StorageType::f32;
  }
}

Status make(const std::string& path, const bench::ModelShape& shape) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  const bench::MadeModel model(shape);
  Metadata metadata = model.metadata();
  add_byte_vocabulary(metadata, shape.vocabulary);
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : model.tensors())
    tensors.push_back({.name = info.name, .type = type_of(info), .shape = info.shape, .bytes = {}});
  const Result<std::vector<std::byte>> header = gguf_header(metadata, tensors);
  if (!header.ok()) return header.status();
  if (Status s = file->write(*header); !s.ok()) return s;
  for (const GgufTensor& tensor : tensors)
    if (Status s = write_values(*file, model, tensor); !s.ok()) return s;
  return file->commit();
}

int usage() {
  std::fprintf(stderr, "usage: make_bench_model FILE.gguf NAME [ARCHITECTURE [LAYERS]]; names:\n");
  for (const bench::ModelShape& shape : bench::bench_models()) std::fprintf(stderr, "  %s\n", shape.name.c_str());
  return 2;
}

}  // namespace
}  // namespace tritium

int main(int argc, char** argv) {
  using namespace tritium;
  if (argc < 3 || argc > 5) return usage();
  const auto& models = bench::bench_models();
  const auto found = std::ranges::find(models, argv[2], &bench::ModelShape::name);
  if (found == models.end()) return usage();
  bench::ModelShape shape = *found;
  if (argc > 3) shape.architecture = argv[3];
  if (argc > 4) shape.layers = std::atoll(argv[4]);
  if (shape.architecture != "maple") shape.window = shape.rope_dims = 0;
  const Status status = make(argv[1], shape);
  if (!status.ok()) std::fprintf(stderr, "make_bench_model: %s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
