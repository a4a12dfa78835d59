#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>
#include <tritium/tritium.hpp>

int main() {
  auto runtime = tritium::Runtime::create({.backend = "auto"});
  if (!runtime.ok()) return std::cerr << runtime.message() << '\n', 1;
  auto model = runtime->load("model.gguf");
  if (!model.ok()) return std::cerr << model.message() << '\n', 1;
  auto session = model->create_session();
  auto prompt = model->tokenize("Once upon a time");
  if (!session.ok() || !prompt.ok()) return 1;
  std::atomic<bool> stop = false;
  std::jthread clock([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    stop = true;
  });
  tritium::GenerateOptions options{.max_tokens = 1000000, .stop_at_end = false};
  options.when_full = tritium::WhenFull::slide;
  options.keep_going = [&stop] { return !stop; };
  auto result = session->generate(*prompt, options, [](const tritium::GeneratedToken& token) {
    std::cout << token.text << std::flush;
    return true;
  });
  if (result.code() == tritium::StatusCode::cancelled) return std::cout << "\nafter 0 tokens: cancelled\n", 0;
  if (!result.ok()) return std::cerr << result.message() << '\n', 1;
  std::cout << "\nafter " << result->tokens.size()
            << " tokens: " << (result->stop == tritium::StopReason::cancelled ? "cancelled" : "whole") << '\n';
}
