// Attention of one layer: a token, and a batch of a prompt, at different lengths of context.
#include "base/format_text.h"
#include "bench/case_tensors.h"
#include "bench/made_model.h"
#include "bench/rows.h"
#include "model/state.h"
#include "model/weights.h"

namespace tritium::bench {
namespace {

constexpr int64_t kBatch = 128;  // the last tokens of a prompt

// One layer with BitNet-2B's heads; the rest of the model is as small as it can be.
ModelShape layer_shape(int64_t keys) {
  return {.name = "attention",
          .architecture = "llama",
          .layers = 1,
          .dim = 256,
          .heads = 20,
          .kv_heads = 5,
          .head_dim = 128,
          .ffn = 256,
          .vocabulary = 256,
          .context = keys,
          .embedding = DType::q8_0,
          .head = DType::q8_0};
}

// The caches of that layer, as sessions have them.
Result<KvCache> cache_of(const ModelShape& shape, DType dtype, Backend& backend) {
  const MadeModel made(shape);
  const Result<CheckedModel> model = CheckedModel::check(made);
  if (!model.ok()) return model.status();
  const Result<ForwardState> state =
      make_state(model->config(), describe_weights(*model), backend, {.capacity = shape.context, .cache = dtype});
  if (!state.ok()) return state.status();
  return state->caches.front();
}

Result<std::vector<Row>> make_attention(std::span<Lane> lanes, int64_t keys, DType dtype,
                                        const std::vector<RowName>& names) {
  const ModelShape shape = layer_shape(keys);
  const Result<KvCache> cache = cache_of(shape, dtype, *lanes.front().backend);
  if (!cache.ok()) return cache.status();
  CaseTensors tensors(*lanes.front().backend);
  std::vector<Row> rows;
  for (const RowName& name : names) {
    std::vector<int32_t> positions;
    for (int64_t t = 0; t < name.n; ++t) {
      positions.push_back(static_cast<int32_t>(keys - name.n + t));
      positions.push_back(0);
    }
    const Tensor q = tensors.random({name.n, shape.heads, shape.head_dim});
    const Tensor places = tensors.ints({name.n, 2}, positions);
    const Tensor y = tensors.zeros({name.n, shape.heads, shape.head_dim});
    if (Status s = tensors.finish(); !s.ok()) return s;
    const int64_t scales = cache->k_scales ? cache->k_scales.bytes() + cache->v_scales.bytes() : 0;
    const auto bytes = static_cast<double>(cache->k.bytes() + cache->v.bytes() + scales);
    const double mean_keys = static_cast<double>(keys) - static_cast<double>(name.n - 1) / 2;  // of a query
    const Work work = {.bytes = bytes,
                       .operations = 4.0 * static_cast<double>(name.n * shape.heads * shape.head_dim) * mean_keys,
                       .floats = true,
                       .read_again = static_cast<uint64_t>(bytes)};
    rows.push_back({name, work, [=, cache = *cache](Lane& lane) {
                      Ops ops(*lane.backend);
                      return median_seconds([&] {
                        ops(Attention{.q = q,
                                      .rows = places,
                                      .k_cache = cache.k,
                                      .v_cache = cache.v,
                                      .k_scales = cache.k_scales,
                                      .v_scales = cache.v_scales,
                                      .y = y,
                                      .window = 0,
                                      .scale = 0.088f});
                        return ops.finish();
                      });
                    }});
  }
  return rows;
}

}  // namespace

void add_attention(std::vector<Family>& families) {
  for (const int64_t keys : {512, 4096, 32768})
    for (const DType dtype : {DType::f16, DType::i8, DType::f32}) {
      const ModelShape s = layer_shape(keys);
      const std::string kv = dtype == DType::f16 ? "" : join("/kv=", dtype == DType::i8 ? "int8" : "f32");
      Family family = {.name = join("attention/", s.heads, ":", s.kv_heads, "x", s.head_dim, "/keys=", keys, kv),
                       .rows = {},
                       .bytes = static_cast<uint64_t>(2 * keys * s.kv_heads * s.head_dim * 4) + (uint64_t{64} << 20),
                       .make = {}};
      for (const int64_t n : {int64_t{1}, kBatch}) family.rows.push_back({join(family.name, "/n=", n), n});
      family.make = [keys, dtype, names = family.rows](std::span<Lane> lanes) {
        return make_attention(lanes, keys, dtype, names);
      };
      families.push_back(std::move(family));
    }
}

}  // namespace tritium::bench
