#include "format/folder/assemble.h"

#include <algorithm>
#include <array>

#include "base/format_text.h"
#include "format/folder/finish_tensor.h"
#include "format/folder/tensor_names.h"

namespace tritium {
namespace {

// As a GGUF file lists the tensors of a layer.
constexpr std::array<std::string_view, 17> kOrder = {
    "attn_norm",     "attn_q",      "attn_k",       "attn_v",       "attn_q_norm",  "attn_k_norm",
    "attn_sub_norm", "attn_output", "ffn_norm",     "ffn_gate_inp", "ffn_gate",     "ffn_gate_exps",
    "ffn_up",        "ffn_up_exps", "ffn_sub_norm", "ffn_down",     "ffn_down_exps"};
constexpr std::string_view kInputNorm = "_norm_in";  // behind the name of its projection

// The embedding comes first, the last norm and the head last; a projection's own norm stands before it.
std::pair<int64_t, int64_t> order_of(const Draft& draft, int64_t n_layers) {
  if (draft.layer < 0) {
    if (draft.name == "token_embd.weight") return {-1, 0};
    return {n_layers, draft.name == "output.weight" ? 2 : 1};
  }
  const size_t from = draft.name.find('.', 4) + 1;
  std::string_view base = std::string_view(draft.name).substr(from, draft.name.find('.', from) - from);
  const bool input_norm = base.ends_with(kInputNorm);
  if (input_norm) base.remove_suffix(kInputNorm.size());
  return {draft.layer, 2 * (std::ranges::find(kOrder, base) - kOrder.begin()) + (input_norm ? 0 : 1)};
}

Status add(std::map<std::string, Draft>& drafts, const TensorPlace& place, const ShardTensor& tensor) {
  Draft& draft = drafts[place.gguf];
  draft.name = place.gguf;
  draft.layer = place.layer;
  DraftMatrix& matrix = draft.matrices[place.expert];
  matrix.module = place.module;
  matrix.half = place.half;
  matrix.all_experts = place.all_experts;
  const ShardTensor*& part = matrix.parts[static_cast<size_t>(place.part)];
  if (part)
    return error(StatusCode::corrupt_file, tensor.place(), ": means the same as ", part->place(), ", both are ",
                 place.gguf);
  part = &tensor;
  return Status();
}

Result<std::map<std::string, Draft>> sort_by_place(const FolderConfig& config, const Shards& shards) {
  std::map<std::string, Draft> drafts;
  for (const auto& [name, tensor] : shards.tensors) {
    const PlacesOfName places = places_of(name);
    if (!places.known)
      return error(StatusCode::unsupported, tensor.place(), " is not part of a ", config.architecture,
                   " model as known here; ignoring it would give wrong text");
    for (const TensorPlace& place : places.places) {
      if (place.layer >= config.n_layers)
        return error(StatusCode::corrupt_file, tensor.place(), ": num_hidden_layers of config.json is ",
                     config.n_layers);
      if (Status s = add(drafts, place, tensor); !s.ok()) return s;
    }
  }
  return drafts;
}

// Marks the projections that have a norm of their own.
void find_input_norms(std::map<std::string, Draft>& drafts) {
  const std::string end = std::string(kInputNorm) + ".weight";
  for (const auto& [name, norm] : drafts) {
    if (!name.ends_with(end)) continue;
    const auto projection = drafts.find(name.substr(0, name.size() - end.size()) + ".weight");
    if (projection != drafts.end()) projection->second.input_norm = true;
  }
}

void warn_of_head(const FolderConfig& config, bool has_head, std::vector<std::string>& warnings) {
  if (config.tied && has_head)
    warnings.push_back("config.json says that the head is the embedding, but lm_head.weight is there: it is used");
  if (!config.tied && !has_head)
    warnings.push_back(
        "config.json says that the head is not the embedding, but lm_head.weight is missing: the embedding is used");
}

FolderTensor rope_factors(const std::vector<float>& factors) {
  FolderTensor t;
  t.packing = Packing::values;
  t.rows = 1;
  t.cols = static_cast<int64_t>(factors.size());
  t.held = factors;
  t.info = {.name = "rope_freqs.weight", .type = "F32", .shape = {t.cols}, .bytes = factors.size() * sizeof(float)};
  return t;
}

}  // namespace

Result<std::vector<FolderTensor>> assemble(const FolderConfig& config, const Shards& shards,
                                           std::vector<std::string>& warnings) {
  Result<std::map<std::string, Draft>> drafts = sort_by_place(config, shards);
  if (!drafts.ok()) return drafts.status();
  find_input_norms(*drafts);
  warn_of_head(config, drafts->contains("output.weight"), warnings);
  std::vector<const Draft*> order;
  for (const auto& [name, draft] : *drafts) order.push_back(&draft);
  std::ranges::stable_sort(order, {}, [&](const Draft* d) { return order_of(*d, config.n_layers); });
  std::vector<FolderTensor> tensors;
  for (const Draft* draft : order) {
    Result<FolderTensor> tensor = finish_tensor(config, *draft, warnings);
    if (!tensor.ok()) return tensor.status();
    tensors.push_back(*std::move(tensor));
  }
  if (!config.rope_factors.empty()) tensors.push_back(rope_factors(config.rope_factors));
  return tensors;
}

}  // namespace tritium
