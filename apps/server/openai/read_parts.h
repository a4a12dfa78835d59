// Parts that several requests have.
#pragma once

#include "server/openai/fields.h"
#include "server/openai/requests.h"

namespace tritium::server {

// model, n, stream, seed, stop, temperature and so on; "tritium". Not: what limits tokens, nor log-probabilities.
void read_generation(Fields& fields, GenerationRequest& request);

// {"type": "json_object"} or {"type": "json_schema", …}; in the flat shape of responses where `flat`.
void read_response_format(Fields& fields, std::string_view key, bool flat, ChatRequest& request);

// An array of functions, and which of them may be called; in the flat shape of responses where `flat`.
void read_tools(Fields& fields, bool flat, ChatRequest& request);

// The messages as chat templates take them: contents as one text, arguments of calls as objects.
std::string read_messages(const Json& messages, std::string_view key, std::optional<ApiError>& error);
// Content as one text; null is none.
std::string read_content(const Json* content, const std::string& place, std::optional<ApiError>& error);

// Token ids: any integers of 32 bits, for only a model knows its vocabulary.
std::vector<int32_t> read_tokens(const Json& array, const std::string& place, std::optional<ApiError>& error);

}  // namespace tritium::server
