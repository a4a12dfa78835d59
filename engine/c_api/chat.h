// Conversations as a model was trained to continue them: their options as those of the library.
#pragma once

#include "tritium/chat.h"
#include "tritium/chat.hpp"

namespace tritium::c_api {

ChatOptions chat_options_of(const tritium_chat_options& options);

}  // namespace tritium::c_api
