// A conversation by a template, and how that template writes what comes back.
#pragma once

#include <string>
#include <string_view>

#include "text/chat_format.h"
#include "text/reply/reply_format.h"
#include "tritium/chat.hpp"

namespace tritium {

struct RenderedChat {
  jinja::Rendered text;
  ReplyFormat format;  // with the conversation's tools
  std::string chat_template;
};

Result<RenderedChat> rendered_chat(const ChatFormat& format, std::string_view messages, const ChatOptions& options);
ReplyFormat reply_format_of(std::string_view chat_template, Json tools);

}  // namespace tritium
