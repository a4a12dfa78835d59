#include "api/cached_weights.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/cache_folder.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/log.h"
#include "base/path.h"
#include "model/weight_cache.h"
#include "model_files/open_model.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

// Folders that may have the cache, the best first; each with the cache's name there. In a folder of many models the
// name says where the model is.
std::vector<fs::path> cache_files(const std::string& path, const std::string& wanted, std::string_view layout) {
  std::error_code unknown;
  fs::path model = fs::absolute(path_of(path), unknown).lexically_normal();
  if (!model.has_filename()) model = model.parent_path();
  const std::string ending = join('.', layout, ".tritium-cache"), name = utf8_of(model.filename());
  Checksum place;
  place.add(utf8_of(model));
  const std::string in_one_folder = join(name, '-', place.text(), ending);
  if (wanted != "auto") return {path_of(wanted) / path_of(in_one_folder)};
  std::vector<fs::path> files = {fs::is_directory(model, unknown) ? model / path_of("weights" + ending)
                                                                  : model.parent_path() / path_of(name + ending)};
  if (const std::string folder = user_cache_folder(); !folder.empty())
    files.push_back(path_of(folder) / path_of(in_one_folder));
  return files;
}

Result<uint64_t> key_of(const std::string& path, const LoadOptions& options, std::string_view layout) {
  const Result<uint64_t> fingerprint = fingerprint_of_model(path);
  if (!fingerprint.ok()) return fingerprint.status();
  Checksum key;
  key.add(join(*fingerprint, ' ', layout, ' ', options.i2s_interleave_64));
  return key.value();
}

Status write_to_first(const std::vector<fs::path>& files, const std::function<Status(const std::string&)>& write) {
  Status status;
  for (const fs::path& file : files) {
    std::error_code problem;
    fs::create_directories(file.parent_path(), problem);  // where it fails, so does writing
    status = write(utf8_of(file));
    if (status.ok() || status.code() == StatusCode::cancelled) return status;
  }
  return status;
}

}  // namespace

Result<Weights> load_cached_weights(const CheckedModel& model, const std::string& path, const LoadOptions& options,
                                    Backend& backend, const LogSink& log) {
  const std::string_view layout = backend.weight_layout();
  if (options.cache.empty() || layout.empty()) return load_weights(model, backend, options.progress);
  const Result<uint64_t> key = key_of(path, options, layout);
  if (!key.ok()) return key.status();
  const std::vector<fs::path> files = cache_files(path, options.cache, layout);
  for (const fs::path& file : files) {
    const Result<WeightCache> cache = WeightCache::open(utf8_of(file), *key, options.progress);
    if (cache.code() == StatusCode::cancelled) return cache.status();
    Result<Weights> weights = cache.ok() ? restore_weights(model, backend, *cache) : cache.status();
    if (weights.ok()) {
      log_to(log, LogLevel::info, "weights from " + utf8_of(file));
      return weights;
    }
    log_to(log, LogLevel::info,
           weights.code() == StatusCode::not_found ? "no cache: " + utf8_of(file) : weights.message());
  }

  Result<Weights> weights = load_weights(model, backend, options.progress);
  if (!weights.ok()) return weights;
  const Status written = write_to_first(files, [&](const std::string& file) {
    return WeightCache::write(file, *key, *weights, backend, options.progress);
  });
  if (written.code() == StatusCode::cancelled) return written;
  if (!written.ok()) log_to(log, LogLevel::warning, "the cache was not written: " + written.message());
  return weights;
}

}  // namespace tritium
