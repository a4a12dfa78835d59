#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/chat_options.h"
#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/print_profile.h"
#include "cli/printable.h"
#include "cli/sampling_options.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "cli/token_work.h"

namespace tritium::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  GenerateOptions generate;
  int64_t context = 0;
  std::string prompt;
  std::string tokens;
  bool has_tokens = false;
  bool chat = false;
  std::string system;
  TemplateOptions render;
  bool json = false;
};

const char* name_of(StopReason reason) {
  switch (reason) {
    case StopReason::end_of_text: return "end_of_text";
    case StopReason::max_tokens: return "max_tokens";
    case StopReason::context_full: return "context_full";
    case StopReason::cancelled: return "cancelled";
    case StopReason::stop_text: return "stop_text";
  }
  return "?";
}

// The prompt as what a user says.
Result<std::vector<int32_t>> chat_tokens(const RunOptions& options, const Model& model) {
  const Result<ChatOptions> render = chat_options(options.render);
  if (!render.ok()) return render.status();
  std::vector<ChatMessage> messages;
  if (!options.system.empty()) messages.push_back({.role = "system", .content = options.system});
  messages.push_back({.role = "user", .content = options.prompt});
  const Result<ChatPrompt> prompt = model.format_chat(messages, *render);
  if (!prompt.ok()) return prompt.status();
  if (!model.info().has_tokenizer) return model.tokenize(prompt->text);  // says why there is none
  return prompt->tokens;
}

// Token ids as given, or the prompt's; without either the beginning-of-text token alone.
Result<std::vector<int32_t>> prompt_tokens(const RunOptions& options, const Model& model) {
  if (options.has_tokens) return parse_tokens(options.tokens);
  if (options.chat) return chat_tokens(options, model);
  if (!options.prompt.empty()) return model.tokenize(options.prompt);
  if (model.begin_of_text() < 0)
    return Status(StatusCode::invalid_argument,
                  "the model names no beginning-of-text token; give a prompt or --tokens");
  return std::vector<int32_t>{model.begin_of_text()};
}

nlohmann::json to_json(const Generation& g, const std::string& text, const std::string& backend) {
  return {{"text", text},
          {"tokens", g.tokens},
          {"prompt_tokens", g.prompt_tokens},
          {"stop", name_of(g.stop)},
          {"stop_text", g.stop_text},
          {"seed", g.seed},
          {"slides", g.slides},
          {"guessed", g.guessed},
          {"accepted", g.accepted},
          {"seconds_to_first_token", g.seconds_to_first_token},
          {"tokens_per_second", g.tokens_per_second},
          {"backend", backend}};
}

nlohmann::json log_probabilities_json(const GeneratedToken& token) {
  nlohmann::json most_probable = nlohmann::json::array();
  for (const TokenLogProbability& one : token.most_probable)
    most_probable.push_back({{"token", one.id}, {"log_probability", one.log_probability}});
  return {{"token", token.id}, {"log_probability", token.log_probability}, {"most_probable", most_probable}};
}

// What the processor or the device can do on which the operations of a profile ran.
ProfileLimits limits_of(const RunOptions& options, const LoadedModel& loaded) {
  ProfileLimits limits;
  const std::string backend = loaded.runtime.backend();
  constexpr std::string_view kVulkan = "vulkan:";
  if (!options.model.debug.profile || (backend != "cpu" && !backend.starts_with(kVulkan))) return limits;
  for (const MemoryEstimate& memory : loaded.model.info().memory)
    limits.weight_bytes = std::max(limits.weight_bytes, memory.weight_bytes);
  const Result<std::vector<MachineLimit>> measured =
      backend == "cpu" ? machine_limits(options.model.runtime.threads, keep_going)
                       : device_limits(std::stoi(backend.substr(kVulkan.size())), keep_going);
  if (measured.ok()) limits.limits = *measured;
  return limits;
}

// The token that was to be captured was one of those that were evaluated: the prompt's last, and each written one but
// the last, behind which nothing is asked.
Status captured(const RunOptions& options, const Generation& g) {
  const DebugOptions& debug = options.model.debug;
  const size_t evaluated = g.tokens.size() + (g.stop == StopReason::end_of_text ? 1 : 0);
  if (debug.capture_file.empty() || evaluated >= static_cast<size_t>(debug.capture_token)) return Status();
  return Status(StatusCode::not_found, debug.capture_file + " was not written: the text ended (" + name_of(g.stop) +
                                           ") after " + std::to_string(evaluated) + " tokens, and --capture-token is " +
                                           std::to_string(debug.capture_token));
}

