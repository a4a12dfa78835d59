#include "addon/functions.h"

namespace tritium::node {
namespace {

struct Inspected {
  std::shared_ptr<tritium_info> info;
  tritium_status take(tritium_status status, tritium_info* made) {
    info = owned(made);
    return status;
  }
};

napi_value memory_of(napi_env env, const tritium_info* info, size_t i) {
  tritium_memory memory = {.size = sizeof memory};
  tritium_info_memory(info, i, &memory, nullptr);
  return ObjectBuilder(env)
      .set("backend", memory.backend)
      .set("weightBytes", memory.weight_bytes)
      .set("kvBytesPerToken", memory.kv_bytes_per_token)
      .set("workBytes", memory.work_bytes)
      .value();
}

napi_value tensor_of(napi_env env, const tritium_info* info, size_t i) {
  tritium_tensor tensor = {.size = sizeof tensor};
  tritium_info_tensor(info, i, &tensor, nullptr);
  const auto dimension = [&](size_t d) { return to_js(env, tensor.shape[d]); };
  return ObjectBuilder(env)
      .set("name", tensor.name)
      .set("type", tensor.type)
      .set_value("shape", array_of(env, tensor.n_dims, dimension))
      .set("bytes", tensor.bytes)
      .value();
}

napi_value info_to_js(napi_env env, const tritium_info* info) {
  tritium_facts facts = {.size = sizeof facts};
  tritium_info_facts(info, &facts, nullptr);
  const auto memory = [&](size_t i) { return memory_of(env, info, i); };
  const auto tensor = [&](size_t i) { return tensor_of(env, info, i); };
  const auto warning = [&](size_t i) { return to_js(env, tritium_info_warning(info, i)); };
  return ObjectBuilder(env)
      .set("path", facts.path)
      .set("architecture", facts.architecture)
      .set("name", facts.name)
      .set("tokenizerProblem", facts.tokenizer_problem)
      .set("hasTokenizer", facts.has_tokenizer != 0)
      .set("vocabSize", facts.vocab_size)
      .set("dim", facts.dim)
      .set("layers", facts.n_layers)
      .set("heads", facts.n_heads)
      .set("kvHeads", facts.n_kv_heads)
      .set("headDim", facts.head_dim)
      .set("experts", facts.n_experts)
      .set("expertsUsed", facts.n_experts_used)
      .set("contextLength", facts.context_length)
      .set("parameters", facts.parameters)
      .set("activeParameters", facts.active_parameters)
      .set("ternaryParameters", facts.ternary_parameters)
      .set("activeTernaryParameters", facts.active_ternary_parameters)
      .set("tokenWeightBytes", facts.token_weight_bytes)
      .set_value("memory", array_of(env, facts.n_memory, memory))
      .set_value("tensors", array_of(env, facts.n_tensors, tensor))
      .set_value("warnings", array_of(env, facts.n_warnings, warning))
      .value();
}

// Of the kind of backend that a runtime is.
tritium_memory memory_on(const tritium_model* model, std::string_view backend) {
  tritium_memory memory = {.size = sizeof memory};
  tritium_info* info = nullptr;
  if (tritium_model_info(model, &info, nullptr) != TRITIUM_OK) return memory;
  const std::shared_ptr<tritium_info> owner = owned(info);
  for (uint64_t i = 0; tritium_info_memory(info, i, &memory, nullptr) == TRITIUM_OK; ++i)
    if (backend.starts_with(memory.backend)) break;
  memory.backend = nullptr;  // the info's
  return memory;
}

}  // namespace

napi_value inspect(const Call& call) {
  auto state = std::make_shared<Inspected>();
  return promise(
      call.env,
      [state, path = string_of(call.env, call.arguments[0], "path")](tritium_error* error) {
        tritium_info* made = nullptr;
        const tritium_status status = tritium_inspect(path.c_str(), &made, error);
        return state->take(status, made);
      },
      [state](napi_env env) { return info_to_js(env, state->info.get()); });
}

napi_value model_info(const Call& call) {
  auto state = std::make_shared<Inspected>();
  return promise(
      call.env,
      [state, model = held<tritium_model>(call.env, call.arguments[0])](tritium_error* error) {
        tritium_info* made = nullptr;
        const tritium_status status = tritium_model_info(model.get(), &made, error);
        return state->take(status, made);
      },
      [state](napi_env env) { return info_to_js(env, state->info.get()); });
}

namespace {

using Load =
    std::function<tritium_status(const tritium_runtime*, const tritium_load_options*, tritium_model**, tritium_error*)>;

napi_value load_by(const Call& call, Load load) {
  struct State {
    std::shared_ptr<tritium_runtime> runtime;
    Load load;
    std::optional<std::string> adapter, tokenizer_pre, cache;
    std::shared_ptr<tritium_cancel> cancel;
    tritium_load_options options;
    std::shared_ptr<tritium_model> model;
    tritium_memory memory;
  };
  auto state = std::make_shared<State>();
  tritium_load_options& options = state->options;
  tritium_load_options_init(&options, sizeof options);
  state->runtime = held<tritium_runtime>(call.env, call.arguments[0]);
  state->load = std::move(load);
  const Object given(call.env, call.arguments[2]);
  given.get("adapter", state->adapter);
  given.get("adapterStrength", options.adapter_strength);
  given.get("tokenizerPre", state->tokenizer_pre);
  given.get("cache", state->cache);
  given.get("i2sInterleave64", options.i2s_interleave_64);
  state->cancel = cancel_of(call.env, given);
  given.refuse_others();
  options.adapter = pointer_to(state->adapter);
  options.tokenizer_pre = pointer_to(state->tokenizer_pre);
  options.cache = pointer_to(state->cache);
  options.cancel = state->cancel.get();
  options.progress = [](void* progress, double fraction) {
    static_cast<Progress*>(progress)->send([fraction](napi_env env) { return to_js(env, fraction); });
    return 0;
  };
  return promise(
      call.env, call.arguments[3],
      [state](Progress& progress, tritium_error* error) {
        tritium_model* made = nullptr;
        state->options.progress_data = &progress;
        const tritium_status status = state->load(state->runtime.get(), &state->options, &made, error);
        state->model = owned(made);
        if (status == TRITIUM_OK) state->memory = memory_on(made, tritium_runtime_backend(state->runtime.get()));
        return status;
      },
      [state](napi_env env) {
        const tritium_model* model = state->model.get();
        return ObjectBuilder(env)
            .set("beginOfText", tritium_begin_of_text(model))
            .set("endOfText", tritium_end_of_text(model))
            .set("hasChatTemplate", tritium_has_chat_template(model) != 0)
            .set("kvBytesPerToken", state->memory.kv_bytes_per_token)
            .set("workBytes", state->memory.work_bytes)
            .set_value("handle", hold(env, state->model, static_cast<int64_t>(state->memory.weight_bytes)))
            .value();
      });
}

}  // namespace

napi_value model_load(const Call& call) {
  return load_by(call,
                 [path = string_of(call.env, call.arguments[1], "path")](
                     const tritium_runtime* runtime, const tritium_load_options* options, tritium_model** out,
                     tritium_error* error) { return tritium_model_load(runtime, path.c_str(), options, out, error); });
}

napi_value model_load_descriptor(const Call& call) {
  const int64_t given = integer_of(call.env, call.arguments[1], "descriptor");
  const auto descriptor = static_cast<int32_t>(given);
  if (descriptor != given) throw_type_error(call.env, "descriptor is too large");
  return load_by(call, [descriptor](const tritium_runtime* runtime, const tritium_load_options* options,
                                    tritium_model** out, tritium_error* error) {
    return tritium_model_load_descriptor(runtime, descriptor, options, out, error);
  });
}

napi_value tokenize(const Call& call) {
  auto tokens = std::make_shared<std::vector<int32_t>>();
  return promise(
      call.env,
      [tokens, model = held<tritium_model>(call.env, call.arguments[0]),
       text = bytes_of(call.env, call.arguments[1], "text")](tritium_error* error) {
        return filled(*tokens, [&](int32_t* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_tokenize(model.get(), text.data(), text.size(), buffer, capacity, needed, error);
        });
      },
      [tokens](napi_env env) { return to_js(env, std::span<const int32_t>(*tokens)); });
}

napi_value detokenize(const Call& call) {
  auto text = std::make_shared<std::vector<char>>();
  return promise(
      call.env,
      [text, model = held<tritium_model>(call.env, call.arguments[0]),
       tokens = tokens_of(call.env, call.arguments[1])](tritium_error* error) {
        return filled(*text, [&](char* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_detokenize(model.get(), tokens.data(), tokens.size(), buffer, capacity, needed, error);
        });
      },
      [text](napi_env env) { return to_js(env, std::string_view(text->data(), text->size())); });
}

napi_value embed(const Call& call) {
  struct State {
    std::shared_ptr<tritium_cancel> cancel;
    tritium_embedding_options options;
    std::vector<float> values;
  };
  auto state = std::make_shared<State>();
  tritium_embedding_options_init(&state->options, sizeof state->options);
  const Object given(call.env, call.arguments[2]);
  given.get("pooling", state->options.pooling);
  given.get("notNormalized", state->options.not_normalized);
  given.get("activations", state->options.activations);
  given.get("kv", state->options.kv);
  state->cancel = cancel_of(call.env, given);
  given.refuse_others();
  state->options.cancel = state->cancel.get();
  return promise(
      call.env,
      [state, model = held<tritium_model>(call.env, call.arguments[0]),
       text = bytes_of(call.env, call.arguments[1], "text")](tritium_error* error) {
        return filled(state->values, [&](float* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_embed(model.get(), text.data(), text.size(), &state->options, buffer, capacity, needed, error);
        });
      },
      [state](napi_env env) { return to_js(env, std::span<const float>(state->values)); });
}

}  // namespace tritium::node
