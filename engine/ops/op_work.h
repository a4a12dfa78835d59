// What one call of an operation costs: bytes that it moves, and what it multiplies and adds, counted from its tensors.
// A profile divides it by the time taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "ops/backend.h"

namespace tritium {

struct OpWork {
  double bytes = 0;               // read and written; of stacks, tables and caches what is used
  double weight_bytes = 0;        // of these those of weights
  double integer_operations = 0;  // of products and attention: a multiply-add is 2
  double float_operations = 0;
};

// What decides how much of its tensors an operation uses.
struct UsedRows {
  std::vector<int32_t> expert_ids;            // empty: matrix 0 alone, or
  double unknown_ids = 0;                     // so many that may be any
  double pairs = 0;                           // attention: of queries and keys they see, of one head
  double keys = 0;                            // cache rows that are read
  double distinct(int64_t n_matrices) const;  // matrices that the ids name
};
UsedRows used_experts(Backend& backend, const Tensor& expert_ids);
// `rows` is [T, 2] (op.h).
UsedRows used_keys(Backend& backend, const Tensor& rows, int64_t window);

namespace op_work {

// The rows of a tensor that a call touches; all but of caches and tables.
template <typename Op>
double rows_touched(const Op& op, const Tensor& x, const UsedRows& used) {
  const auto all = static_cast<double>(x.shape[0]);
  double touched = all;
  if constexpr (requires {
                  op.cos_sin;
                  op.rows;
                })
    if (&x == &op.cos_sin) touched = static_cast<double>(op.rows.shape[0]);
  if constexpr (requires { op.dtable; })
    if (&x == &op.dtable) touched = static_cast<double>(op.tokens.elements());
  if constexpr (requires { op.dw; })
    if (&x == &op.dw && x.shape.rank() == 3) touched = used.distinct(x.shape[0]);
  if constexpr (requires {
                  op.k_cache;
                  op.v_cache;
                })
    if (&x == &op.k_cache || &x == &op.v_cache || &x == &op.k_scales || &x == &op.v_scales) {
      touched = used.keys;
      if constexpr (
          requires { op.k; } && !requires { op.q; })
        touched = static_cast<double>(op.k.shape[0]);  // stored
    }
  return touched < all ? touched : all;
}

template <typename Op>
double matrices_touched(const Op& op, const Weight& w, const UsedRows& used) {
  if constexpr (requires { op.table; }) return static_cast<double>(op.tokens.elements()) / static_cast<double>(w.rows);
  return used.distinct(w.n_matrices);
}

template <typename Op>
UsedRows used_rows(const Op& op, Backend& backend) {
  if constexpr (requires { op.expert_ids; }) return used_experts(backend, op.expert_ids);
  if constexpr (requires {
                  op.q;
                  op.k_cache;
                  op.rows;
                  op.window;
                })
    return used_keys(backend, op.rows, op.window);
  return {};
}

// As many experts as there are rows, every key of a cache.
template <typename Op>
UsedRows most_rows(const Op& op) {
  UsedRows used;
  if constexpr (requires { op.expert_ids; }) {
    used.unknown_ids = static_cast<double>(op.expert_ids ? op.expert_ids.elements() : 0);
  }
  if constexpr (requires {
                  op.q;
                  op.k_cache;
                  op.window;
                }) {
    used.keys = static_cast<double>(op.k_cache.shape[0]);
    const double seen = op.window > 0 ? std::min(used.keys, static_cast<double>(op.window)) : used.keys;
    used.pairs = seen * static_cast<double>(op.q.shape[0]);
  }
  return used;
}

template <typename Op>
OpWork work_of(const Op& op, const UsedRows& used) {
  OpWork work;
  bool int8 = false;
  double rows = static_cast<double>(used.expert_ids.size()) + used.unknown_ids;  // of a product
  Op::visit(op, [&](Role role, const auto& x, auto...) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(x)>, Tensor>) {
      if (!x) return;
      int8 = int8 || (role == Role::input && x.dtype == DType::i8 && x.shape.rank() == 2);  // no cache
      if (rows == 0 && x.shape.rank() == 2) rows = static_cast<double>(x.shape[0]);
      const double share = op_work::rows_touched(op, x, used) / static_cast<double>(x.shape[0] > 0 ? x.shape[0] : 1);
      work.bytes += static_cast<double>(x.bytes()) * share * (role == Role::in_out ? 2 : 1);
    }
  });
  double operations = 0;
  Op::visit(op, [&](Role, const auto& x, auto...) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(x)>, Weight>) {
      const auto bytes = static_cast<double>(x.data.bytes() + (x.has_scales() ? x.scales.bytes() : 0));
      work.weight_bytes += bytes / static_cast<double>(x.n_matrices) * op_work::matrices_touched(op, x, used);
      if constexpr (!requires { op.table; }) operations += 2 * rows * static_cast<double>(x.rows * x.cols);
    }
  });
  if constexpr (requires { op.dw; }) operations += 2 * rows * static_cast<double>(op.dw.shape[-2] * op.dw.shape[-1]);
  if constexpr (requires {
                  op.q;
                  op.k_cache;
                  op.v_cache;
                })
    operations += 2 * used.pairs * static_cast<double>(op.q.shape[1] * (op.k_cache.shape[2] + op.v_cache.shape[2]));
  (int8 ? work.integer_operations : work.float_operations) += operations;
  work.bytes += work.weight_bytes;
  return work;
}

}  // namespace op_work

// The ids and positions that it depends on are read from the backend: they must have been computed.
template <typename Op>
OpWork work_of(const Op& op, Backend& backend) {
  return op_work::work_of(op, op_work::used_rows(op, backend));
}

// At most, whatever ids and positions will be.
template <typename Op>
OpWork most_work_of(const Op& op) {
  return op_work::work_of(op, op_work::most_rows(op));
}

}  // namespace tritium
