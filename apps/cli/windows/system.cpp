#include "cli/system.h"

#include <fcntl.h>
#include <io.h>
#include <windows.h>
// after windows.h
#include <shellapi.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace tritium::cli {
namespace {

constexpr int kInput = 0, kOutput = 1, kErrors = 2;  // descriptors of the C runtime
constexpr int kHangUp = 1;                           // SIGHUP elsewhere: the console is closed

int descriptor_of(Stream stream) {
  return stream == Stream::input ? kInput : stream == Stream::output ? kOutput : kErrors;
}

HANDLE handle_of(int descriptor) { return reinterpret_cast<HANDLE>(_get_osfhandle(descriptor)); }

bool is_console(int descriptor) {
  DWORD mode = 0;
  return GetConsoleMode(handle_of(descriptor), &mode) != 0;
}

std::string narrow(const wchar_t* utf16) {
  const int bytes = WideCharToMultiByte(CP_UTF8, 0, utf16, -1, nullptr, 0, nullptr, nullptr);
  std::string text(static_cast<size_t>(bytes), '\0');
  WideCharToMultiByte(CP_UTF8, 0, utf16, -1, text.data(), bytes, nullptr, nullptr);
  text.resize(strlen(text.c_str()));
  return text;
}

// The console calls these in a thread of its own. False: the next one is asked, and the last one ends the process.
volatile OnSignal g_on_ending = nullptr, g_on_ctrl_c = nullptr;
volatile bool g_ends = false;

BOOL WINAPI on_console(DWORD event) {
  const OnSignal on_ctrl_c = g_on_ctrl_c, on_ending = g_on_ending;
  if (event == CTRL_C_EVENT && on_ctrl_c) {
    on_ctrl_c(SIGINT);
    return TRUE;
  }
  if (!on_ending) return FALSE;
  on_ending(event == CTRL_C_EVENT ? SIGINT : event == CTRL_BREAK_EVENT ? SIGTERM : kHangUp);
  if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT) return !g_ends;
  // The system ends the process when this returns, or some seconds later.
  Sleep(INFINITE);
  return FALSE;
}

// A console reads and shows UTF-8, and obeys what terminals elsewhere obey.
void prepare_console() {
  if (is_console(kInput)) SetConsoleCP(CP_UTF8);
  for (const int stream : {kOutput, kErrors}) {
    DWORD mode = 0;
    if (!GetConsoleMode(handle_of(stream), &mode)) continue;
    SetConsoleOutputCP(CP_UTF8);
    SetConsoleMode(handle_of(stream), mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  }
}

}  // namespace

std::string file_name_of(const std::string& path) { return narrow(path_of(path).filename().c_str()); }

std::FILE* open_file(const std::string& path, const char* mode) {
  return _wfopen(path_of(path).c_str(), std::wstring(mode, mode + strlen(mode)).c_str());
}

std::string why_not_beside(const std::string& path) {
  const std::filesystem::path folder = path_of(path).parent_path();
  return _waccess(folder.empty() ? L"." : folder.c_str(), 2) == 0 ? "" : std::strerror(errno);
}

std::vector<std::string> command_line(int, char**) {
  int count = 0;
  wchar_t** const words = CommandLineToArgvW(GetCommandLineW(), &count);
  std::vector<std::string> line;
  for (int i = 0; i < count; ++i) line.push_back(narrow(words[i]));
  LocalFree(words);
  return line;
}

void set_environment(const char* name, const char* value) { _putenv_s(name, value); }

void begin_process() {
  // Without \r before each line end.
  for (const int stream : {kInput, kOutput, kErrors}) _setmode(stream, O_BINARY);
  prepare_console();
}

bool is_terminal(Stream stream) { return is_console(descriptor_of(stream)); }

bool has_stdout() { return _get_osfhandle(kOutput) >= 0; }

std::string signal_text(int signal) {
  return signal == SIGINT ? "Ctrl-C" : signal == SIGTERM ? "Ctrl-Break" : "the end of its console";
}

void catch_ending_signals(OnSignal on_signal) {
  if (!g_on_ending && !g_on_ctrl_c) SetConsoleCtrlHandler(on_console, TRUE);
  g_on_ending = on_signal;
}

void catch_ctrl_c(OnSignal on_signal) {
  if (!g_on_ending && !g_on_ctrl_c) SetConsoleCtrlHandler(on_console, TRUE);
  g_on_ctrl_c = on_signal;
}

bool comes_repeatedly(int signal) { return signal == kHangUp; }

void end_by(int) { g_ends = true; }

bool input_is_ready(int milliseconds) {
  const HANDLE input = handle_of(kInput);
  if (is_console(kInput)) return WaitForSingleObject(input, static_cast<DWORD>(milliseconds)) == WAIT_OBJECT_0;
  if (GetFileType(input) != FILE_TYPE_PIPE) return true;
  constexpr int kAskEveryMs = 10;  // pipes cannot be waited for
  for (int waited = 0; waited < milliseconds; waited += kAskEveryMs) {
    DWORD there = 0;
    if (!PeekNamedPipe(input, nullptr, 0, nullptr, &there, nullptr) || there > 0) return true;
    Sleep(kAskEveryMs);
  }
  return false;
}

long read_input(std::span<char> out) {
  SetLastError(ERROR_SUCCESS);
  const int n = _read(kInput, out.data(), static_cast<unsigned>(out.size()));
  if (n != 0 || GetLastError() != ERROR_OPERATION_ABORTED) return n;
  errno = EINTR;  // Ctrl-C ends the waiting of a console
  return -1;
}

}  // namespace tritium::cli
