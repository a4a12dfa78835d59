#include "base/child_process.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/cancel.h"
#include "base/format_text.h"
#include "base/system_error.h"
#include "base/windows/handles.h"

namespace tritium {
namespace {

constexpr size_t kMostOutput = size_t{1} << 20;
constexpr DWORD kAskEveryMs = 10;

Status refused(const std::string& program, int problem = last_system_error()) {
  return error(StatusCode::io_error, program, " cannot be run: ", system_message(problem));
}

// As the C runtime of the child takes it apart: a quote is \", and backslashes are doubled before one.
void add_word(std::wstring& line, const std::wstring& word) {
  if (!line.empty()) line += L' ';
  // Programs that take their line apart themselves, as the command interpreter does, look for words without quotes.
  if (!word.empty() && word.find_first_of(L" \t\"") == word.npos) {
    line += word;
    return;
  }
  line += L'"';
  size_t backslashes = 0;
  for (const wchar_t c : word) {
    if (c == L'"') line.append(backslashes + 1, L'\\');
    line += c;
    backslashes = c == L'\\' ? backslashes + 1 : 0;
  }
  line.append(backslashes, L'\\');
  line += L'"';
}

// Where it is; empty: nowhere.
std::wstring place_of_program(const std::string& program) {
  std::wstring path(size_t{1} << 15, L'\0');
  const auto size =
      ::SearchPathW(nullptr, wide(program).c_str(), L".exe", static_cast<DWORD>(path.size()), path.data(), nullptr);
  path.resize(size < path.size() ? size : 0);
  return path;
}

// Those handles alone are the child's.
class Inherited {
 public:
  explicit Inherited(std::span<HANDLE> handles) {
    SIZE_T bytes = 0;
    ::InitializeProcThreadAttributeList(nullptr, 1, 0, &bytes);
    memory_.resize(bytes);
    made_ = ::InitializeProcThreadAttributeList(list(), 1, 0, &bytes) &&
            ::UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles.data(),
                                        handles.size_bytes(), nullptr, nullptr);
  }
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;
  ~Inherited() {
    if (made_) ::DeleteProcThreadAttributeList(list());
  }
  bool made() const { return made_; }
  LPPROC_THREAD_ATTRIBUTE_LIST list() { return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data()); }

 private:
  std::vector<std::byte> memory_;
  bool made_ = false;
};

// Ended with this object, and with it whatever it started, unless it was waited for.
struct Child {
  Handle process, job;
  ~Child() {
    if (!process || ::WaitForSingleObject(process.get(), 0) == WAIT_OBJECT_0) return;
    if (!job || !::TerminateJobObject(job.get(), 1)) ::TerminateProcess(process.get(), 1);
    ::WaitForSingleObject(process.get(), INFINITE);
  }
};

Status start(const std::string& program, const std::wstring& place, std::wstring line, HANDLE input, HANDLE output,
             Child& child) {
  HANDLE handles[] = {input, output};
  for (const HANDLE handle : handles) ::SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  Inherited inherited(handles);
  if (!inherited.made()) return refused(program);
  STARTUPINFOEXW startup = {};
  startup.StartupInfo.cb = sizeof startup;
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  startup.StartupInfo.hStdInput = input;
  startup.StartupInfo.hStdOutput = startup.StartupInfo.hStdError = output;
  startup.lpAttributeList = inherited.list();
  PROCESS_INFORMATION started = {};
  constexpr DWORD kHow = EXTENDED_STARTUPINFO_PRESENT | CREATE_NO_WINDOW | CREATE_SUSPENDED;
  if (!::CreateProcessW(place.c_str(), line.data(), nullptr, nullptr, TRUE, kHow, nullptr, nullptr,
                        &startup.StartupInfo, &started))
    return refused(program);
  child.process = Handle(started.hProcess);
  const Handle thread(started.hThread);
  child.job = Handle(::CreateJobObjectW(nullptr, nullptr));
  if (child.job) ::AssignProcessToJobObject(child.job.get(), child.process.get());
  ::ResumeThread(thread.get());
  return Status();
}

// Until the child, and what it may have started, have closed their ends.
Status read_all(const std::string& program, HANDLE pipe, std::string& output) {
  std::array<char, 4096> buffer;
  for (;;) {
    if (cancelled()) return cancelled_status(program);
    DWORD there = 0, n = 0;
    const bool open = ::PeekNamedPipe(pipe, nullptr, 0, nullptr, &there, nullptr);
    if (open && there == 0) {
      ::Sleep(kAskEveryMs);
      continue;
    }
    if (!open || !::ReadFile(pipe, buffer.data(), buffer.size(), &n, nullptr))
      return ::GetLastError() == ERROR_BROKEN_PIPE ? Status() : refused(program);
    output.append(buffer.data(), std::min<size_t>(n, kMostOutput - output.size()));
  }
}

}  // namespace

Result<ChildResult> run_program(const std::string& program, std::span<const std::string> arguments) {
  const std::wstring place = place_of_program(program);
  if (place.empty())
    return error(StatusCode::not_found, program,
                 program.find_first_of("/\\") == std::string::npos ? ": not in PATH" : ": no such program");
  HANDLE ends[2] = {};
  if (!::CreatePipe(&ends[0], &ends[1], nullptr, 0)) return refused(program);
  const Handle read_end(ends[0]);
  Handle write_end(ends[1]);
  const Handle nothing(open_handle("NUL", {}));
  std::wstring line;
  add_word(line, wide(program));
  for (const std::string& argument : arguments) add_word(line, wide(argument));

  Child child;
  if (Status s = start(program, place, std::move(line), nothing.get(), write_end.get(), child); !s.ok()) return s;
  write_end.close();
  ChildResult result;
  if (Status s = read_all(program, read_end.get(), result.output); !s.ok()) return s;
  DWORD code = 0;
  ::WaitForSingleObject(child.process.get(), INFINITE);
  if (!::GetExitCodeProcess(child.process.get(), &code)) return refused(program);
  result.exit_code = static_cast<int>(code);
  return result;
}

}  // namespace tritium
