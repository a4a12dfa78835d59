// Where the library's messages go. It prints nothing itself: the application gives a sink, or there is silence.
#pragma once

#include <functional>
#include <string>

namespace tritium {

enum class LogLevel { debug, info, warning, error };

// Called with one line without a newline; may be called from any thread that calls the library.
using LogSink = std::function<void(LogLevel, const std::string&)>;

}  // namespace tritium
