// Parts that the writers share.
#pragma once

#include "server/openai/replies.h"

namespace tritium::server {

// As OpenAI has them: arguments as a text of JSON, and an id each.
Json calls_json(const std::string& tool_calls);
Json usage_json(const Usage& usage);
Json figures_json(const Usage& usage);
const char* finish_name(Finish finish);
// [{"token", "logprob", "bytes", "top_logprobs"}]
Json logprobs_json(const std::vector<TokenLogprobs>& tokens);
// JSON has no infinity; a logit of -infinity is that improbable.
double finite_logprob(double value);
// Of one token [[3, 17], …]; of several an array of such; of none null.
Json experts_json(const std::vector<TokenExperts>& tokens);
void append(std::vector<TokenLogprobs>& all, const std::vector<TokenLogprobs>& more);

}  // namespace tritium::server
