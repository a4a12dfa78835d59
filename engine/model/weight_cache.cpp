#include "model/weight_cache.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <vector>

#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/thread_pool.h"
#include "ops/weight_layout.h"

namespace tritium {

struct WeightCache::Plane {
  uint64_t begin, bytes;
};

struct WeightCache::Entry {
  uint64_t name_begin, name_bytes;
  uint64_t dtype;
  int64_t n_matrices, rows, cols, group_size;
  Plane data, scales;
};

namespace {

static_assert(std::endian::native == std::endian::little, "the file is read as it lies in memory");

constexpr uint64_t kMagic = 0x3130434754525431;  // also changes when a layout does
constexpr uint64_t kPage = 4096, kSlack = 64;

struct Footer {
  uint64_t magic = kMagic;
  uint64_t key = 0;
  uint64_t sums_begin = 0;  // where the planes end: whole stretches but for the last
  uint64_t n_sums = 0;
  uint64_t n_entries = 0;
  uint64_t name_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t checksum = 0;  // of everything from sums_begin to here
};
static_assert(sizeof(Footer) == 64);

uint64_t stretches(uint64_t bytes) { return (bytes + WeightCache::kStretch - 1) / WeightCache::kStretch; }

// What of the bytes is stretch `i`.
std::span<const std::byte> stretch_of(std::span<const std::byte> bytes, uint64_t i) {
  const uint64_t begin = i * WeightCache::kStretch;
  return bytes.subspan(begin, std::min<uint64_t>(WeightCache::kStretch, bytes.size() - begin));
}

// Whether every stretch has its sum; some at a time, between which the caller may stop.
Result<bool> sums_are_right(std::span<const std::byte> planes, std::span<const uint64_t> sums,
                            const std::function<bool(double)>& progress) {
  ThreadPool pool;
  std::atomic<bool> right = true;
  const auto n = static_cast<int64_t>(sums.size()), round = int64_t{16} * pool.threads();
  for (int64_t done = 0; done < n && right; done += round) {
    check_cancelled();
    if (progress && !progress(static_cast<double>(done) / static_cast<double>(n))) return cancelled_status();
    pool.for_each(std::min(round, n - done), [&](int64_t i) noexcept {
      const auto stretch = stretch_of(planes, static_cast<uint64_t>(done + i));
      MappedFile::populate(stretch);
      if (checksum_of(stretch) != sums[static_cast<size_t>(done + i)]) right = false;
    });
  }
  return right.load();
}

// Writes planes, and knows the sums of what it wrote.
class Writer {
 public:
  explicit Writer(AtomicFile& file) : file_(file) {}

  Status write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min<uint64_t>(bytes.size(), WeightCache::kStretch - stretch_.size()));
      stretch_.insert(stretch_.end(), part.begin(), part.end());
      written_ += part.size();
      bytes = bytes.subspan(part.size());
      if (stretch_.size() == WeightCache::kStretch)
        if (Status s = finish_stretch(); !s.ok()) return s;
    }
    return Status();
  }
  // Zeros: kSlack of them at least, up to a page.
  Status pad() {
    const std::vector<std::byte> zeros(round_up(static_cast<int64_t>(written_ + kSlack), int64_t{kPage}) - written_);
    return write(zeros);
  }
  Status finish_stretch() {
    if (stretch_.empty()) return Status();
    sums.push_back(checksum_of(stretch_));
    Status status = file_.write(stretch_);
    stretch_.clear();
    return status;
  }
  uint64_t written() const { return written_; }

  std::vector<uint64_t> sums;

 private:
  AtomicFile& file_;
  std::vector<std::byte> stretch_;
  uint64_t written_ = 0;
};

template <typename T>
std::span<const T> array_at(std::span<const std::byte> bytes, uint64_t begin, uint64_t n) {
  return {reinterpret_cast<const T*>(bytes.data() + begin), static_cast<size_t>(n)};
}

// (n_matrices, rows, cols) of a dtype, as upload_rows describes and lays them out.
Weight described(DType dtype, const Shape& shape, int64_t group_size, const std::string& name, const Backend& backend) {
  Weight weight =
      dtype == DType::trit2
          ? describe_weight(TernaryMatrix::described(
                                shape[0], shape[1], shape[2],
                                group_size < shape[2] ? ScaleGranularity::group : ScaleGranularity::row, group_size),
                            name)
          : describe_weight(
                DenseMatrix{.n_matrices = shape[0], .rows = shape[1], .cols = shape[2], .dtype = dtype, .bytes = {}},
                name);
  backend.lay_out(weight);
  return weight;
}

bool is_weight_type(uint64_t dtype) {
  for (const DType known :
       {DType::f32, DType::f16, DType::bf16, DType::trit2, DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k})
    if (dtype == static_cast<uint64_t>(known)) return true;
  return false;
}

}  // namespace

