// `tritium serve`: options to ServerOptions, what is going on to stderr.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/model_options.h"
#include "cli/printable.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "server/server.h"

namespace tritium::cli {
namespace {

struct ServeChoice {
  ModelOptions machine;
  server::ServerOptions server;
  std::vector<std::string> models, adapters;
  std::string key_file;
  int64_t park_after_s = 600, read_timeout_s = 30, request_timeout_s = 600, stop_timeout_s = 30;
  int64_t body_mib = 4, prompt_cache_mib = 256;
  bool quiet = false, says_key = false;
};

struct NameAndPath {
  std::string name, path;
};

// "NAME=PATH", or a path, whose name is that of the file.
NameAndPath name_and_path(const std::string& word) {
  const size_t equals = word.find('=');
  if (equals != std::string::npos && equals > 0 && word.find('/') > equals)
    return {word.substr(0, equals), word.substr(equals + 1)};
  std::filesystem::path file = path_of(word);
  if (file.filename().empty()) file = file.parent_path();
  std::string name = file_name_of(word.ends_with('/') ? word.substr(0, word.size() - 1) : word);
  if (name.ends_with(".gguf")) name.resize(name.size() - std::string_view(".gguf").size());
  return {name, word};
}

// "NAME=PATH" for the first model, "MODEL:NAME=PATH" for another.
Result<server::NamedAdapter> adapter_of(const std::string& word, const std::string& first_model) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0)
    return Status(StatusCode::invalid_argument, "--adapter \"" + word + "\": say NAME=FILE, or MODEL:NAME=FILE");
  const std::string name = word.substr(0, equals);
  const size_t colon = name.find(':');
  const bool of_first = colon == std::string::npos;
  return server::NamedAdapter{.model = of_first ? first_model : name.substr(0, colon),
                              .name = of_first ? name : name.substr(colon + 1),
                              .path = word.substr(equals + 1)};
}

// No header has a line end or another control character in it, nor a blank at an end.
Result<std::string> sendable(std::string key, const std::string& from) {
  const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
  if (std::ranges::any_of(key, is_control) || key.find_first_of(" \t") == 0 ||
      key.find_last_of(" \t") == key.size() - 1)
    return Status(StatusCode::invalid_argument,
                  from +
                      ": no request could have this key: it has several lines, or a blank or control character that "
                      "no header carries");
  return key;
}

// Not on the command line, which others on the machine see, but where that is asked for.
Result<std::string> key_of(const ServeChoice& choice) {
  if (!choice.key_file.empty()) {
    Result<std::string> text = read_text(choice.key_file, say_waiting(choice.key_file));
    if (!text.ok()) return text.status();
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    if (text->empty()) return Status(StatusCode::invalid_argument, choice.key_file + ": there is no key in it");
    return sendable(*std::move(text), choice.key_file);
  }
  const char* set = std::getenv("TRITIUM_API_KEY");
  const std::string key = choice.says_key || !set ? choice.server.key : std::string(set);
  if (!choice.says_key && !set) return key;
  const std::string from = choice.says_key ? "--api-key" : "TRITIUM_API_KEY";
  if (key.empty())
    return Status(StatusCode::invalid_argument,
                  from + " is empty, and would let everybody in: give a key, or leave it out");
  return sendable(key, from);
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

// "https://example.org:8443", or "*".
bool is_origin(const std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos || scheme == 0) return text == "*";
  return text.size() > scheme + 3 && text.find_first_of("/ \t\r\n?#*", scheme + 3) == std::string::npos;
}

DeviceInfo device_of(const std::string& backend) {
  for (DeviceInfo& device : list_devices())
    if (device.backend == backend) return device;
  DeviceInfo unknown;
  unknown.backend = backend;
  return unknown;
}

