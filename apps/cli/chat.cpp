// tritium chat: a conversation, on a terminal or over pipes.
#include <csignal>
#include <cstring>
#include <filesystem>

#include "cli/chat_options.h"
#include "cli/commands.h"
#include "cli/conversation.h"
#include "cli/line_reader.h"
#include "cli/model_options.h"
#include "cli/printable.h"
#include "cli/sampling_options.h"
#include "cli/system.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

constexpr const char* kHelp =
    "Each line is a message. For one of several lines begin with \"\"\" and end with \"\"\", or end a line with \\.\n"
    "  /system TEXT  the system message; without TEXT: shows it        /reset      forgets the conversation, not the "
    "system message\n"
    "  /regen        another answer to the last message                /undo       takes back the last message and its "
    "answer\n"
    "  /save FILE    the conversation as JSON                          /load FILE  goes on with one\n"
    "  /help         this                                              /exit       ends (so do Ctrl-D, and Ctrl-C "
    "twice)\n"
    "Ctrl-C stops an answer. A message that begins with / is written with //.\n";

struct Options {
  ModelOptions model;
  TemplateOptions render;
  GenerateOptions generate{.max_tokens = 2048};
  int64_t context = 0;
  std::string system;
  std::string history;
  std::string think;
};

volatile std::sig_atomic_t g_stops = 0;  // how often Ctrl-C was pressed on a terminal

void on_stop(int) { g_stops = g_stops + 1; }

// On a terminal Ctrl-C stops an answer (until there is something to answer with, it ends the program); elsewhere it
// ends the program, as other signals do everywhere.
void catch_stops() { catch_ctrl_c(on_stop); }

class Chat {
 public:
  Chat(Options options, Conversation conversation, std::string backend)
      : options_(std::move(options)), conversation_(std::move(conversation)), backend_(std::move(backend)) {}

  int run();

 private:
  enum class Input { message, nothing, end };

  Input read_message(std::string& message);
  LineReader::Got next_line(std::string& line, const char* prompt);
  bool read_more(std::string& message);
  Status command(const std::string& line);
  Status answer_to(const std::string& message);
  Status answer();
  void show(std::string_view text, bool thought);
  void show_figures(const Generation& generation);
  bool stopped() const { return interrupted() || g_stops != stops_; }
  void note(const std::string& text) const { std::fprintf(stderr, "%s\n", printable(text).c_str()); }
  void keep_history();

  Options options_;
  Conversation conversation_;
  std::string backend_;
  LineReader lines_;
  const bool typing_ = is_terminal(Stream::input);
  const bool terminal_ = is_terminal(Stream::output);
  bool ended_ = false;
  bool dimmed_ = false;
  bool shown_ = false;  // something of this answer, other than white space before it
  bool failed_ = false;
  // Ctrl-C counts from before the prompt is shown: pressed at once, or while an answer is being prepared, it holds.
  int stops_ = 0;
  bool stopped_at_prompt_ = false;  // by Ctrl-C, and nothing was typed since
  uint64_t answers_ = 0;
};

LineReader::Got Chat::next_line(std::string& line, const char* prompt) {
  if (typing_) {
    if (terminal_) {
      print(prompt);
    } else {
      std::fputs(prompt, stderr);
    }
  }
  return lines_.next(line, [&] { return stopped(); });
}

// Lines up to the end of a block. False: it was given up.
bool Chat::read_more(std::string& message) {
  constexpr std::string_view kBlock = "\"\"\"";
  std::string line;
  if (message.starts_with(kBlock)) {
    message.erase(0, kBlock.size());
    while (!message.ends_with(kBlock)) {
      if (next_line(line, "... ") != LineReader::Got::line) return false;
      message += (message.empty() ? "" : "\n") + line;
    }
    message.resize(message.size() - kBlock.size());
    if (message.ends_with('\n')) message.pop_back();
    return true;
  }
  while (message.ends_with('\\')) {
    message.back() = '\n';
    if (next_line(line, "... ") != LineReader::Got::line) return false;
    message += line;
  }
  return true;
}

Chat::Input Chat::read_message(std::string& message) {
  stops_ = g_stops;
  const LineReader::Got got = next_line(message, "> ");
  if (got == LineReader::Got::end) {
    if (typing_) note("");
    return Input::end;
  }
  if (got == LineReader::Got::interrupted) {
    if (interrupted() || std::exchange(stopped_at_prompt_, true)) return Input::end;
    note("\n(Ctrl-C again, Ctrl-D or /exit ends)");
    return Input::nothing;
  }
  stopped_at_prompt_ = false;
  if (!read_more(message)) {
    if (g_stops != stops_) note("");
    return interrupted() ? Input::end : Input::nothing;
  }
  return message.find_first_not_of(" \t\r\n") == std::string::npos ? Input::nothing : Input::message;
}

