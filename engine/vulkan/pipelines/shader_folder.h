// Shaders of a folder in place of the embedded ones, to try a kernel without building: TRITIUM_SHADER_DIR. What was
// changed there is compiled when it is first asked for; what was not costs reading its sources, and nothing is
// compiled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/status.hpp"
#include "vulkan/kernel.h"

namespace tritium::vulkan {

class ShaderFolder {
 public:
  // A copy of shaders/, with all of its files. invalid_argument: it is no folder, or no copy.
  static Result<ShaderFolder> open(const std::filesystem::path& folder, LogSink log);

  // What the kernel's source there compiles to; none when neither that nor what it includes differs from what the
  // program was built of (by its SHA-256), or when the kernel is not one of shaders/. Says to the log, as a warning,
  // what it compiled and why. Errors as compile_shader's.
  Result<std::optional<std::vector<uint32_t>>> replacement(const Kernel& kernel) const;

 private:
  ShaderFolder(std::filesystem::path folder, LogSink log) : folder_(std::move(folder)), log_(std::move(log)) {}

  // The first file found changed, by its name below the folder; none: all are what they were.
  Result<std::optional<std::string>> changed_file(const std::string& source) const;

  std::filesystem::path folder_;
  LogSink log_;
};

}  // namespace tritium::vulkan
