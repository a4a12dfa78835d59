// The class behind cpu_backend.h. Host memory as in the reference; ternary weights are kept as layout/
// says, everything else as the reference keeps it.
#pragma once

#include <algorithm>
#include <atomic>
#include <new>
#include <optional>
#include <utility>

#include "base/cancel.h"
#include "base/format_text.h"
#include "base/thread_pool.h"
#include "cpu/by_rows.h"
#include "cpu/cpu_backend.h"
#include "cpu/layout/layouts.h"
#include "cpu/layout/rows32.h"
#include "cpu/row_order.h"
#include "cpu/rungs.h"
#include "cpu/thread_memory.h"
#include "cpu_ref/reference_backend.h"
#include "ops/rounded_gradients.h"
#include "ops/weight_layout.h"

namespace tritium {

class CpuBackend final : public Each<CpuBackend, HostBackend, AllOps>, public RoundsGradients {
 public:
  // Operations that run on the reference's loops: they add up, count or sort some thousand numbers, which takes no
  // longer than starting a thread, or copy rows.
  // Or that GPUs alone have in their programs (ops/fuse.h).
  using OnTheReference = OpList<Absmean, AttentionStep, BalanceBias, ExpertLoad, GroupRows, MergeSplits, NextToken,
                                PreviousRows, PreviousRowsBackward, TopCandidates>;

  // Operations that take weights of base3.
  using TakingBase3 = OpList<Embedding, TernaryMatmul, TernaryMatmulF32>;

  CpuBackend(const cpu::KernelSet& kernels, const CpuOptions& options)
      : kernels_(kernels),
        layouts_(kernels_.ternary, options.layout),
        pool_(options.threads, options.pin),
        expanded_(pool_.threads()) {}

