// What the program asks of the system beside the library: the words it was called with, standard streams, signals, and
// names of files, which are UTF-8 here.
#pragma once

#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tritium::cli {

inline std::filesystem::path path_of(std::string_view utf8) {
  return std::u8string_view(reinterpret_cast<const char8_t*>(utf8.data()), utf8.size());
}
std::string file_name_of(const std::string& path);
// Null with errno.
std::FILE* open_file(const std::string& path, const char* mode);
// Empty, or why no file can be made in the folder of `path`.
std::string why_not_beside(const std::string& path);

// The words in UTF-8; argc and argv are main()'s.
std::vector<std::string> command_line(int argc, char** argv);
// For this process.
void set_environment(const char* name, const char* value);
// Before anything else. What the caller closed of the standard streams is taken, so that no file of ours becomes one of
// them, and what is done with them fails, as it would have; nothing but a failed write tells that a reader went away.
void begin_process();

enum class Stream { input, output, errors };
bool is_terminal(Stream stream);
bool has_stdout();  // false: the caller closed it

// A signal's number as shells count it, and its name for people.
using OnSignal = void (*)(int signal);
std::string signal_text(int signal);
// Those that end a program by default, unless whoever started it said that they should not.
void catch_ending_signals(OnSignal on_signal);
void catch_ctrl_c(OnSignal on_signal);
// May be sent as often as the system likes, and still mean one.
bool comes_repeatedly(int signal);
// As if it had not been caught. Within a handler.
void end_by(int signal);

// Standard input, without the buffer of <cstdio>. Is there something, or the end? Waits for at most so long.
bool input_is_ready(int milliseconds);
// The next bytes; 0: the end; -1 with errno, EINTR and EAGAIN where it may be tried again.
long read_input(std::span<char> out);

}  // namespace tritium::cli
