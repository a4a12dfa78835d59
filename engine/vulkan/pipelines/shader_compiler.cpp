#include "vulkan/pipelines/shader_compiler.h"

#include <cstring>
#include <sstream>
#include <utility>

#include "base/child_process.h"
#include "base/environment.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "base/path.h"

namespace tritium::vulkan {
namespace {

namespace fs = std::filesystem;

// A file of its own, gone at the end.
class TemporaryFile {
 public:
  static Result<TemporaryFile> create() {
    Result<std::string> name = make_temporary_file("tritium-shader-");
    if (!name.ok()) return name.status();
    return TemporaryFile(*std::move(name));
  }
  TemporaryFile(TemporaryFile&& other) noexcept : name_(std::exchange(other.name_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!name_.empty()) static_cast<void>(remove_file(name_));
  }
  const std::string& name() const { return name_; }

 private:
  explicit TemporaryFile(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

// What the compiler said, on one line: "add.comp:14: error: …; add.comp:20: error: …".
std::string on_one_line(const std::string& output) {
  std::string all, line;
  for (std::istringstream lines(output); std::getline(lines, line);)
    if (!line.empty()) all += (all.empty() ? "" : "; ") + line;
  return all;
}

Result<std::vector<uint32_t>> read_words(const std::string& file) {
  const Result<std::string> bytes = read_file(file);
  if (!bytes.ok()) return bytes.status();
  std::vector<uint32_t> words(bytes->size() / sizeof(uint32_t));
  std::memcpy(words.data(), bytes->data(), words.size() * sizeof(uint32_t));
  return words;
}

}  // namespace

Result<CompiledShader> compile_shader(const Kernel& kernel, const fs::path& folder) {
  const std::string named = environment("TRITIUM_GLSLC").value_or("");
  const std::string program = named.empty() ? "glslc" : named;
  const Result<TemporaryFile> output = TemporaryFile::create();
  if (!output.ok()) return output.status();
  const auto options = shader_build().options;
  std::vector<std::string> arguments(options.begin(), options.end());
  if (!kernel.define.empty()) arguments.emplace_back(kernel.define);
  const std::string source = utf8_of(folder / kernel.source);
  for (const std::string& more : {std::string("-I"), utf8_of(folder), std::string("-o"), output->name(), source})
    arguments.push_back(more);

  const Result<ChildResult> done = run_program(program, arguments);
  if (done.code() == StatusCode::not_found)
    return error(StatusCode::not_found, source, " is to be compiled, as it was changed: ", done.message(),
                 " (Debian: apt install glslc; TRITIUM_GLSLC names one elsewhere)");
  if (!done.ok()) return done.status();
  if (done->exit_code != 0)
    return error(StatusCode::invalid_argument, "shader ", kernel.name, " cannot be compiled (", program, ", exit code ",
                 done->exit_code, "): ", on_one_line(done->output));
  Result<std::vector<uint32_t>> words = read_words(output->name());
  if (!words.ok()) return words.status();
  return CompiledShader{.spirv = *std::move(words), .warnings = on_one_line(done->output)};
}

}  // namespace tritium::vulkan
