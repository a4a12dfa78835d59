#include "format/folder/finish_tensor.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/format_text.h"

namespace tritium {
namespace {

std::string text_of(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) text += join(text.empty() ? "" : ",", d);
  return "[" + text + "]";
}

// How a matrix is packed, and its sizes as floats.
struct Stored {
  Packing packing = Packing::floats;
  MlxPacking mlx{};
  int64_t n = 1;  // matrices
  int64_t rows = 1;
  int64_t cols = 1;

  bool operator==(const Stored& o) const {
    return packing == o.packing && mlx.bits == o.mlx.bits && mlx.group_size == o.mlx.group_size && rows == o.rows &&
           cols == o.cols;
  }
};

Status corrupt(const ShardTensor& t, const auto&... what) {
  return error(StatusCode::corrupt_file, t.place(), " ", t.header.type.name, text_of(t.header.shape), ": ", what...);
}
Status unsupported(const ShardTensor& t, const auto&... what) {
  return error(StatusCode::unsupported, t.place(), " ", t.header.type.name, text_of(t.header.shape), ": ", what...);
}

// Is the module one of those that stay floats: named whole, by its last parts, or as a part of the name?
bool is_excepted(const FolderQuantization& q, const std::string& module) {
  return std::ranges::any_of(q.not_converted, [&](const std::string& name) {
    return !name.empty() && ("." + module + ".").find("." + name + ".") != std::string::npos;
  });
}

// A scale for each of `wanted`, as floats.
Status check_scales(const ShardTensor& weight, const ShardTensor* scales, const char* what, int64_t wanted) {
  if (!scales) return corrupt(weight, "its ", what, " is missing");
  if (!scales->is_float()) return unsupported(*scales, "scales must be F32, F16 or BF16");
  const int64_t n = static_cast<int64_t>(scales->header.bytes) / scales->element_bytes();
  if (n == wanted) return Status();
  return corrupt(*scales, "has ", n, " values, ", wanted, " are expected for ", weight.name(), " ",
                 text_of(weight.header.shape));
}

Result<Stored> look_at_trits(const FolderConfig& config, const DraftMatrix& m, Stored s) {
  const ShardTensor& weight = *m.part(TensorPart::weight);
  s.packing = Packing::four_trits;
  s.rows *= 4;
  if (!config.quantization.bitnet)
    return corrupt(weight, "U8 is for packed trits, but config.json has no quantization_config of method bitnet");
  const ShardTensor* scale = m.part(TensorPart::weight_scale);
  const bool one = scale && scale->header.bytes == static_cast<uint64_t>(scale->element_bytes());
  if (Status status = check_scales(weight, scale, "weight_scale", one ? 1 : s.n); !status.ok()) return status;
  return s;
}

Result<Stored> look_at_mlx(const FolderConfig& config, const DraftMatrix& m, Stored s) {
  const ShardTensor& weight = *m.part(TensorPart::weight);
  const FolderQuantization& q = config.quantization;
  if (!q.mlx)
    return corrupt(weight, "U32 is for small integers of MLX, but config.json has no `quantization` with bits");
  const auto own = q.packing_of.find(m.module);
  s.mlx = own == q.packing_of.end() ? q.packing : own->second;
  const ShardTensor* alpha = m.part(TensorPart::row_alpha);
  s.packing = alpha ? Packing::mlx_trits : Packing::mlx_affine;
  if (alpha && s.mlx.bits != 2) return corrupt(weight, "has a row_alpha and ", s.mlx.bits, " bits, must be 2");
  s.cols = s.cols * 32 / s.mlx.bits;
  if (alpha) {
    if (Status status = check_scales(weight, alpha, "row_alpha", s.n * s.rows); !status.ok()) return status;
    return s;
  }
  if (s.cols % s.mlx.group_size != 0)
    return corrupt(weight, "its ", s.cols, " columns are no multiple of the group size ", s.mlx.group_size);
  const int64_t scales = s.n * s.rows * (s.cols / s.mlx.group_size);
  for (const auto& [part, what] : {std::pair(TensorPart::scales, "scales"), std::pair(TensorPart::biases, "biases")})
    if (Status status = check_scales(weight, m.part(part), what, scales); !status.ok()) return status;
  return s;
}

Result<Stored> look_at(const FolderConfig& config, const Draft& draft, const DraftMatrix& m) {
  const ShardTensor* weight = m.part(TensorPart::weight);
  if (!weight) {
    const auto there = std::ranges::find_if(m.parts, [](const ShardTensor* p) { return p != nullptr; });
    return corrupt(**there, "is a part of ", m.module, ".weight, which is missing");
  }
  const std::vector<int64_t>& shape = weight->header.shape;
  const size_t rank = draft.norm() ? 1 : m.all_experts ? 3 : 2;
  if (shape.size() != rank) return corrupt(*weight, "must have ", rank, rank == 1 ? " dimension" : " dimensions");
  if (std::ranges::any_of(shape, [](int64_t d) { return d < 1; })) return corrupt(*weight, "is empty");
  Stored s = {.n = rank == 3 ? shape[0] : 1, .rows = rank > 1 ? shape[rank - 2] : 1, .cols = shape.back()};
  if (weight->is("U8")) return look_at_trits(config, m, s);
  if (weight->is("U32")) return look_at_mlx(config, m, s);
  if (!weight->is_float())
    return unsupported(*weight, "has a type that is not supported; supported: F32, F16, BF16, packed U8 and U32");
  for (const ShardTensor* part : m.parts)
    if (part && part != weight) return corrupt(*part, "belongs to a packed tensor, but ", weight->name(), " is floats");
  const FolderQuantization& q = config.quantization;
  const bool rounded = (q.bitnet && q.online) || draft.input_norm;
  if (rounded && draft.linear() && !is_excepted(q, m.module)) s.packing = Packing::masters;
  return s;
}

// The matrices of the draft, in the order of experts, as parts of the stack.
Status collect(const FolderConfig& config, const Draft& draft, FolderTensor& t, Stored& all) {
  bool first = true;
  for (const auto& [expert, m] : draft.matrices) {
    const Result<Stored> s = look_at(config, draft, m);
    if (!s.ok()) return s.status();
    const ShardTensor& weight = *m.part(TensorPart::weight);
    if (first) all = *s;
    if (!(*s == all)) return corrupt(weight, "has another size or packing than ", t.matrices.front().weight->name());
    first = false;
    const int64_t parts = m.half < 0 ? 1 : 2;
    if (s->rows % parts != 0) return corrupt(weight, "holds two matrices, but its rows are odd in number");
    for (int64_t i = 0; i < s->n; ++i)
      t.matrices.push_back({.weight = &weight,
                            .scale = s->packing == Packing::four_trits  ? m.part(TensorPart::weight_scale)
                                     : s->packing == Packing::mlx_trits ? m.part(TensorPart::row_alpha)
                                                                        : m.part(TensorPart::scales),
                            .biases = m.part(TensorPart::biases),
                            .index = i,
                            .first_row = m.half == 1 ? s->rows / 2 : 0,
                            .stored_rows = s->rows});
    t.rows = s->rows / parts;
    t.info.bytes += weight.header.bytes / static_cast<uint64_t>(parts);
  }
  return Status();
}

// Separate experts are all there, and as many as config.json says.
Status check_experts(const FolderConfig& config, const Draft& draft, const FolderTensor& t) {
  if (draft.name.find("_exps.") == std::string::npos) return Status();
  const bool separate = draft.matrices.begin()->first >= 0;
  const ShardTensor& first = *t.matrices.front().weight;
  if (!separate && t.n_matrices != config.n_experts)
    return corrupt(first, "has ", t.n_matrices, " experts, config.json says ", config.n_experts);
  int64_t expected = 0;
  for (const auto& [expert, m] : draft.matrices) {
    if (!separate) break;
    if (expert != expected)
      return error(StatusCode::corrupt_file, first.file->path(), ": ", draft.name, ": expert ", expected,
                   " is missing; the experts are 0 to ", config.n_experts - 1);
    ++expected;
  }
  if (!separate || expected == config.n_experts) return Status();
  return error(StatusCode::corrupt_file, first.file->path(), ": ", draft.name, ": ", expected,
               " experts are there, config.json says ", config.n_experts);
}

std::string type_name(const FolderTensor& t) {
  switch (t.packing) {
    case Packing::four_trits: return "U8 trits";
    case Packing::mlx_trits: return "MLX trits";
    case Packing::mlx_affine: return join("MLX ", t.bits, "-bit");
    default: return std::string(t.matrices.front().weight->header.type.name);
  }
}

// Of its values where they are floats; MLX's small integers become F16, unless that cannot hold them.
DType dtype_of(const FolderTensor& t) {
  const ShardTensor& weight = *t.matrices.front().weight;
  if (t.packing == Packing::masters) return DType::f32;
  return weight.is("F32") ? DType::f32 : weight.is("BF16") ? DType::bf16 : DType::f16;
}

// Floats of a projection with a norm of its own: masters, unless they are ternary already.
Status settle_masters(const FolderConfig& config, const Draft& draft, FolderTensor& t) {
  if (t.packing != Packing::masters || !draft.input_norm || config.quantization.online) return Status();
  t.packing = Packing::floats;
  if (Status s = look_for_trits(t); !s.ok()) return s;
  if (!t.info.ternary) t.packing = Packing::masters;
  return Status();
}

// What is known of trits before any is read.
Status find_trits(const FolderConfig& config, const Draft& draft, FolderTensor& t, std::vector<std::string>& warnings) {
  const bool exact = draft.norm() || draft.router();
  switch (t.packing) {
    case Packing::four_trits:
    case Packing::mlx_trits:
    case Packing::masters:
      t.info.ternary = true;
      t.group_size = t.cols;
      return Status();
    case Packing::mlx_affine:
      if (t.bits == 2 && !exact) return look_for_mlx_trits(t);
      return Status();
    default: break;
  }
  if (exact) return Status();
  if (Status s = look_for_trits(t); !s.ok()) return s;
  if (config.quantization.bitnet && draft.linear() && !t.info.ternary &&
      !is_excepted(config.quantization, draft.matrices.begin()->second.module))
    warnings.push_back(draft.name + " is neither packed nor ternary: it is used as it is");
  return Status();
}

}  // namespace

