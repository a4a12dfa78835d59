#include <iostream>
#include <tritium/training.hpp>
#include <tritium/tritium.hpp>

int main() {
  using enum tritium::WeightMode;
  const auto print = [](const tritium::GeneratedToken& token) { return static_cast<bool>(std::cout << token.text); };
  auto runtime = tritium::Runtime::create({.backend = "auto"});
  if (!runtime.ok()) return std::cerr << runtime.message() << '\n', 1;
  auto model = runtime->load("model.gguf");
  if (!model.ok()) return std::cerr << model.message() << '\n', 1;
  auto session = model->create_session();
  auto prompt = model->tokenize("Once");
  if (!session.ok() || !prompt.ok() || !session->generate(*prompt, {.max_tokens = 20}, print).ok()) return 1;

  tritium::TrainOptions options;
  options.model = "model.gguf";
  options.data = {"book.txt"};
  options.steps = 4, options.context = 32, options.batch = 2;
  options.attention = options.feed_forward = lora;
  options.embedding = options.head = options.norms = options.routers = frozen;
  options.export_type = tritium::ExportType::adapter;
  options.output = "adapter.gguf";
  auto report = tritium::train(options);  // the model stays as it is
  if (!report.ok()) return std::cerr << report.message() << '\n', 1;
  std::cout << "\nheld-out loss " << report->first_valid_loss << " -> " << report->valid_loss << '\n';

  auto adapter = model->load_adapter(options.output);
  if (!adapter.ok()) return std::cerr << adapter.message() << '\n', 1;
  if (!session->attach(*adapter, 0.8).ok() || !session->rewind(0).ok()) return 1;
  return session->generate(*prompt, {.max_tokens = 20}, print).ok() ? 0 : 1;
}
