// Weights, as files have them row after row, into rows32 or base3, and back.
#include <atomic>
#include <new>

#include "base/caught.h"
#include "base/format_text.h"
#include "cpu/backend.h"
#include "cpu/layout/base3_words.h"
#include "ops/weight_layout.h"

namespace tritium {
namespace {

// The planes of a weight whose rows have so many words and so many scales of 4 bytes.
struct Planes {
  cpu::Rows32 layout;
  uint32_t* words;
  uint32_t* scales;

  int64_t row_words;  // layout.chunks, or fewer of base3

  // Block `block` of a stack from its rows' words and scales, row after row.
  void put_words(int64_t block, const uint32_t* row_words) const {
    const int64_t n_rows = layout.rows_in(block);
    if (this->row_words != layout.chunks) return put_base3(block, row_words);
    for (int64_t c = 0; c < layout.chunks; ++c)
      for (int64_t r = 0; r < cpu::kBlockRows; ++r)
        words[layout.word({block, r}, c)] = r < n_rows ? row_words[r * layout.chunks + c] : 0;
  }
  void put_base3(int64_t block, const uint32_t* rows) const {
    const auto chunks = static_cast<size_t>(layout.chunks);
    const std::vector<uint32_t> none(chunks);  // rows behind the last one: code 0
    for (int64_t r = 0; r < cpu::kBlockRows; ++r)
      cpu::pack_base3(r < layout.rows_in(block) ? std::span(rows + r * layout.chunks, chunks) : std::span(none),
                      words + block * row_words * cpu::kBlockRows + r, cpu::kRowStride);
  }
  void put_scales(int64_t block, const uint32_t* row_scales) const {
    const int64_t n_rows = layout.rows_in(block);
    for (int64_t g = 0; g < layout.groups; ++g)
      for (int64_t r = 0; r < cpu::kBlockRows; ++r)
        scales[layout.scale({block, r}, g)] = r < n_rows ? row_scales[r * layout.groups + g] : 0;
  }
};

// The first error of several threads.
class FirstError {
 public:
  void keep(Status status) noexcept {
    if (status.ok() || found_.exchange(true)) return;
    status_ = std::move(status);
  }
  bool found() const { return found_; }
  const Status& status() const { return status_; }

