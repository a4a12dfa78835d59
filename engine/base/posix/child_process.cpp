#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/cancel.h"
#include "base/format_text.h"
#include "base/system_error.h"

extern char** environ;

namespace tritium {
namespace {

constexpr size_t kMostOutput = size_t{1} << 20;
constexpr int kAskEveryMs = 50;

struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

// Waited for at the end, whatever happens: nothing of it is left.
struct Child {
  pid_t pid = -1;
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    int ignored = 0;
    wait(ignored);
  }
  // False with errno where the system does not tell, as where the application ignores SIGCHLD.
  bool wait(int& status) {
    pid_t ended = -1;
    do ended = ::waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    pid = -1;
    return ended > 0;
  }
};

// What a child begins with: an empty input, one pipe for both outputs, no signal blocked or ignored.
struct Beginning {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Beginning() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;
  ~Beginning() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  int prepare(int output) {
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int problem = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (const int to : {STDOUT_FILENO, STDERR_FILENO})
      if (problem == 0) problem = posix_spawn_file_actions_adddup2(&files, output, to);
    return problem;
  }
};

Status refused(const std::string& program, int problem) {
  return error(StatusCode::io_error, program, " cannot be run: ", system_message(problem));
}

Status open_pipe(const std::string& program, Descriptor& read_end, Descriptor& write_end) {
  int ends[2];
#if defined(__APPLE__)
  const bool open =
      ::pipe(ends) == 0 && ::fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
#else
  const bool open = ::pipe2(ends, O_CLOEXEC) == 0;
#endif
  if (!open) return refused(program, errno);
  read_end.fd = ends[0], write_end.fd = ends[1];
  return Status();
}

// Until the child, and what it may have started, have closed their ends.
Status read_all(const std::string& program, int fd, std::string& output) {
  std::array<char, 4096> buffer;
  for (;;) {
    if (cancelled()) return cancelled_status(program);
    pollfd ready = {.fd = fd, .events = POLLIN, .revents = 0};
    const int n_ready = ::poll(&ready, 1, kAskEveryMs);
    if (n_ready < 0 && errno != EINTR) return refused(program, errno);
    if (n_ready <= 0) continue;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno != EINTR) return refused(program, errno);
    if (n == 0) return Status();
    if (n > 0) output.append(buffer.data(), std::min(static_cast<size_t>(n), kMostOutput - output.size()));
  }
}

}  // namespace

Result<ChildResult> run_program(const std::string& program, std::span<const std::string> arguments) {
  Descriptor read_end, write_end;
  if (Status s = open_pipe(program, read_end, write_end); !s.ok()) return s;
  Beginning beginning;
  if (const int problem = beginning.prepare(write_end.fd); problem != 0) return refused(program, problem);
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  Child child;
  const int problem =
      ::posix_spawnp(&child.pid, program.c_str(), &beginning.files, &beginning.attributes, argv.data(), environ);
  if (problem != 0) child.pid = -1;
  if (problem == ENOENT)
    return error(StatusCode::not_found, program,
                 program.find('/') == std::string::npos ? ": not in PATH" : ": no such program");
  if (problem != 0) return refused(program, problem);
  write_end.close();

  ChildResult result;
  if (Status s = read_all(program, read_end.fd, result.output); !s.ok()) return s;
  int status = 0;
  if (!child.wait(status)) return refused(program, errno);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  return result;
}

}  // namespace tritium