int run(RunOptions options) {
  if (const Status sampling = check_sampling(options.generate); !sampling.ok()) return report(sampling);
  if (options.prompt == "-") {
    Result<std::string> text = read_text("-", say_waiting("-"));
    if (!text.ok()) return report(text.status());
    options.prompt = *std::move(text);
  }
  // Of a file that a shell wrote into the command line; of standard input it is gone already.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (options.prompt.starts_with(kByteOrderMark)) options.prompt.erase(0, kByteOrderMark.size());
  catch_interrupt();  // waiting for somebody to type is interrupted as usual
  const Result<LoadedModel> loaded = load(options.model);
  if (!loaded.ok()) return report(loaded.status());
  const Model& model = loaded->model;
  const Result<std::vector<int32_t>> prompt = prompt_tokens(options, model);
  if (!prompt.ok()) return report(prompt.status());
  Result<Session> session = model.create_session({.context = options.context,
                                                  .activations = options.model.activations,
                                                  .kv = options.model.kv,
                                                  .keep_going = keep_going});
  if (!session.ok()) return report(session.status());

  std::string text;
  bool readers = true;
  const bool terminal = is_terminal(Stream::output);
  const bool has_text = model.info().has_tokenizer;
  options.generate.keep_going = keep_going;
  TokenWork work(loaded->runtime, options.generate.guess > 0);
  nlohmann::json log_probabilities = nlohmann::json::array();
  const Result<Generation> result = session->generate(*prompt, options.generate, [&](const GeneratedToken& token) {
    if (options.model.debug.profile && token.id >= 0) work.note();
    if (options.generate.log_probabilities > 0 && token.id >= 0)
      log_probabilities.push_back(log_probabilities_json(token));
    const std::string piece = has_text ? std::string(token.text) : std::to_string(token.id) + " ";
    text += piece;
    if (!options.json && !piece.empty()) readers = print(terminal ? printable(piece) : piece);
    return readers && !interrupted();
  });
  if (!result.ok()) {
    if (!options.json && !text.empty()) print("\n");
    return report(result.status());
  }
  const std::vector<ProfileEntry> profile = loaded->runtime.profile();
  const ProfileLimits limits = limits_of(options, *loaded);
  const std::vector<FusionChoice> fusions =
      options.model.debug.profile ? loaded->runtime.fusions() : std::vector<FusionChoice>();
  if (options.json) {
    nlohmann::json written = to_json(*result, text, loaded->runtime.backend());
    if (options.generate.log_probabilities > 0) written["log_probabilities"] = log_probabilities;
    if (options.model.debug.profile) {
      written["profile"] = profile_json(profile, limits);
      written["per_token"] = work.json();
      written["fusions"] = fusions_json(fusions);
    }
    print_json(written);
  } else if (readers) {
    print("\n");
  }
  std::fprintf(stderr, "%s: %lld + %zu tokens, first after %.3f s, then %.1f tokens/s (%s)%s\n",
               loaded->runtime.backend().c_str(), static_cast<long long>(result->prompt_tokens), result->tokens.size(),
               result->seconds_to_first_token, result->tokens_per_second, name_of(result->stop),
               (seed_figure(*result, options.generate.sampler) + guess_figures(*result)).c_str());
  print_profile(profile, limits);
  print_fusions(fusions);
  if (const Status status = captured(options, *result); !status.ok()) return report(status);
  return result->stop == StopReason::cancelled ? leave(kOk) : kOk;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("run", "write text");
  auto options = std::make_shared<RunOptions>();
  add_model_options(*command, options->model);
  auto* prompt = command->add_option("-p,--prompt", options->prompt,
                                     "text to continue; \"\": from the beginning-of-text token; -: stdin");
  auto* tokens =
      command->add_option("--tokens", options->tokens, "token ids to continue, instead of a text: \"1 403 7\"");
  prompt->excludes(tokens);
  auto* chat =
      command->add_flag("--chat", options->chat, "the prompt is what a user says: through the model's chat template");
  chat->excludes(tokens);
  command->add_option("--system", options->system, "with --chat: what the model is told first")->needs(chat);
  add_template_options(*command, options->render);
  command->add_option("-n,--max-tokens", options->generate.max_tokens, "tokens to write at most")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
      ->capture_default_str();
  add_sampling_options(*command, options->generate);
  command->add_option("--context", options->context, "tokens of context; 0: the model's, at most 4096")
      ->capture_default_str();
  command->add_option("--compare", options->model.debug.compare_with,
                      "run this backend beside, operation by operation; stop at the first difference");
  command->add_option("--dump-dir", options->model.debug.compare_dump_dir, "where --compare leaves differing tensors")
      ->capture_default_str();
  command->add_option("--capture", options->model.debug.capture_file,
                      "write a RenderDoc capture of one token (vulkan)");
  command
      ->add_option("--capture-token", options->model.debug.capture_token,
                   "with --capture: which of the tokens that are evaluated alone; 1 is the prompt's last, and from 2 "
                   "on recorded "
                   "commands run again")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  command->add_flag(
      "--profile", options->model.debug.profile,
      "show how long each operation took, and the fraction of what this machine can do; slower. With --json "
      "also what a token cost: dispatches, barriers, … of a GPU, time of the host; and which of a GPU's operations run "
      "as one, and why");
  auto* json = command->add_flag("--json", options->json, "a JSON object on stdout instead of streamed text");
  command
      ->add_option(
          "--logprobs", options->generate.log_probabilities,
          "with --json: each token's log-probability, and those of the N most probable ones, before any option "
          "of sampling; at most 64")
      ->check(CLI::Range(int64_t{1}, int64_t{64}))
      ->needs(json);
  command->footer(
      "Examples:\n"
      "  tritium run model.gguf -p \"Once upon a time\" -n 60 --temp 0\n"
      "  tritium run model.gguf --chat -p \"What is 1 + 1?\" --system \"Be brief.\"\n"
      "  tritium run model.gguf -p \"\" --backend vulkan --seed 7\n"
      "  tritium run model.gguf -p \"\" -n 4 --backend cpu --compare reference\n"
      "  tritium run model.gguf -p \"\" -n 20 --backend vulkan --profile\n"
      "  tritium run model.gguf -p \"\" -n 2 --backend vulkan --capture token.rdc --capture-token 2");
  command->callback([=, &action] {
    options->has_tokens = tokens->count() > 0;
    action = [options] { return run(*options); };
  });
}

}  // namespace tritium::cli