// On a terminal thoughts are dim or hidden; elsewhere they are text, or hidden.
void Chat::show(std::string_view text, bool thought) {
  if (thought && options_.think == "hide") return;
  std::string piece(text);
  if (!shown_ && !thought) piece.erase(0, std::min(piece.find_first_not_of(" \n"), piece.size()));
  if (piece.empty()) return;
  shown_ = shown_ || !thought;
  if (!terminal_) {
    print(piece);
    return;
  }
  const bool dim = thought && options_.think == "dim";
  if (dim != dimmed_) print(dim ? "\x1b[2m" : "\x1b[0m\n");
  dimmed_ = dim;
  print(printable(piece));
}

void Chat::show_figures(const Generation& generation) {
  if (dimmed_) print("\x1b[0m");
  dimmed_ = false;
  print("\n");
  if (generation.stop == StopReason::context_full)
    note("(the context is full: /reset begins anew, --context takes more)");
  else if (generation.stop == StopReason::max_tokens)
    note("(" + std::to_string(options_.generate.max_tokens) + " tokens: -n takes more)");
  if (!terminal_) return;
  print_format("\x1b[2m[%lld + %zu tokens, first after %.2f s, %.1f tokens/s, %s%s]\x1b[0m\n",
               static_cast<long long>(generation.prompt_tokens), generation.tokens.size(),
               generation.seconds_to_first_token, generation.tokens_per_second, backend_.c_str(),
               (seed_figure(generation, options_.generate.sampler) + guess_figures(generation)).c_str());
}

Status Chat::answer() {
  GenerateOptions generate = options_.generate;
  // Another answer to the same message is another one.
  if (generate.sampler.seed != kRandomSeed) generate.sampler.seed += answers_++;
  generate.keep_going = [&] { return !stopped(); };
  shown_ = false;
  const Result<Generation> generation = conversation_.answer(
      generate,
      [&](const ChatReply& part) {
        show(part.reasoning_content, true);
        show(part.content, false);
        if (!part.tool_calls.empty()) show((shown_ ? "\n" : "") + part.tool_calls, false);
        return generate.keep_going();
      },
      [&](size_t n) {
        note("(the context is too short for all of it: the oldest " + std::to_string(n) +
             " messages are left out from here on)");
      });
  if (!generation.ok()) {
    if (dimmed_) print("\x1b[0m");
    dimmed_ = false;
    return generation.status();
  }
  show_figures(*generation);
  return Status();
}

Status Chat::answer_to(const std::string& message) {
  conversation_.messages.push_back({.role = "user", .content = message});
  Status status = answer();
  if (!status.ok()) conversation_.undo();
  return status;
}

Status Chat::command(const std::string& line) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string name = line.substr(0, space);
  const std::string rest = space < line.size() ? line.substr(space + 1) : "";
  if (name == "/exit" || name == "/quit") {
    ended_ = true;
  } else if (name == "/help") {
    note(kHelp);
  } else if (name == "/reset") {
    conversation_.reset();
  } else if (name == "/undo") {
    if (!conversation_.undo()) note("(there is no message to take back)");
  } else if (name == "/regen") {
    if (conversation_.retract_answer()) return answer();
    note("(there is no message to answer)");
  } else if (name == "/system") {
    if (!rest.empty()) conversation_.set_system(rest);
    const std::string* system = conversation_.system();
    note(system ? "(system: " + *system + ")" : "(there is no system message)");
  } else if (name == "/save" && !rest.empty()) {
    return save_messages(rest, conversation_.messages);
  } else if (name == "/load" && !rest.empty()) {
    Result<std::vector<ChatMessage>> messages = load_messages(rest);
    if (!messages.ok()) return messages.status();
    conversation_.reset();
    conversation_.messages = *std::move(messages);
    note("(" + std::to_string(conversation_.messages.size()) + " messages)");
  } else {
    note(name == "/save" || name == "/load" ? "(" + name + " needs the name of a file)"
                                            : "(there is no " + name + "; /help says what there is)");
  }
  return Status();
}

void Chat::keep_history() {
  if (options_.history.empty()) return;
  const Status saved = save_messages(options_.history, conversation_.messages);
  if (saved.ok()) return;
  report(saved);
  failed_ = true;
}

