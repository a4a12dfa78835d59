// Speed: kernels by the program tritium-bench, which measures this machine's limits in the same run; models here.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct BenchOptions {
  std::vector<std::string> models;
  std::vector<std::string> backends = {"cpu"};
  Activations activations = Activations::int8;
  int threads = 0;
  int64_t prompt = 128;
  int64_t batch = 0;
  int64_t decode = 64;
  int repeats = 3;
  bool json = false;
};

struct Speed {
  double prompt_tokens_per_second = 0;
  double decode_tokens_per_second = 0;
};

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The best of some repeats: on a shared machine everything else is somebody else's time.
Result<Speed> measure(const Model& model, const BenchOptions& options) {
  const ModelInfo& info = model.info();
  if (info.context_length < 2)
    return Status(StatusCode::unsupported, info.path + ": a context of one token leaves nothing to measure");
  const int64_t context = std::min(info.context_length, options.prompt + options.decode);
  const int64_t n_prompt = std::min(options.prompt, context - 1);
  Result<Session> session =
      model.create_session({.context = context, .activations = options.activations, .batch = options.batch});
  if (!session.ok()) return session.status();
  std::vector<int32_t> prompt;
  for (int64_t i = 0; i < n_prompt; ++i) prompt.push_back(static_cast<int32_t>((i * 7 + 1) % info.vocab_size));
  Speed best;
  Status status;
  for (int r = 0; r <= options.repeats && status.ok(); ++r) {
    status = session->rewind(0);
    const double prompt_time = seconds([&] {
      if (status.ok()) status = session->evaluate(prompt, keep_going).status();
    });
    const double decode_time = seconds([&] {
      for (int64_t i = n_prompt; i < context && status.ok(); ++i)
        status = session->evaluate(std::span(prompt).first(1), keep_going).status();
    });
    if (r == 0) continue;  // warms caches and pipelines
    best.prompt_tokens_per_second =
        std::max(best.prompt_tokens_per_second, static_cast<double>(n_prompt) / prompt_time);
    best.decode_tokens_per_second =
        std::max(best.decode_tokens_per_second, static_cast<double>(context - n_prompt) / decode_time);
  }
  if (!status.ok()) return status;
  return best;
}

int bench_models(const BenchOptions& options) {
  catch_interrupt();
  json results = json::array();
  for (const std::string& path : options.models) {
    double first = 0;
    for (const std::string& backend : options.backends) {
      ModelOptions model;
      model.model = path;
      model.runtime.backend = backend;
      model.runtime.threads = options.threads;
      const Result<LoadedModel> loaded = load(model);
      const Result<Speed> speed = loaded.ok() ? measure(loaded->model, options) : loaded.status();
      if (speed.code() == StatusCode::cancelled && options.json) print_json(results);  // what was measured
      if (!speed.ok()) return report(speed.status());
      if (first == 0) first = speed->decode_tokens_per_second;
      const double ratio = speed->decode_tokens_per_second / first;
      results.push_back({{"model", path},
                         {"backend", loaded->runtime.backend()},
                         {"prompt_tokens_per_second", speed->prompt_tokens_per_second},
                         {"decode_tokens_per_second", speed->decode_tokens_per_second},
                         {"decode_ratio_to_first_backend", ratio}});
      if (!options.json)
        print_format("%-40s %-10s prompt %9.1f tokens/s   decode %8.1f tokens/s   x%.2f\n",
                     std::filesystem::path(path).filename().c_str(), loaded->runtime.backend().c_str(),
                     speed->prompt_tokens_per_second, speed->decode_tokens_per_second, ratio);
    }
  }
  if (options.json) print_json(results);
  return kOk;
}

// Replaces this process by the kernel benchmark that is built beside it, which gets the arguments not known here.
int bench_kernels(bool json_output, const std::vector<std::string>& arguments) {
  std::error_code problem;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", problem);
  const std::string program = (problem ? std::filesystem::path(".") : self.parent_path()) / "tritium-bench";
  std::vector<std::string> words = {program};
  if (json_output) words.push_back("--benchmark_format=json");
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv(words.size() + 1, nullptr);
  for (size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_DFL);  // else the next program ignores them, too
  execv(program.c_str(), argv.data());
  return report(Status(StatusCode::not_found,
                       program + " is not there: it is built when Google Benchmark is installed (libbenchmark-dev)"));
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("bench", "speed of the kernels, or with MODEL… tokens per second");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("MODEL", options->models, "model files; none: kernels against this machine's limits");
  command->add_option("--backend", options->backends, "backends to measure in one run, the first is the ratio's base")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--threads", options->threads, "threads of the cpu backend; 0: all cores")
      ->check(CLI::Range(0, 1024));
  command->add_option("--prompt", options->prompt, "tokens of the prompt")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--batch", options->batch, "tokens of it evaluated at once; 0: as the backend chooses")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  command->add_option("--decode", options->decode, "tokens evaluated one by one")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--repeats", options->repeats, "the best of this many counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_activations(*command, options->activations);
  command->add_flag("--json", options->json, "figures as JSON");
  command->allow_extras();
  command->footer(
      "Examples:\n"
      "  tritium bench\n"
      "  tritium bench --benchmark_filter=gemv     (options of Google Benchmark are for the kernels)\n"
      "  tritium bench model.gguf --backend cpu,reference");
  command->callback([=, &action] {
    const std::vector<std::string> more = command->remaining();
    const bool for_kernels = options->models.empty() && std::all_of(more.begin(), more.end(), [](const auto& word) {
                               return word.starts_with("--benchmark_");
                             });
    if (!more.empty() && !for_kernels) throw CLI::ExtrasError("bench", more);
    action = [=] { return options->models.empty() ? bench_kernels(options->json, more) : bench_models(*options); };
  });
}

}  // namespace tritium::cli