Result<WeightCache> WeightCache::open(const std::string& path, uint64_t key,
                                      const std::function<bool(double)>& progress) {
  Result<MappedFile> mapped = MappedFile::open(path);
  if (!mapped.ok()) return mapped.status();
  const auto bytes = mapped->bytes();
  const auto damaged = [&] { return error(StatusCode::corrupt_file, path, ": is damaged"); };
  Footer footer;
  if (bytes.size() < sizeof footer) return damaged();
  const uint64_t end = bytes.size() - sizeof footer;
  std::memcpy(&footer, bytes.data() + end, sizeof footer);
  if (footer.magic != kMagic || footer.file_bytes != bytes.size()) return damaged();
  if (footer.key != key)
    return error(StatusCode::corrupt_file, path, ": was made from another model, or by another version");
  // No sum of these can be beyond 64 bits: each is bounded before it is used.
  const uint64_t largest = bytes.size();
  if (footer.sums_begin > end || footer.sums_begin % kPage != 0 || footer.n_sums != stretches(footer.sums_begin) ||
      footer.n_entries > largest / sizeof(Entry) || footer.name_bytes > largest ||
      footer.sums_begin + footer.n_sums * 8 + footer.n_entries * sizeof(Entry) + footer.name_bytes != end)
    return damaged();
  if (checksum_of(bytes.subspan(footer.sums_begin, end - footer.sums_begin)) != footer.checksum) return damaged();
  const uint64_t entries_begin = footer.sums_begin + footer.n_sums * 8;
  const auto sums = array_at<uint64_t>(bytes, footer.sums_begin, footer.n_sums);
  const auto entries = array_at<Entry>(bytes, entries_begin, footer.n_entries);
  const auto names = array_at<char>(bytes, entries_begin + footer.n_entries * sizeof(Entry), footer.name_bytes);
  const Result<bool> right = sums_are_right(bytes.first(footer.sums_begin), sums, progress);
  if (!right.ok()) return right.status();
  if (!*right) return damaged();
  return WeightCache(path, std::make_shared<const MappedFile>(*std::move(mapped)), entries,
                     std::string_view(names.data(), names.size()));
}

Result<Weight> WeightCache::restore(const TensorSpec& spec, Backend& backend) const {
  const auto other = [&] {
    return error(StatusCode::corrupt_file, path_, ": ", spec.name, " is not as the model has it");
  };
  const auto bytes = file_->bytes();
  for (const Entry& e : entries_) {
    if (e.name_begin > names_.size() || names_.substr(e.name_begin, e.name_bytes) != spec.name) continue;
    if (e.n_matrices != spec.n_matrices() || e.rows != spec.rows() || e.cols != spec.cols() || e.group_size < 0 ||
        !is_weight_type(e.dtype))
      return other();
    const auto dtype = static_cast<DType>(e.dtype);
    if (e.cols % block_of(dtype).elements != 0 && is_packed(dtype)) return other();
    if (dtype == DType::trit2 && e.group_size == 0) return other();
    Weight weight = described(dtype, {e.n_matrices, e.rows, e.cols}, e.group_size, spec.name, backend);
    const auto fits = [&](const Plane& plane, int64_t wanted) {
      return plane.bytes == static_cast<uint64_t>(wanted) && plane.begin % kSlack == 0 && plane.begin <= bytes.size() &&
             plane.bytes <= bytes.size() - plane.begin && bytes.size() - plane.begin - plane.bytes >= kSlack;
    };
    if (!fits(e.data, weight.data.bytes()) || !fits(e.scales, weight.has_scales() ? weight.scales.bytes() : 0))
      return other();
    return backend.restore_weight(std::move(weight), bytes.subspan(e.data.begin, e.data.bytes),
                                  bytes.subspan(e.scales.begin, e.scales.bytes), file_);
  }
  return other();
}

Status WeightCache::write(const std::string& path, uint64_t key, const Weights& weights, Backend& backend,
                          const std::function<bool(double)>& progress) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  uint64_t all = 0;
  for (const auto& parameter : weights.owned)
    all += static_cast<uint64_t>(parameter->weight().data.bytes() + parameter->weight().scales.bytes()) + 2 * kPage;
  if (Status s = file->reserve(all); !s.ok()) return s;

  Writer out(*file);
  std::vector<Entry> entries;
  std::string names;
  std::vector<std::byte> plane_bytes;
  const auto write_plane = [&](const Tensor& tensor, Plane& plane) {
    plane_bytes.resize(tensor ? static_cast<size_t>(tensor.bytes()) : 0);
    plane = {.begin = out.written(), .bytes = plane_bytes.size()};
    if (plane_bytes.empty()) return Status();
    if (Status s = backend.download(tensor, plane_bytes); !s.ok()) return s;
    if (Status s = out.write(plane_bytes); !s.ok()) return s;
    return out.pad();
  };
  for (const auto& parameter : weights.owned) {
    check_cancelled();
    if (progress && !progress(static_cast<double>(out.written()) / static_cast<double>(all))) return cancelled_status();
    const Weight& weight = parameter->weight();
    Entry& entry = entries.emplace_back(Entry{.name_begin = names.size(),
                                              .name_bytes = weight.name.size(),
                                              .dtype = static_cast<uint64_t>(weight.dtype),
                                              .n_matrices = weight.n_matrices,
                                              .rows = weight.rows,
                                              .cols = weight.cols,
                                              .group_size = weight.group_size,
                                              .data = {},
                                              .scales = {}});
    names += weight.name;
    if (Status s = write_plane(weight.data, entry.data); !s.ok()) return s;
    if (Status s = write_plane(weight.scales, entry.scales); !s.ok()) return s;
  }
  if (Status s = out.finish_stretch(); !s.ok()) return s;

  Footer footer = {.key = key,
                   .sums_begin = out.written(),
                   .n_sums = out.sums.size(),
                   .n_entries = entries.size(),
                   .name_bytes = names.size()};
  footer.file_bytes =
      footer.sums_begin + footer.n_sums * 8 + footer.n_entries * sizeof(Entry) + footer.name_bytes + sizeof footer;
  Checksum sum;
  for (const auto part :
       {std::as_bytes(std::span(out.sums)), std::as_bytes(std::span(entries)), std::as_bytes(std::span(names))}) {
    sum.add(part);
    if (Status s = file->write(part); !s.ok()) return s;
  }
  footer.checksum = sum.value();
  if (Status s = file->write(std::as_bytes(std::span(&footer, 1))); !s.ok()) return s;
  // Its sums say whether the disk got it: nobody waits for that.
  return file->commit_unflushed();
}

}  // namespace tritium
