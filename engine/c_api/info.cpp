// What a model file holds.
#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

namespace tritium::c_api {
namespace {

tritium_facts facts_of(const ModelInfo& i) {
  return {.size = sizeof(tritium_facts),
          .path = i.path.c_str(),
          .architecture = i.architecture.c_str(),
          .name = i.name.c_str(),
          .tokenizer_problem = i.tokenizer_problem.c_str(),
          .vocab_size = i.vocab_size,
          .dim = i.dim,
          .n_layers = i.n_layers,
          .n_heads = i.n_heads,
          .n_kv_heads = i.n_kv_heads,
          .head_dim = i.head_dim,
          .n_experts = i.n_experts,
          .n_experts_used = i.n_experts_used,
          .context_length = i.context_length,
          .parameters = i.parameters,
          .active_parameters = i.active_parameters,
          .ternary_parameters = i.ternary_parameters,
          .active_ternary_parameters = i.active_ternary_parameters,
          .token_weight_bytes = i.token_weight_bytes,
          .n_tensors = i.tensors.size(),
          .n_warnings = i.warnings.size(),
          .n_memory = i.memory.size(),
          .has_tokenizer = i.has_tokenizer,
          .reserved = 0};
}

// The element, or what is wrong with the index.
template <typename T>
Result<const T*> element(const std::vector<T>& all, uint64_t index, const char* what) {
  if (index < all.size()) return &all[index];
  return error(StatusCode::invalid_argument, "there is no ", what, " ", index, " of ", all.size());
}

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

tritium_status tritium_inspect(const char* path, tritium_info** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{path, "path"}}); !s.ok()) return s;
    auto info = tritium::inspect_model(path);
    if (!info.ok()) return info.status();
    return give_handle(out, std::nullopt, *std::move(info));
  });
}

tritium_status tritium_model_info(const tritium_model* model, tritium_info** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    return give_handle(out, model->model, tritium::ModelInfo());
  });
}

tritium_status tritium_info_facts(const tritium_info* info, tritium_facts* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{info, "info"}}); !s.ok()) return s;
    return give(facts_of(info->info()), out, "tritium_facts");
  });
}

tritium_status tritium_info_memory(const tritium_info* info, uint64_t index, tritium_memory* out,
                                   tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{info, "info"}}); !s.ok()) return s;
    const auto memory = element(info->info().memory, index, "memory estimate");
    if (!memory.ok()) return memory.status();
    const tritium::MemoryEstimate& m = **memory;
    return give({.size = sizeof(tritium_memory),
                 .backend = m.backend.c_str(),
                 .weight_bytes = m.weight_bytes,
                 .kv_bytes_per_token = m.kv_bytes_per_token,
                 .work_bytes = m.work_bytes},
                out, "tritium_memory");
  });
}

tritium_status tritium_info_tensor(const tritium_info* info, uint64_t index, tritium_tensor* out,
                                   tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{info, "info"}}); !s.ok()) return s;
    const auto tensor = element(info->info().tensors, index, "tensor");
    if (!tensor.ok()) return tensor.status();
    const tritium::ModelTensor& t = **tensor;
    return give({.size = sizeof(tritium_tensor),
                 .name = t.name.c_str(),
                 .type = t.type.c_str(),
                 .shape = t.shape.data(),
                 .n_dims = t.shape.size(),
                 .bytes = t.bytes},
                out, "tritium_tensor");
  });
}

const char* tritium_info_warning(const tritium_info* info, uint64_t index) {
  return info && index < info->info().warnings.size() ? info->info().warnings[index].c_str() : nullptr;
}

void tritium_info_release(tritium_info* info) { delete info; }
}
