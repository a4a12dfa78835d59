#include "model/checked_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "base/format_text.h"
#include "model/tensors.h"

namespace tritium {
namespace {

std::string text_of(const std::vector<int64_t>& shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) s += ',';
    s += std::to_string(shape[i]);
  }
  return s += ']';
}

Status check_rope_factors(const TensorMap& source, const Config& config) {
  const TensorInfo* info = source.find(kRopeFactors);
  if (!info || info->shape == std::vector{config.rope_dims / 2}) return Status();
  return error(StatusCode::corrupt_file, source.source(), ": ", kRopeFactors, " has shape ", text_of(info->shape),
               ", must be [", config.rope_dims / 2, "]");
}

Status check_tensors(const TensorMap& source, const Config& config) {
  std::set<std::string> known = {kRopeFactors};
  std::map<std::string_view, const TensorInfo*> by_name;
  for (const TensorInfo& info : source.tensors()) by_name.emplace(info.name, &info);
  const auto find = [&](const std::string& name) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  };
  for (const TensorSpec& spec : tensor_specs(config)) {
    known.insert(spec.name);
    const TensorInfo* info = find(spec.name);
    if (!info && spec.optional) continue;
    if (!info)
      return error(StatusCode::corrupt_file, source.source(), ": tensor ", spec.name, " ", text_of(spec.shape),
                   " is missing; ", config.architecture, " needs it");
    if (info->shape != spec.shape)
      return error(StatusCode::corrupt_file, source.source(), ": ", spec.name, " has shape ", text_of(info->shape),
                   ", the metadata asks for ", text_of(spec.shape));
    if (spec.exact()) continue;
    const std::string factor = scale_name(spec.name);
    if (const TensorInfo* scale = find(factor); scale && scale->elements() == 1) known.insert(factor);
  }
  for (const TensorInfo& info : source.tensors())
    if (!known.contains(info.name))
      return error(StatusCode::unsupported, source.source(), ": tensor ", info.name, " ", text_of(info.shape),
                   " is not part of a ", config.architecture,
                   " model as implemented here; ignoring it would give wrong text");
  return check_rope_factors(source, config);
}

}  // namespace

std::string scale_name(const std::string& matrix) {
  constexpr std::string_view kSuffix = ".weight";
  return matrix.substr(0, matrix.size() - kSuffix.size()) + ".scale";
}

Result<CheckedModel> CheckedModel::check(std::shared_ptr<const TensorMap> source) {
  Result<Config> config = read_config(*source);
  if (!config.ok()) return config.status();
  if (Status s = check_tensors(*source, *config); !s.ok()) return s;
  return CheckedModel(std::move(source), *std::move(config));
}

Result<CheckedModel> CheckedModel::check(const TensorMap& source) {
  return check(std::shared_ptr<const TensorMap>(std::shared_ptr<const TensorMap>(), &source));
}

}  // namespace tritium