Result<FolderTensor> finish_tensor(const FolderConfig& config, const Draft& draft, std::vector<std::string>& warnings) {
  FolderTensor t;
  Stored stored;
  if (Status s = collect(config, draft, t, stored); !s.ok()) return s;
  t.info.name = draft.name;
  t.packing = stored.packing;
  t.cols = stored.cols;
  t.bits = stored.mlx.bits;
  t.group_size = stored.mlx.group_size;
  t.divide = config.quantization.divide;
  t.n_matrices = static_cast<int64_t>(t.matrices.size());
  if (Status s = check_experts(config, draft, t); !s.ok()) return s;
  if (Status s = settle_masters(config, draft, t); !s.ok()) return s;
  if (config.interleaved_rope && draft.queries_or_keys()) {
    t.swapped_heads = draft.name.find(".attn_q.") != std::string::npos ? config.n_heads : config.n_kv_heads;
    if (t.rows % (2 * t.swapped_heads) != 0)
      return corrupt(*t.matrices.front().weight, "its ", t.rows, " rows are not ", t.swapped_heads,
                     " heads of pairs, as config.json says");
  }
  t.info.type = type_name(t);
  t.info.dtype = dtype_of(t);
  if (draft.norm()) {
    t.info.shape = {t.cols};
  } else if (draft.name.find("_exps.") != std::string::npos) {
    t.info.shape = {t.n_matrices, t.rows, t.cols};
  } else {
    t.info.shape = {t.rows, t.cols};
  }
  if (Status s = find_trits(config, draft, t, warnings); !s.ok()) return s;
  return t;
}

}  // namespace tritium
