#include <iostream>
#include <tritium/tritium.hpp>

int main() {
  auto runtime = tritium::Runtime::create({.backend = "auto"});
  if (!runtime.ok()) return std::cerr << runtime.message() << '\n', 1;
  auto model = runtime->load("model.gguf");
  if (!model.ok()) return std::cerr << model.message() << '\n', 1;
  auto session = model->create_session();
  auto prompt = model->tokenize("Once upon a time");
  if (!session.ok() || !prompt.ok()) return 1;
  auto result = session->generate(*prompt, {.max_tokens = 60}, [](const tritium::GeneratedToken& token) {
    std::cout << token.text << std::flush;
    return true;  // false stops
  });
  return result.ok() ? 0 : 1;
}
