#include "cli/system.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace tritium::cli {
namespace {

// Descriptors 0 to 2 that the caller closed.
void reserve_standard_descriptors() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(wanted, F_GETFD) != -1) continue;
    // The lowest free descriptor is given: this one.
    if (open("/dev/null", wanted == STDIN_FILENO ? O_WRONLY : O_RDONLY) != wanted) return;
  }
}

int descriptor_of(Stream stream) {
  return stream == Stream::input ? STDIN_FILENO : stream == Stream::output ? STDOUT_FILENO : STDERR_FILENO;
}

}  // namespace

std::string file_name_of(const std::string& path) { return path_of(path).filename().string(); }

std::FILE* open_file(const std::string& path, const char* mode) { return std::fopen(path.c_str(), mode); }

std::string why_not_beside(const std::string& path) {
  const std::filesystem::path folder = path_of(path).parent_path();
  return access(folder.empty() ? "." : folder.c_str(), W_OK) == 0 ? "" : std::strerror(errno);
}

std::vector<std::string> command_line(int argc, char** argv) { return {argv, argv + argc}; }

void set_environment(const char* name, const char* value) { setenv(name, value, 1); }

void begin_process() {
  reserve_standard_descriptors();
  // Shells start what runs in the background of a script with SIGINT ignored. It ends a run there, too, and so it must
  // end one that still waits for its input.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is seen as a failed write,
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a limit on the size of files
}

bool is_terminal(Stream stream) { return isatty(descriptor_of(stream)) != 0; }

// begin_process() puts a descriptor that cannot be written in the place of a closed one.
bool has_stdout() {
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  return flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
}

std::string signal_text(int signal) { return strsignal(signal); }

void catch_ending_signals(OnSignal on_signal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU}) {
    const auto before = std::signal(signal, on_signal);
    // nohup and the like: whoever started the program said that it is not to end by this.
    if (before == SIG_IGN && signal != SIGINT) std::signal(signal, SIG_IGN);
  }
}

void catch_ctrl_c(OnSignal on_signal) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
}

// A terminal that closes sends SIGHUP as often as it likes.
bool comes_repeatedly(int signal) { return signal == SIGHUP; }

void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  raise(signal);  // delivered when the handler returns
}

bool input_is_ready(int milliseconds) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return poll(&input, 1, milliseconds) > 0;
}

long read_input(std::span<char> out) { return read(STDIN_FILENO, out.data(), out.size()); }

}  // namespace tritium::cli
