// What differs between two models: keys, and tensors by their values.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "convert/chunks.h"
#include "convert/float_rows.h"
#include "model_files/open_model.h"
#include "tensor/known_keys.h"
#include "tritium/convert.hpp"

namespace tritium {
namespace {

std::string text_of(const TensorInfo& info) {
  std::string shape;
  for (const int64_t d : info.shape) shape += join(shape.empty() ? "" : ",", d);
  return info.type + " [" + shape + "]";
}

// Reals as files keep them, in single precision.
bool same(const MetadataValue& x, const MetadataValue& y) {
  const double *a = std::get_if<double>(&x), *b = std::get_if<double>(&y);
  if (a && b) return static_cast<float>(*a) == static_cast<float>(*b);
  return static_cast<const MetadataVariant&>(x) == static_cast<const MetadataVariant&>(y);
}

std::vector<KeyDifference> diff_keys(const Metadata& a, const Metadata& b) {
  std::set<std::string> names;
  for (const Metadata* m : {&a, &b})
    for (const auto& [key, value] : m->values()) names.insert(key);
  std::vector<KeyDifference> differences;
  for (const std::string& key : names) {
    const MetadataValue *x = a.find(key), *y = b.find(key);
    if (x && y && same(*x, *y)) continue;
    KeyDifference& d = differences.emplace_back();
    d.key = key;
    if (x) d.first = shown_value(*x);
    if (y) d.second = shown_value(*y);
  }
  return differences;
}

struct Sums {
  double largest = 0, errors = 0, squares = 0;
  int64_t values = 0, trits = 0;

  void add(const Sums& o) {
    largest = std::max(largest, o.largest);
    errors += o.errors, squares += o.squares, values += o.values, trits += o.trits;
  }
};

int sign_of(float v) { return (v > 0) - (v < 0); }

Sums compare(std::span<const float> a, std::span<const float> b, bool ternary) {
  Sums s;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double{a[i]} - b[i]);
    s.largest = std::max(s.largest, difference);
    s.errors += difference * difference;
    s.squares += double{a[i]} * a[i];
    s.values += a[i] != b[i];
    if (ternary) s.trits += sign_of(a[i]) != sign_of(b[i]);
  }
  return s;
}

// Nothing: the values and the types are the same.
Result<std::optional<TensorDifference>> diff_tensors(const TensorMap& first, const TensorMap& second,
                                                     const TensorInfo& a, const TensorInfo& b, ThreadPool& pool) {
  TensorDifference d = {.name = a.name, .kind = "shape", .first = text_of(a), .second = text_of(b)};
  if (a.shape != b.shape) return std::optional(d);
  const Result<FloatRows> x = FloatRows::open(first, a.name), y = FloatRows::open(second, b.name);
  if (!x.ok()) return x.status();
  if (!y.ok()) return y.status();
  std::vector<Sums> slots(static_cast<size_t>(pool.threads()));
  Sums all;
  const Shape shape = x->shape();
  const Status read = for_chunks(
      pool, shape[0] * shape[1], shape[2],
      [&](size_t slot, int64_t row, int64_t n) {
        std::vector<float> u(static_cast<size_t>(n * shape[2])), v(u.size());
        if (Status s = x->read(row, n, u); !s.ok()) return s;
        if (Status s = y->read(row, n, v); !s.ok()) return s;
        slots[slot] = compare(u, v, a.ternary && b.ternary);
        return Status();
      },
      [&](size_t slot) {
        all.add(slots[slot]);
        return Status();
      });
  if (!read.ok()) return read;
  if (all.values == 0 && a.type == b.type) return std::optional<TensorDifference>();
  d.kind = all.values == 0 ? "type" : "values";
  d.largest = all.largest;
  d.rms = std::sqrt(all.errors / static_cast<double>(shape.elements()));
  d.relative = all.squares > 0 ? std::sqrt(all.errors / all.squares) : 0.0;
  d.trits = all.trits;
  d.values = all.values;
  return std::optional(d);
}

Result<ModelDifference> diff(const std::string& first, const std::string& second) {
  const Result<OpenedModel> a = open_model(first), b = open_model(second);
  if (!a.ok()) return a.status();
  if (!b.ok()) return b.status();
  ModelDifference all;
  all.keys = diff_keys(a->tensors->metadata(), b->tensors->metadata());
  ThreadPool pool;
  for (const TensorInfo& info : a->tensors->tensors()) {
    const TensorInfo* other = b->tensors->find(info.name);
    if (!other) {
      all.tensors.push_back({.name = info.name, .kind = "only in the first", .first = text_of(info)});
      continue;
    }
    ++all.tensors_compared;
    const auto found = diff_tensors(*a->tensors, *b->tensors, info, *other, pool);
    if (!found.ok()) return found.status();
    if (*found) all.tensors.push_back(**found);
  }
  for (const TensorInfo& info : b->tensors->tensors())
    if (!a->tensors->find(info.name))
      all.tensors.push_back({.name = info.name, .kind = "only in the second", .second = text_of(info)});
  return all;
}

}  // namespace

Result<ModelDifference> diff_models(const std::string& first, const std::string& second,
                                    const std::function<bool()>& keep_going) try {
  const CancelScope scope(keep_going);
  return diff(first, second);
} catch (...) {
  return caught();
}

}  // namespace tritium
