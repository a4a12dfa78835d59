#include "artifact/tensor_kinds.h"

#include <map>
#include <memory>

#include "format/gguf.h"
#include "model/checked_model.h"
#include "model/tensors.h"

namespace tritium::artifact {
namespace {

Kind kind_of(const TensorSpec& spec) {
  switch (spec.role) {
    case TensorRole::embedding: return Kind::embedding;
    case TensorRole::attention: return Kind::attention;
    case TensorRole::feed_forward: return spec.shape.size() == 3 ? Kind::experts : Kind::feed_forward;
    case TensorRole::router: return Kind::router;
    case TensorRole::norm: return Kind::norm;
    case TensorRole::head: return Kind::head;
    case TensorRole::adapter: break;
  }
  return Kind::other;
}

}  // namespace

Result<std::vector<Kind>> kinds_of_tensors(const std::string& path, const GgufHeader& header) {
  std::vector<Kind> kinds(header.tensors.size(), Kind::other);
  Result<std::unique_ptr<TensorMap>> opened = open_gguf(path, {});
  if (!opened.ok()) return opened.status();
  const Result<CheckedModel> model = CheckedModel::check(std::shared_ptr<const TensorMap>(*std::move(opened)));
  if (!model.ok()) return kinds;
  std::map<std::string, Kind> known;
  for (const TensorSpec& spec : tensor_specs(model->config())) known[spec.name] = kind_of(spec);
  for (size_t i = 0; i < kinds.size(); ++i)
    if (const auto it = known.find(header.tensors[i].name); it != known.end()) kinds[i] = it->second;
  return kinds;
}

}  // namespace tritium::artifact