  std::string name() const override { return "cpu"; }
  int64_t prompt_batch() const override { return kCpuPromptBatch; }
  bool rounds_gradients() const override { return kernels_.shorts.short_product != nullptr; }

  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& debug_name) override;
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& debug_name) override;

  void lay_out(Weight& weight) const override;
  std::string_view weight_layout() const override { return layouts_.name(); }
  Result<TernaryMatrix> download_weight(const Weight& weight) override;

  Status upload(const Tensor& tensor, std::span<const std::byte> data) override {
    packed_input_ = {};
    return HostBackend::upload(tensor, data);
  }

  // Products that follow each other with one input run as one.
  Result<std::unique_ptr<Replay>> prepare(const Program& program) override;
  Status run_products(std::span<const TernaryMatmul* const> products) {
    return reported(TernaryMatmul::kName, [&] { multiply(products); });
  }
  static bool same_input(const TernaryMatmul& a, const TernaryMatmul& b) { return input_of(a) == input_of(b); }

  template <typename Op>
  Status each(const Op& op) {
    if constexpr (!std::is_same_v<Op, TernaryMatmul>) packed_input_ = {};
    if (!TakingBase3::contains<Op> && has_base3(op))
      return error(StatusCode::unsupported, Op::kName, ": weights of the layout base3 are read only; take two_bit");
    if constexpr (kIsComposed<Op>) {
      return compose(*this, op);
    } else {
      return reported(Op::kName, [&] { compute_by_table(op); });
    }
  }

  // Operations whose work is split in a way of its own: <op>.cpp. They may throw std::bad_alloc and Cancelled.
  void compute(const Attention& op);
  void compute(const AttentionBackward& op);
  void compute(const DenseMatmul& op);
  void compute(const DenseMatmulBackward& op);
  void compute(const EmbeddingBackward& op);
  void compute(const FactoredDirection& op);
  void compute(const FakeQuantize& op);
  void compute(const PackedMatmul& op);
  void compute(const PackedMatmulF32& op);
  void compute(const RmsNormBackward& op);
  void compute(const ScaleColumnsBackward& op);
  void compute(const SumSquares& op);
  void compute(const TernaryMatmul& op) {
    const TernaryMatmul* one = &op;
    multiply({&one, 1});
  }
  void compute(const TernaryMatmulBackward& op);
  void compute(const TernaryMatmulF32& op);
  void compute(const WeightGradient& op);

 private:
  // What `compute` throws, as a Status.
  static Status reported(std::string_view op, const auto& compute) try {
    compute();
    return Status();
  } catch (const Cancelled&) {
    return cancelled_status();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::out_of_memory, std::string(op) + ": no memory for what it needs beside its tensors");
  }

  template <typename Op>
  void compute_by_table(const Op& op) {
    if constexpr (std::is_same_v<Op, Embedding>) {
      if (op.table.packed()) return look_up_packed(op);
      if (is_base3(op.table)) return look_up_base3(op);
    }
    if constexpr (OnTheReference::contains<Op>) {
      cpu_ref::call(Op::reference, op);
    } else if constexpr (requires { cpu::kernel_of(kernels_, op); }) {
      by_rows(op, cpu::kernel_of(kernels_, op));
    } else if constexpr (requires { cpu::shared_rows(op.params()); }) {
      reference_by_rows(op, Op::reference);
    } else {
      compute(op);
    }
  }

  void look_up_packed(const Embedding& op);
  void look_up_base3(const Embedding& op);

  static bool is_base3(const Weight& weight) { return weight.ternary() && weight.data.dtype == DType::i32; }
  template <typename Op>
  static bool has_base3(const Op& op) {
    bool found = false;
    Op::visit(op, [&](Role, const auto& x, auto...) {
      if constexpr (std::is_same_v<decltype(x), const Weight&>) found = found || is_base3(x);
    });
    return found;
  }
  // The trits of one matrix.
  static cpu::TritPlane trits_of(const Weight& weight, int64_t matrix) {
    const cpu::Rows32 layout = rows32_of(weight);
    const int64_t row_words = is_base3(weight) ? cpu::base3_words(layout.chunks) : layout.chunks;
    const uint32_t* words = host_span<uint32_t>(weight.data).data();
    return {.words = words + layout.first_of(matrix).block * row_words * cpu::kBlockRows, .row_words = row_words};
  }
  // body(first, last) on pieces of 0 … n - 1. `cost` is the time of one item in ns, roughly and on one thread:
  // below kWorthWaking in all, the caller does the work itself. What takes long is done in rounds, between which it may
  // be cancelled.
  template <typename Body>
  void split(int64_t n, int64_t cost, const Body& body) {
    cost = std::max<int64_t>(cost, 1);
    if (n <= kWorthWaking / cost) {
      if (n > 0) body(0, n);
      return;
    }
    const int64_t round = round_of(cost), piece = std::max<int64_t>(1, kPiece / cost);
    if (n <= round) return pool_.run(n, piece, body);
    for (int64_t done = 0; done < n; done += round) {
      check_cancelled();
      pool_.run(std::min(round, n - done), piece,
                [&](int64_t first, int64_t last) noexcept { body(done + first, done + last); });
    }
  }
  // Items that all threads together do in kRound.
  int64_t round_of(int64_t cost) const { return std::max<int64_t>(pool_.threads() * kRound / cost, pool_.threads()); }

  template <typename Op, typename Params, typename... Pointers>
  void by_rows(const Op& op, void (*kernel)(const Params&, cpu::Range, Pointers...)) {
    run_by_rows<Params, Pointers...>(op, kernel);
  }
  template <typename Op, typename Params, typename... Pointers>
  void by_rows(const Op& op, void (*kernel)(const Params&, const cpu::Rows32&, cpu::Range, Pointers...)) {
    cpu::Rows32 layout = {};  // of the weight whose scales are visited, too
    Op::visit(op, [&](Role, const auto& x, auto... scales) {
      if constexpr (std::is_same_v<decltype(x), const Weight&> && sizeof...(scales) > 0) layout = rows32_of(x);
    });
    run_by_rows<Params, Pointers...>(
        op, [&](const Params& p, cpu::Range range, Pointers... pointers) { kernel(p, layout, range, pointers...); });
  }
  template <typename Params, typename... Pointers, typename Op, typename Kernel>
  void run_by_rows(const Op& op, const Kernel& kernel);

  template <typename Op, typename Params, typename... Spans>
  void reference_by_rows(const Op& op, void (*reference)(Params, Spans...));

  // body(group, first, last) for blocks 0 … n_blocks - 1 of the matrix of every group of order_.
  // cost_of(group) is that of one block; each thread gets a contiguous stretch of blocks, matrix after
  // matrix, of equal cost.
  template <typename CostOf, typename Body>
  void split_matrices(int64_t n_blocks, const CostOf& cost_of, const Body& body);
  // The same where n_blocks_of(group) is how many blocks it has.
  template <typename BlocksOf, typename CostOf, typename Body>
  void split_groups(const BlocksOf& n_blocks_of, const CostOf& cost_of, const Body& body);

  // Of a packed weight a chunk is a word of codes, and a group a word of scales.
  static cpu::Rows32 rows32_of(const Weight& weight) {
    if (weight.packed()) {
      const PackedRow row = packed_row(weight.dtype, weight.row_stride);
      return {.rows = weight.rows, .chunks = row.words, .groups = row.scale_words};
    }
    return {.rows = weight.rows, .chunks = weight.row_stride / cpu::kChunkColumns, .groups = weight.groups_per_row()};
  }
  // fill(block, words [rows of the block, chunks]) for all blocks of a stack, by all threads; the first error.
  template <typename Fill>
  Status for_each_block(const cpu::Rows32& layout, int64_t n_matrices, const Fill& fill);

  // The rows of a product into order_.
  template <typename Op>
  void sort_rows(const Op& op) {
    const auto p = op.params();
    order_.sort(p.n_rows, p.rows_per_x, p.n_matrices, p.routed != 0, host_span<int32_t>(op.expert_ids));
  }

  // Whether the products of an input's gradient are added to what is there. A row of dx may have several contributions,
  // or none: then all begin as 0.
  bool adds_to_rows(const auto& p, std::span<float> dx) {
    if (!p.accumulate && p.rows_per_x == 1 && order_.rows_without_matrix().empty()) return false;
    if (!p.accumulate) std::ranges::fill(dx, 0.0f);
    return true;
  }

  // dX of a product, whatever W is stored as; weight(matrix) describes one matrix.
  template <typename Op, typename WeightOf>
  void input_gradient(const Op& op, const WeightOf& weight);

  // Of a column vector of a float product of `depth` terms for m rows: two fused multiply-adds a cycle.
  static int64_t product_cost(int64_t m, int64_t depth) { return m * depth / 6 + depth + 1; }

  // Whether a gradient is rounded to 16 bits for a product of so many columns with one scale: with fewer, to round it
  // costs what is saved.
  bool worth_rounding(int64_t columns) const { return kernels_.shorts.short_product && columns >= 64; }
  // With gradients rounded so (kernels/short_product.h).
  void short_input_gradient(const TernaryMatmulBackward& op);
  void short_weight_gradient(const WeightGradient& op);

  // A part of a product: rows [first_row, last_row) of a group's C, and of its columns vectors [first, last).
  struct Tile {
    int64_t first_row, last_row, first, last;
  };
  // A piece of work: as large as its strips of B and its rows of A stay in the caches of a core, which packs the one
  // and reads the other once; smaller where there would be too few for all threads.
  struct TileSize {
    int64_t rows, vectors;
  };
  template <typename RowsOf>
  TileSize tile_size(const RowsOf& rows_of, int64_t n_vectors) const;
  // Vectors of columns begin … end - 1.
  struct Vectors {
    int64_t first, last;
  };
  Vectors vectors_of(int64_t begin, int64_t end) const {
    return {.first = begin / kernels_.floats.lanes, .last = ceil_div(end, kernels_.floats.lanes)};
  }
  // body(group, tile) for all tiles of all groups of order_, with rows_of(group) rows and depth_of(group) terms each.
  template <typename RowsOf, typename DepthOf, typename Body>
  void split_tiles(Vectors columns, const RowsOf& rows_of, const DepthOf& depth_of, const Body& body);
  // The same of dX = dY W, whose rows are those of dY: where several add to one of dX, by columns alone, a group after
  // the other.
  template <typename Params, typename Body>
  void split_input_gradient(Vectors columns, const Params& p, const Body& body);

  template <typename T>
  static T* at_least(std::vector<T>& memory, int64_t size) {
    if (memory.size() < static_cast<size_t>(size)) memory.resize(static_cast<size_t>(size));
    return memory.data();
  }

  // Blocks of one matrix, to be met by the rows of one product that are routed to it.
  struct Stretch {
    const TernaryMatmul* op;
    const RowOrder::Group* group;
    int64_t start;  // cost of those before it
    int64_t cost;   // of a block
  };
  // Products of one input.
  void multiply(std::span<const TernaryMatmul* const> products);
  // Blocks first … last - 1; `next` is met after them.
  void multiply_blocks(const cpu::TernaryActivations& x, const Stretch& stretch, const Stretch* next, int64_t first,
                       int64_t last);
  // Rows of order_ into panels_ of width_of(rows of the matrix) each; pack(panel) for all of them, `cost` in all.
  template <typename WidthOf, typename Pack>
  void pack_panels(int64_t cost, const WidthOf& width_of, const Pack& pack) {
    panels_.clear();
    for (const RowOrder::Group& group : order_.groups()) {
      const int64_t width = width_of(group.size());
      for (int64_t row = group.first; row < group.last; row += width)
        panels_.push_back({group.size(), row, std::min(row + width, group.last)});
    }
    const auto n = static_cast<int64_t>(panels_.size());
    split(n, cost / std::max<int64_t>(n, 1), [&](int64_t first, int64_t last) noexcept {
      for (int64_t i = first; i < last; ++i) pack(panels_[static_cast<size_t>(i)]);
    });
  }
  // The input of a product, sorted by the experts of its rows and packed for the kernels.
  cpu::TernaryActivations pack_input(const TernaryMatmul& op);

  void run_training_attention(const cpu::TrainingAttention& call,
                              void (*kernel)(const cpu::TrainingAttention&, float*, int64_t, int64_t));

  // Zeros for rows of y whose expert id names no matrix.
  void clear_rows_without_matrix(float* y, int64_t row_length);

  // What a thread takes at a time, and so what it may delay the others by: long beside the taking (50 ns), short beside
  // a matrix.
  static constexpr int64_t kPiece = 20'000;
  // A loop shared by sleeping threads starts some 5 to 50 µs late, by spinning ones 1 µs.
  static constexpr int64_t kWorthWaking = 10'000;
  // Costs are rough: 25 ms may be 100, and a cancelled action is to end within 200.
  static constexpr int64_t kRound = 25'000'000;

  const cpu::KernelSet kernels_;
  const cpu::Layouts layouts_;
  ThreadPool pool_;

  // What packed_, order_ and panels_ were made from. Products that follow each other with the same input (gate and up;
  // q, k and v) share them; whatever else runs may change it.
  struct PackedInput {
    const void *q, *scales, *expert_ids;
    int64_t n_rows, rows_per_x, n_matrices, chunks, used_chunks, segment_chunks, n_blocks;
    bool operator==(const PackedInput&) const = default;
  };
  static PackedInput input_of(const TernaryMatmul& op);
  std::optional<PackedInput> packed_input_;

  // Memory of products, kept from call to call.
  RowOrder order_;
  struct Panel {
    int64_t of_rows;      // that its matrix has
    int64_t first, last;  // of the packed rows
  };
  std::vector<Panel> panels_;
  std::vector<Stretch> stretches_;
  ThreadMemory expanded_;
  std::vector<int8_t> packed_;
  std::vector<int32_t> packed_sums_;
  std::vector<float> packed_scales_;
  std::vector<int32_t> short_pairs_;
  std::vector<float> short_scales_;

  std::vector<float> inverse_rms_;        // of rms_norm_backward
  std::vector<float> attention_scratch_;  // of attention in training
  std::vector<float> attention_partials_;
};

