#include <iostream>
#include <string>
#include <tritium/tritium.hpp>
#include <vector>

int main() {
  const std::string lines = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";
  auto runtime = tritium::Runtime::create({.backend = "auto"});
  if (!runtime.ok()) return std::cerr << runtime.message() << '\n', 1;
  auto model = runtime->load("model.gguf");
  if (!model.ok()) return std::cerr << model.message() << '\n', 1;
  auto session = model->create_session();
  if (!session.ok()) return std::cerr << session.message() << '\n', 1;
  std::vector<tritium::ChatMessage> messages = {{.role = "system", .content = "Be brief."}};
  for (const char* question : {"What is 1 + 1?", "And twice that?"}) {
    messages.push_back({.role = "user", .content = question});
    auto chat = model->format_chat(messages, {.chat_template = model->has_chat_template() ? "" : lines});
    if (!chat.ok()) return std::cerr << chat.message() << '\n', 1;
    if (!session->rewind(0).ok()) return 1;
    std::string answer;
    auto result = session->generate(chat->tokens, {.max_tokens = 60, .stop = {"\nuser:"}},
                                    [&answer](const tritium::GeneratedToken& token) {
                                      std::cout << token.text << std::flush;
                                      answer += token.text;
                                      return true;
                                    });
    if (!result.ok()) return std::cerr << result.message() << '\n', 1;
    std::cout << '\n';
    messages.push_back({.role = "assistant", .content = answer});
  }
}
