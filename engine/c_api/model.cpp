// Models, and text as they see it.
#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

namespace tritium::c_api {

template <>
tritium_load_options defaults<tritium_load_options>() {
  return {.size = sizeof(tritium_load_options), .adapter_strength = LoadOptions().adapter_strength};
}
template <>
tritium_embedding_options defaults<tritium_embedding_options>() {
  return {.size = sizeof(tritium_embedding_options)};
}

namespace {

LoadOptions load_options_of(const tritium_load_options& o) {
  return {.progress = progress_of(o.progress, o.progress_data),
          .i2s_interleave_64 = o.i2s_interleave_64 != 0,
          .adapter = text_or_empty(o.adapter),
          .adapter_strength = o.adapter_strength,
          .tokenizer_pre = text_or_empty(o.tokenizer_pre),
          .cache = text_or_empty(o.cache),
          .keep_going = keep_going_of(o.cancel)};
}

Result<EmbeddingOptions> embedding_options_of(const tritium_embedding_options& o) {
  const Result<Pooling> pooling = choice(o.pooling, Pooling::mean, "pooling");
  if (!pooling.ok()) return pooling.status();
  const Result<Activations> activations = choice(o.activations, Activations::f32, "activations");
  if (!activations.ok()) return activations.status();
  const Result<KvCacheType> kv = choice(o.kv, KvCacheType::f32, "kv");
  if (!kv.ok()) return kv.status();
  return EmbeddingOptions{.pooling = *pooling,
                          .normalize = o.not_normalized == 0,
                          .activations = *activations,
                          .kv = *kv,
                          .keep_going = keep_going_of(o.cancel)};
}

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

void tritium_load_options_init(tritium_load_options* options, uint64_t size) { init_options(options, size); }
void tritium_embedding_options_init(tritium_embedding_options* options, uint64_t size) { init_options(options, size); }

tritium_status tritium_model_load(const tritium_runtime* runtime, const char* path, const tritium_load_options* options,
                                  tritium_model** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{runtime, "runtime"}, {path, "path"}}); !s.ok()) return s;
    const auto all = options_of(options, "tritium_load_options");
    if (!all.ok()) return all.status();
    auto model = runtime->runtime.load(path, load_options_of(*all));
    if (!model.ok()) return model.status();
    return give_handle(out, *std::move(model));
  });
}

tritium_status tritium_model_load_descriptor(const tritium_runtime* runtime, int32_t descriptor,
                                             const tritium_load_options* options, tritium_model** out,
                                             tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{runtime, "runtime"}}); !s.ok()) return s;
    const auto all = options_of(options, "tritium_load_options");
    if (!all.ok()) return all.status();
    auto model = runtime->runtime.load_descriptor(descriptor, load_options_of(*all));
    if (!model.ok()) return model.status();
    return give_handle(out, *std::move(model));
  });
}

tritium_status tritium_model_park(const tritium_model* model, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    return model->model.park();
  });
}

tritium_status tritium_model_unpark(const tritium_model* model, tritium_cancel* cancel, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    return model->model.unpark(keep_going_of(cancel));
  });
}

int32_t tritium_model_is_parked(const tritium_model* model) { return model && model->model.is_parked(); }

void tritium_model_release(tritium_model* model) { delete model; }

tritium_status tritium_adapter_load(const tritium_model* model, const char* path, tritium_cancel* cancel,
                                    tritium_adapter** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{model, "model"}, {path, "path"}}); !s.ok()) return s;
    auto adapter = model->model.load_adapter(path, keep_going_of(cancel));
    if (!adapter.ok()) return adapter.status();
    return give_handle(out, *std::move(adapter));
  });
}

void tritium_adapter_release(tritium_adapter* adapter) { delete adapter; }

tritium_status tritium_tokenize(const tritium_model* model, const char* text, uint64_t text_size, int32_t* tokens,
                                uint64_t capacity, uint64_t* needed, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto bytes = given_text(text, text_size, "text");
    if (!bytes.ok()) return bytes.status();
    const auto ids = model->model.tokenize(*bytes);
    if (!ids.ok()) return ids.status();
    return fill(std::span(*ids), tokens, capacity, needed);
  });
}

tritium_status tritium_detokenize(const tritium_model* model, const int32_t* tokens, uint64_t n_tokens, char* text,
                                  uint64_t capacity, uint64_t* needed, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto ids = given(tokens, n_tokens, "tokens");
    if (!ids.ok()) return ids.status();
    const int64_t vocab_size = model->model.info().vocab_size;
    for (const int32_t id : *ids)
      if (id < 0 || id >= vocab_size)
        return tritium::error(tritium::StatusCode::invalid_argument, "there is no token ", id,
                              ": this model has ids 0 to ", vocab_size - 1);
    const auto bytes = model->model.detokenize(*ids);
    if (!bytes.ok()) return bytes.status();
    return fill(std::span(*bytes), text, capacity, needed);
  });
}

int32_t tritium_begin_of_text(const tritium_model* model) { return model ? model->model.begin_of_text() : -1; }
int32_t tritium_end_of_text(const tritium_model* model) { return model ? model->model.end_of_text() : -1; }

tritium_status tritium_embed(const tritium_model* model, const char* text, uint64_t text_size,
                             const tritium_embedding_options* options, float* values, uint64_t capacity,
                             uint64_t* needed, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto bytes = given_text(text, text_size, "text");
    if (!bytes.ok()) return bytes.status();
    const auto all = options_of(options, "tritium_embedding_options");
    if (!all.ok()) return all.status();
    const auto chosen = embedding_options_of(*all);
    if (!chosen.ok()) return chosen.status();
    // Before anything is computed.
    const auto dim = static_cast<uint64_t>(model->model.info().dim);
    if (needed) *needed = dim;
    if (capacity < dim)
      return {TRITIUM_BUFFER_TOO_SMALL, tritium::join("the buffer holds ", capacity, ", dim is ", dim)};
    const auto vector = model->model.embed(*bytes, *chosen);
    if (!vector.ok()) return vector.status();
    return fill(std::span(*vector), values, capacity, needed);
  });
}
}