template <typename Params, typename... Pointers, typename Op, typename Kernel>
void CpuBackend::run_by_rows(const Op& op, const Kernel& kernel) {
  const Params params = cpu_ref::params_of(op);
  cpu_ref::Planes planes(op);
  const std::tuple<Pointers...> tensors{planes.next_pointer<Pointers>()...};
  const cpu::Parts parts = cpu::parts_of(params);
  split(ceil_div(parts.n, parts.granule), parts.cost, [&](int64_t first, int64_t last) noexcept {
    const cpu::Range range = {first * parts.granule, std::min(last * parts.granule, parts.n)};
    std::apply([&](Pointers... pointers) { kernel(params, range, pointers...); }, tensors);
  });
}

template <typename Op, typename Params, typename... Spans>
void CpuBackend::reference_by_rows(const Op& op, void (*reference)(Params, Spans...)) {
  const auto params = op.params();
  const auto rows = cpu::shared_rows(params);
  const int64_t n = params.*rows.count;
  std::atomic<bool> memory_ended = false, stopped = false;  // a worker has nobody to throw to
  split(n, rows.cost, [&](int64_t first, int64_t last) noexcept {
    auto part = params;
    part.*rows.count = u32(last - first);
    cpu_ref::Planes planes(op);
    const auto rows_of = [&]<typename Span>(std::type_identity<Span>) {
      const bool whole = cpu::whole(op, planes.tensor());
      const Span all = planes.next<Span>();
      const size_t row = all.size() / static_cast<size_t>(n);
      return whole ? all : all.subspan(static_cast<size_t>(first) * row, static_cast<size_t>(last - first) * row);
    };
    try {
      std::apply(reference, std::tuple<decltype(part), Spans...>{part, rows_of(std::type_identity<Spans>())...});
    } catch (const std::bad_alloc&) {
      memory_ended = true;
    } catch (const Cancelled&) {
      stopped = true;
    }
  });
  if (memory_ended) throw std::bad_alloc();
  if (stopped) throw Cancelled();
}

}  // namespace tritium
