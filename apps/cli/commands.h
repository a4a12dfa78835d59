// The program's subcommands. Each adds itself to the command line and leaves what is to be done when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace tritium::cli {

// Exit codes of the program.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

// Runs the chosen command and gives the exit code.
using Action = std::function<int()>;

void add_bench(CLI::App& app, Action& action);
void add_chat(CLI::App& app, Action& action);
void add_chat_format(CLI::App& app, Action& action);
void add_convert(CLI::App& app, Action& action);
void add_detokenize(CLI::App& app, Action& action);
void add_devices(CLI::App& app, Action& action);
void add_embed(CLI::App& app, Action& action);
void add_eval(CLI::App& app, Action& action);
void add_experiment(CLI::App& app, Action& action);
void add_finetune(CLI::App& app, Action& action);
void add_gpu_report(CLI::App& app, Action& action);
void add_gguf_diff(CLI::App& app, Action& action);
void add_info(CLI::App& app, Action& action);
void add_logits(CLI::App& app, Action& action);
void add_quantize(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_selftest(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);
void add_tokenize(CLI::App& app, Action& action);
void add_tokenizer(CLI::App& app, Action& action);
void add_train(CLI::App& app, Action& action);

}  // namespace tritium::cli