 private:
  std::atomic<bool> found_ = false;
  Status status_;
};

// Exceptions, too.
template <typename Body>
Status status_of(const Body& body) noexcept {
  try {
    return body();
  } catch (...) {
    return caught();
  }
}

}  // namespace

void CpuBackend::lay_out(Weight& weight) const {
  if (!weight.has_scales()) return;
  const cpu::Rows32 layout = rows32_of(weight);
  const int64_t rows = layout.blocks() * cpu::kBlockRows;
  const bool base3 = weight.ternary() && layouts_.takes_base3(weight.n_matrices * rows, layout.chunks);
  weight.data.dtype = weight.ternary() && !base3 ? DType::trit2 : DType::i32;
  weight.data.shape = {weight.n_matrices, rows,
                       base3              ? cpu::base3_words(layout.chunks)
                       : weight.ternary() ? weight.row_stride
                                          : layout.chunks};
  weight.scales.shape = {weight.n_matrices, layout.blocks(), layout.groups, cpu::kBlockRows};
}

template <typename Fill>
Status CpuBackend::for_each_block(const cpu::Rows32& layout, int64_t n_matrices, const Fill& fill) {
  FirstError error;
  // A row's word takes some ns to be read, decoded and put where it belongs.
  split(n_matrices * layout.blocks(), layout.chunks * cpu::kBlockRows * 4, [&](int64_t first, int64_t last) noexcept {
    error.keep(status_of([&] {
      std::vector<uint32_t> words(static_cast<size_t>(cpu::kBlockRows * layout.chunks));
      for (int64_t block = first; block < last && !error.found(); ++block)
        if (Status s = fill(block, std::span(words).first(static_cast<size_t>(layout.rows_in(block) * layout.chunks)));
            !s.ok())
          return s;
      return Status();
    }));
  });
  return error.status();
}

Result<Weight> CpuBackend::upload_rows(const TernaryRows& rows, const std::string& debug_name) try {
  Weight weight = describe_weight(rows, debug_name);
  lay_out(weight);
  if (Status s = allocate_plane(weight.data, debug_name); !s.ok()) return s;
  const cpu::Rows32 layout = rows32_of(weight);
  const Planes planes = {layout, host_span<uint32_t>(weight.data).data(), nullptr, trits_of(weight, 0).row_words};
  std::vector<float> stored(static_cast<size_t>(rows.n_rows() * rows.groups_per_row()));
  const Status status = for_each_block(layout, weight.n_matrices, [&](int64_t block, std::span<uint32_t> words) {
    const int64_t first = layout.first_row(block), n = layout.rows_in(block), groups = rows.groups_per_row();
    const auto scales = std::span(stored).subspan(static_cast<size_t>(first * groups), static_cast<size_t>(n * groups));
    Status read = rows.read(first, n, words, scales);
    if (read.ok()) planes.put_words(block, words.data());
    return read;
  });
  if (!status.ok()) return status;

  const std::vector<float> scales = settle_scales(weight, rows, stored);
  lay_out(weight);
  if (Status s = allocate_plane(weight.scales, debug_name); !s.ok()) return s;
  const cpu::Rows32 settled = rows32_of(weight);
  const Planes final_planes = {settled, planes.words, host_span<uint32_t>(weight.scales).data(), planes.row_words};
  for (int64_t block = 0; block < weight.n_matrices * settled.blocks(); ++block)
    final_planes.put_scales(
        block, reinterpret_cast<const uint32_t*>(scales.data() + settled.first_row(block) * settled.groups));
  return weight;
} catch (const std::bad_alloc&) {
  return error(StatusCode::out_of_memory, debug_name, ": no memory for its scales");
}

Result<Weight> CpuBackend::upload_rows(const DenseRows& rows, const std::string& debug_name) try {
  if (!is_packed(rows.dtype())) return HostBackend::upload_rows(rows, debug_name);
  Weight weight = describe_weight(rows, debug_name);
  lay_out(weight);
  for (Tensor* plane : {&weight.data, &weight.scales})
    if (Status s = allocate_plane(*plane, debug_name); !s.ok()) return s;
  const cpu::Rows32 layout = rows32_of(weight);
  const Planes planes = {layout, host_span<uint32_t>(weight.data).data(), host_span<uint32_t>(weight.scales).data(),
                         layout.chunks};
  const auto row_bytes = static_cast<size_t>(rows.row_bytes());
  const auto n_words = static_cast<size_t>(layout.chunks), n_scales = static_cast<size_t>(layout.groups);
  const Status status = for_each_block(layout, weight.n_matrices, [&](int64_t block, std::span<uint32_t> words) {
    const int64_t first = layout.first_row(block);
    const auto n = static_cast<size_t>(layout.rows_in(block));
    std::vector<std::byte> bytes(n * row_bytes);
    std::vector<uint32_t> scales(n * n_scales);
    if (Status s = rows.read(first, static_cast<int64_t>(n), bytes); !s.ok()) return s;
    for (size_t r = 0; r < n; ++r)
      pack_row(weight.dtype, std::span<const std::byte>(bytes).subspan(r * row_bytes, row_bytes),
               words.subspan(r * n_words, n_words), std::span(scales).subspan(r * n_scales, n_scales));
    planes.put_words(block, words.data());
    planes.put_scales(block, scales.data());
    return Status();
  });
  if (!status.ok()) return status;
  return weight;
} catch (const std::bad_alloc&) {
  return error(StatusCode::out_of_memory, debug_name, ": no memory to lay it out");
}

Result<TernaryMatrix> CpuBackend::download_weight(const Weight& weight) try {
  const cpu::Rows32 layout = rows32_of(weight);
  const cpu::TritPlane trits = trits_of(weight, 0);
  const auto scales = host_span<float>(weight.scales);
  std::vector<uint32_t> row_words(static_cast<size_t>(weight.n_matrices * weight.rows * layout.chunks));
  std::vector<float> row_scales;
  for (int64_t row = 0; row < weight.n_matrices * weight.rows; ++row) {
    const cpu::Rows32::Place at = layout.place_of(row);
    const auto words =
        std::span(row_words).subspan(static_cast<size_t>(row * layout.chunks), static_cast<size_t>(layout.chunks));
    if (is_base3(weight))
      cpu::unpack_base3(trits.at(at, 0), cpu::kRowStride, words);
    else
      for (int64_t c = 0; c < layout.chunks; ++c) words[static_cast<size_t>(c)] = *trits.at(at, c);
    for (int64_t g = 0; g < layout.groups; ++g) row_scales.push_back(scales[static_cast<size_t>(layout.scale(at, g))]);
  }
  return matrix_of(weight, row_words, row_scales);
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, weight.name + ": no memory to copy its trits");
}

}  // namespace tritium
