// Which tokens of a rendered conversation are the assistant's.
#include "train/data/chat_document.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium {
namespace {

// Everybody's templates say the same, whatever the day: a corpus has one content.
std::tm fixed_day() {
  const Result<std::tm> day = time_of("2025-01-01");
  return day.ok() ? *day : std::tm{};
}

bool is_assistant(const Json& message) {
  const Json* role = message.find("role");
  return role && role->text() && *role->text() == "assistant";
}

}  // namespace

Result<ChatDocuments> ChatDocuments::create(const std::string& chat_template, const ChatFormat& format,
                                            const Tokenizer& tokenizer) {
  Result<jinja::Template> made = jinja::Template::parse(chat_template);
  if (!made.ok()) return made.status();
  return ChatDocuments(*std::move(made), format, tokenizer);
}

Result<jinja::Rendered> ChatDocuments::render(const ChatRecord& record, size_t n_messages, bool ask) const {
  const Json::Array& all = *record.messages.array();
  const Conversation conversation = {
      .messages = Json(Json::Array(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n_messages))),
      .tools = record.tools,
      .add_generation_prompt = ask,
      .variables = {},
      .now = fixed_day()};
  return render_conversation(template_, conversation, token_texts_);
}

Result<std::vector<jinja::ByteRange>> ChatDocuments::turns(const ChatRecord& record, const std::string& whole) const {
  const Json::Array& messages = *record.messages.array();
  std::vector<jinja::ByteRange> ranges;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (!is_assistant(messages[i])) continue;
    const Result<jinja::Rendered> before = render(record, i, true);
    if (!before.ok()) return before.status().within(join("before message ", i));
    if (!whole.starts_with(before->text))
      return error(StatusCode::invalid_argument, "message ", i,
                   ": the chat template writes what comes before it differently when it follows, so that what the "
                   "assistant says cannot be told apart; mark it by {% generation %} … {% endgeneration %}");
    const Result<jinja::Rendered> after = render(record, i + 1, false);
    if (!after.ok()) return after.status().within(join("after message ", i));
    const size_t n = std::min(whole.size(), after->text.size());
    const auto same = static_cast<size_t>(
        std::mismatch(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n), after->text.begin()).first -
        whole.begin());
    if (!ranges.empty()) ranges.back().end = std::min(ranges.back().end, before->text.size());
    // Where a template writes an answer otherwise once more follow, the next turn or the end token ends it.
    ranges.push_back({before->text.size(), same > before->text.size() ? same : whole.size()});
  }
  return ranges;
}

Result<ScoredTokens> ChatDocuments::tokens_of(const ChatRecord& record) const {
  const Json::Array& messages = *record.messages.array();
  const Result<jinja::Rendered> whole = render(record, messages.size(), false);
  if (!whole.ok()) return whole.status();
  std::vector<jinja::ByteRange> ranges = whole->of_assistant;
  const bool marked = template_.marks_assistant();
  if (!marked) {
    Result<std::vector<jinja::ByteRange>> found = turns(record, whole->text);
    if (!found.ok()) return found.status();
    ranges = *std::move(found);
  }
  ScoredTokens result;
  std::vector<size_t> offsets;
  result.tokens = encoder_.encode(whole->text, whole->from_messages, &offsets);
  result.scored.assign(result.tokens.size(), 0);
  size_t at = 0;
  bool ended = true;
  for (const jinja::ByteRange& range : ranges) {
    while (at < offsets.size() && offsets[at] < range.begin) ++at;
    ended = false;
    for (; at < offsets.size() && offsets[at] < range.end && !ended; ++at) {
      result.scored[at] = 1;
      ended = tokenizer_->ends_generation(result.tokens[at]);
    }
    // Marks may leave out the token that ends the turn.
    if (!ended && at < offsets.size() && tokenizer_->ends_generation(result.tokens[at])) {
      result.scored[at++] = 1;
      ended = true;
    }
  }
  // A template without an end of turn: the last answer ends the text.
  if (!ended && !messages.empty() && is_assistant(messages.back()) && tokenizer_->eos() >= 0) {
    result.tokens.push_back(tokenizer_->eos());
    result.scored.push_back(1);
  }
  return result;
}

}  // namespace tritium
