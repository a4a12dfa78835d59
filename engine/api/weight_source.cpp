#include "api/weight_source.h"

#include "base/format_text.h"
#include "base/input_file.h"
#include "format/gguf.h"

namespace tritium {
namespace {

LoadOptions without_functions(LoadOptions options) {
  options.progress = {};
  options.keep_going = {};
  return options;
}

Result<std::shared_ptr<const CheckedModel>> checked(std::unique_ptr<TensorMap> tensors) {
  Result<CheckedModel> model = CheckedModel::check(std::move(tensors));
  if (!model.ok()) return model.status();
  return std::make_shared<const CheckedModel>(*std::move(model));
}

}  // namespace

Result<WeightSource> WeightSource::at_path(const std::string& path, const LoadOptions& options) {
  WeightSource source;
  source.path_ = path;
  source.options_ = without_functions(options);
  Result<OpenedModel> opened = open_model(path, {.i2s_interleave_64 = options.i2s_interleave_64});
  if (!opened.ok()) return opened.status();
  source.warnings_ = std::move(opened->warnings);
  Result<std::shared_ptr<const CheckedModel>> model = checked(std::move(opened->tensors));
  if (!model.ok()) return model.status();
  source.model_ = *std::move(model);
  const Result<uint64_t> stamp = stamp_of_model(path);
  if (!stamp.ok()) return stamp.status();
  source.stamp_ = *stamp;
  return source;
}

Result<WeightSource> WeightSource::of_descriptor(int descriptor, const LoadOptions& options) {
  if (!options.cache.empty())
    return error(StatusCode::invalid_argument,
                 "a cache is found by the model's path, and a descriptor has none: ", "load it without one");
  WeightSource source;
  source.options_ = without_functions(options);
  source.stays_open_ = true;
  Result<InputFile> file = InputFile::of_descriptor(descriptor);
  if (!file.ok()) return file.status();
  source.path_ = file->path();
  Result<std::unique_ptr<TensorMap>> tensors =
      open_gguf(*std::move(file), {.i2s_interleave_64 = options.i2s_interleave_64});
  if (!tensors.ok()) return tensors.status();
  Result<std::shared_ptr<const CheckedModel>> model = checked(*std::move(tensors));
  if (!model.ok()) return model.status();
  source.model_ = *std::move(model);
  return source;
}

Result<Weights> WeightSource::load_first(const LoadOptions& options, Backend& backend, const LogSink& log) {
  Result<Weights> weights = load_cached_weights(*model_, path_, options, backend, log);
  if (!stays_open_) model_.reset();
  return weights;
}

Status WeightSource::check() const {
  if (stays_open_) return Status();
  const Result<uint64_t> now = stamp_of_model(path_);
  if (!now.ok()) return now.status();
  if (*now == stamp_) return Status();
  return error(StatusCode::invalid_argument, path_, ": has changed since the model was loaded; load the new one");
}

Result<Weights> WeightSource::load_again(Backend& backend, const LogSink& log) const {
  if (stays_open_) return load_weights(*model_, backend, {});
  if (Status s = check(); !s.ok()) return s;
  Result<OpenedModel> opened = open_model(path_, {.i2s_interleave_64 = options_.i2s_interleave_64});
  if (!opened.ok()) return opened.status();
  const Result<std::shared_ptr<const CheckedModel>> model = checked(std::move(opened->tensors));
  if (!model.ok()) return model.status();
  return load_cached_weights(**model, path_, options_, backend, log);
}

}  // namespace tritium