int Chat::run() {
  if (typing_) note("Talk to " + options_.model.model + " (" + backend_ + "); /help says more.");
  std::string message;
  while (!ended_) {
    message.clear();
    const Input input = read_message(message);
    if (input == Input::end) break;
    if (input == Input::nothing) continue;
    const bool escaped = message.starts_with("//");
    const bool told = message.starts_with('/') && !escaped;
    const Status status = told ? command(message) : answer_to(escaped ? message.substr(1) : message);
    if (status.ok()) {
      keep_history();  // whatever ends the program: what was said until now is there
      continue;
    }
    if (interrupted()) break;
    // What was stopped before its first token is no error.
    if (status.code() == StatusCode::cancelled) {
      note("(stopped)");
      continue;
    }
    report(status);
    failed_ = failed_ || !typing_;  // a script is told at the end
  }
  if (lines_.problem() != 0) {
    report(Status(StatusCode::io_error, std::string("standard input: ") + std::strerror(lines_.problem())));
    failed_ = true;
  }
  keep_history();
  return leave(failed_ ? kFailed : kOk);
}

// Before the conversation, not after it.
Status check_history(const std::string& path) {
  if (path.empty()) return Status();
  const std::string problem = why_not_beside(path);
  if (problem.empty()) return Status();
  return Status(StatusCode::io_error, path + ": the conversation could not be saved there: " + problem);
}

int chat(Options options) {
  if (const Status sampling = check_sampling(options.generate); !sampling.ok()) return report(sampling);
  catch_interrupt();
  if (const Status history = check_history(options.history); !history.ok()) return report(history);
  Result<ChatOptions> render = chat_options(options.render);
  if (!render.ok()) return report(render.status());
  std::vector<ChatMessage> messages;
  std::error_code absent;
  if (!options.history.empty() && std::filesystem::exists(path_of(options.history), absent)) {
    Result<std::vector<ChatMessage>> loaded = load_messages(options.history);
    if (!loaded.ok()) return report(loaded.status());
    messages = *std::move(loaded);
  }
  Result<LoadedModel> loaded = load(options.model);
  if (!loaded.ok()) return report(loaded.status());
  const Model& model = loaded->model;
  if (!model.info().has_tokenizer)
    return report(Status(StatusCode::unsupported,
                         model.info().path + ": chat needs a tokenizer: " + model.info().tokenizer_problem));
  if (!model.has_chat_template() && render->chat_template.empty()) {
    const std::vector<ChatMessage> one = {{.role = "user", .content = "a"}};
    return report(model.format_chat(one, *render).status().within(model.info().path));
  }
  Result<Session> session = model.create_session(
      {.context = options.context, .activations = options.model.activations, .kv = options.model.kv});
  if (!session.ok()) return report(session.status());
  Conversation conversation(model, *std::move(session), *std::move(render));
  conversation.messages = std::move(messages);
  if (!options.system.empty()) conversation.set_system(options.system);
  if (options.think.empty()) options.think = "dim";
  if (is_terminal(Stream::input)) catch_stops();
  return Chat(std::move(options), std::move(conversation), loaded->runtime.backend()).run();
}

}  // namespace

void add_chat(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("chat", "talk to a model through its chat template");
  auto options = std::make_shared<Options>();
  add_model_options(*command, options->model);
  command->add_option("--system", options->system, "what the model is told first");
  command->add_option("--history", options->history,
                      "JSON file of the conversation: gone on with, and saved after each answer");
  command
      ->add_option("--think", options->think,
                   "what it thinks first, as its template marks it: show | dim (on a terminal; default) | hide")
      ->check(CLI::IsMember({"show", "dim", "hide"}));
  command->add_option("-n,--max-tokens", options->generate.max_tokens, "tokens of an answer at most")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
      ->capture_default_str();
  add_sampling_options(*command, options->generate);
  command->add_option("--context", options->context, "tokens of context; 0: the model's, at most 4096")
      ->capture_default_str();
  add_template_options(*command, options->render);
  command->footer(std::string("On a terminal:\n") + kHelp +
                  "Over a pipe each line is a message, and stdout gets the answers alone.\n"
                  "Examples:\n"
                  "  tritium chat model.gguf --system \"Be brief.\" --history talk.json\n"
                  "  echo \"What is 1 + 1?\" | tritium chat model.gguf --temp 0 --think hide");
  command->callback([=, &action] { action = [options] { return chat(*options); }; });
}

}  // namespace tritium::cli
