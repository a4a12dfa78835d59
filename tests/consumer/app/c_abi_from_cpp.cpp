// The C ABI from C++: what the shared library gives a C++ program.
#include <tritium/training.h>
#include <tritium/tritium.h>

#include <iostream>
#include <memory>
#include <string_view>
#include <vector>

template <auto kRelease>
struct Release {
  void operator()(auto* handle) const { kRelease(handle); }
};
using Runtime = std::unique_ptr<tritium_runtime, Release<tritium_runtime_release>>;
using Model = std::unique_ptr<tritium_model, Release<tritium_model_release>>;
using Session = std::unique_ptr<tritium_session, Release<tritium_session_release>>;

int main() {
  tritium_error error{.size = sizeof error};
  tritium_runtime* runtime = nullptr;
  tritium_model* model = nullptr;
  tritium_session* session = nullptr;
  const auto failed = [&](tritium_status status) {
    if (status != TRITIUM_OK) std::cerr << error.message << '\n';
    return status != TRITIUM_OK;
  };
  if (failed(tritium_runtime_create(nullptr, &runtime, &error))) return 1;
  const Runtime keep_runtime(runtime);
  if (failed(tritium_model_load(runtime, "model.gguf", nullptr, &model, &error))) return 1;
  const Model keep_model(model);
  if (failed(tritium_session_create(model, nullptr, &session, &error))) return 1;
  const Session keep_session(session);
  const std::string_view text = "Once upon a time";
  uint64_t n = 0;
  (void)tritium_tokenize(model, text.data(), text.size(), nullptr, 0, &n, nullptr);
  std::vector<int32_t> prompt(n);
  if (failed(tritium_tokenize(model, text.data(), text.size(), prompt.data(), n, &n, &error))) return 1;
  const auto print = [](void*, const tritium_token* token) -> int32_t {
    std::cout.write(token->text, static_cast<std::streamsize>(token->text_size));
    return 0;
  };
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.max_tokens = 60;
  return failed(tritium_session_generate(session, prompt.data(), n, &options, print, nullptr, nullptr, &error)) ? 1 : 0;
}