int serve(ServeChoice choice) {
  catch_interrupt();
  Result<std::string> key = key_of(choice);
  if (!key.ok()) return report(key.status());
  server::ServerOptions& options = choice.server;
  if (options.jobs.empty() != options.files.empty())
    return report(Status(StatusCode::invalid_argument, "--jobs and --files are needed together"));
  for (const std::string& origin : options.origins)
    if (!is_origin(origin))
      return report(Status(StatusCode::invalid_argument,
                           "--cors \"" + origin + "\": say an origin without a path, https://example.org, or *"));
  if (key->empty() && !is_loopback(options.host))
    std::fprintf(stderr, "tritium: warning: whoever reaches %s may ask, without a key: give --api-key-file\n",
                 printable(options.host).c_str());
  std::vector<NameAndPath> named;
  for (const std::string& word : choice.models) {
    named.push_back(name_and_path(word));
    if (named.back().path.empty())
      return report(Status(StatusCode::invalid_argument, "MODEL \"" + word + "\": say NAME=MODEL, or a model alone"));
  }
  std::vector<server::NamedAdapter> adapters;
  for (const std::string& word : choice.adapters) {
    Result<server::NamedAdapter> adapter = adapter_of(word, named.front().name);
    if (!adapter.ok()) return report(adapter.status());
    adapters.push_back(*std::move(adapter));
  }
  choice.machine.runtime.log = log_sink(choice.machine.verbose);
  const Result<Runtime> runtime = Runtime::create(choice.machine.runtime);
  if (!runtime.ok()) return report(runtime.status());
  std::vector<server::NamedModel> models;
  for (const NameAndPath& one : named) {
    ModelOptions of_model = choice.machine;
    of_model.model = one.path;
    Result<Model> model = load_into(*runtime, std::move(of_model));
    if (!model.ok()) return report(model.status());
    models.push_back({.name = one.name, .path = one.path, .model = *std::move(model)});
  }
  options.key = *key;
  options.session.activations = choice.machine.activations;
  options.session.kv = choice.machine.kv;
  options.park_after = std::chrono::seconds(choice.park_after_s);
  options.read_timeout = std::chrono::seconds(choice.read_timeout_s);
  options.request_timeout = std::chrono::seconds(choice.request_timeout_s);
  options.stop_timeout = std::chrono::seconds(choice.stop_timeout_s);
  options.body_bytes = static_cast<uint64_t>(choice.body_mib) << 20;
  options.prompt_cache_bytes = static_cast<uint64_t>(choice.prompt_cache_mib) << 20;
  options.device = device_of(runtime->backend());
  options.training_threads = choice.machine.runtime.threads;
  options.load = [&](const std::string& path) { return runtime->load(path, choice.machine.load); };
  options.log = choice.machine.runtime.log;
  if (!choice.quiet)
    options.access_log = [](const std::string& line) { std::fprintf(stderr, "%s\n", printable(line).c_str()); };
  Result<std::unique_ptr<server::Server>> started = server::Server::start(std::move(models), adapters, options);
  if (!started.ok()) return report(started.status());
  const bool ipv6 = options.host.find(':') != std::string::npos;
  std::fprintf(stderr, "tritium: listening on http://%s:%d (%s)\n",
               (ipv6 ? "[" + options.host + "]" : options.host).c_str(), (*started)->port(),
               runtime->backend().c_str());
  (*started)->run(keep_going);
  std::fprintf(stderr, "tritium: stopped\n");
  return kOk;  // it was asked to end, and did
}

void add_limits(CLI::App& command, ServeChoice& choice) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const auto add = [&](const char* name, int64_t& value, int64_t least, int64_t most, const char* help) {
    command.add_option(name, value, help)->check(CLI::Range(least, most))->capture_default_str();
  };
  add("--parallel", choice.server.sessions, 1, 1024,
      "requests of a model that are evaluated together, each with a context of its own");
  add("--context", choice.server.session.context, 0, kMost, "tokens of each context; 0: the model's, at most 4096");
  add("--queue", choice.server.queue, 0, kMost,
      "requests of a model that wait at most; more are told to come back (429)");
  add("--max-tokens", choice.server.max_tokens, 0, kMost,
      "of an answer that says none; 0: what the context has room for");
  add("--prompt-batch", choice.server.batch, 1, 1 << 20, "tokens of prompts between two passes that decode");
  add("--prompt-cache", choice.prompt_cache_mib, 0, 1 << 20,
      "MiB of a model's saved prompts, beside what its sessions hold");
  add("--park-after", choice.park_after_s, 0, kMost,
      "seconds after which an idle model gives its memory back; 0: never");
  add("--connections", choice.server.connections, 1, 65536, "open connections; more are refused (503)");
  add("--max-body", choice.body_mib, 1, 1024, "MiB of a request");
  add("--read-timeout", choice.read_timeout_s, 1, kMost, "seconds for a request to come");
  add("--request-timeout", choice.request_timeout_s, 1, kMost, "seconds for an answer");
  add("--stop-timeout", choice.stop_timeout_s, 0, kMost,
      "seconds for what is under way when the server is told to stop");
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("serve", "an HTTP server that speaks OpenAI's API");
  auto choice = std::make_shared<ServeChoice>();
  command->add_option("MODEL", choice->models, "a model as elsewhere, or NAME=MODEL; several: each by its name")
      ->required();
  add_machine_options(*command, choice->machine);
  command
      ->add_option("--adapter", choice->adapters,
                   "NAME=FILE of the first model, MODEL:NAME=FILE of another: an adapter that requests name MODEL:NAME")
      ->take_all();
  command->add_option("--host", choice->server.host, "the address to listen on")->capture_default_str();
  command->add_option("--port", choice->server.port, "0: any that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  CLI::Option* key =
      command->add_option("--api-key", choice->server.key,
                          "requests must have it: Authorization: Bearer KEY; also in the environment: TRITIUM_API_KEY");
  command->add_option("--api-key-file", choice->key_file, "a file with the key")->excludes(key);
  command->add_option("--cors", choice->server.origins, "an origin whose pages may ask, https://example.org; *: all")
      ->take_all();
  add_limits(*command, *choice);
  command->add_option("--files", choice->server.files, "the folder whose files fine-tuning may read");
  command->add_option("--jobs", choice->server.jobs, "the folder in which fine-tuning jobs are kept");
  command->add_flag("--quiet", choice->quiet, "no line for each request");
  command->footer(
      "Ctrl-C or SIGTERM: no new requests, those under way are finished, then it ends with 0; a second one ends it at "
      "once.\n"
      "Examples:\n"
      "  tritium serve model.gguf\n"
      "  tritium serve small=a.gguf large=b.gguf --adapter small:tuned=adapter.gguf --parallel 16\n"
      "  tritium serve model.gguf --files texts --jobs jobs --host 0.0.0.0 --api-key-file key.txt");
  command->callback([=, &action] {
    choice->says_key = key->count() > 0;
    action = [choice] { return serve(*choice); };
  });
}

}  // namespace tritium::cli
