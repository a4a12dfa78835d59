#include "text/reply/reply_parser.h"

#include <algorithm>
#include <utility>

namespace tritium {
namespace {

constexpr size_t kLongestHeader = 512;  // bytes of a call's name and its marks

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

ReplyParser::ReplyParser(ReplyFormat format) : format_(std::move(format)) {
  if (format_.begins_in_reasoning) place_ = Place::reasoning;
}

ReplyParts ReplyParser::append(std::string_view text) {
  ReplyParts parts;
  held_ += text;
  for (bool goes_on = true; goes_on;) {
    switch (place_) {
      case Place::content: goes_on = in_content(parts); break;
      case Place::reasoning: goes_on = in_reasoning(parts); break;
      case Place::call: goes_on = in_call(parts); break;
    }
  }
  held_.erase(0, start_);
  at_ -= start_;
  body_ -= std::min(body_, start_);
  value_ -= std::min(value_, start_);
  start_ = 0;
  return parts;
}

ReplyParts ReplyParser::finish() {
  last_ = true;
  ReplyParts parts = append({});
  // White space is what is left; a call that did not end has become content.
  if (place_ == Place::content && !between_) give_content(held_.size(), parts);
  return parts;
}

ReplyParser::Match ReplyParser::here(std::string_view mark, Mark kind) const {
  const std::string_view rest = std::string_view(held_).substr(at_, mark.size());
  if (mark.empty() || rest != mark.substr(0, rest.size())) return {};
  if (rest.size() == mark.size()) return {.mark = kind, .length = mark.size()};
  return {.mark = last_ ? Mark::none : Mark::partial};
}

ReplyParser::Match ReplyParser::first_of(const std::vector<std::string_view>& marks, Mark kind) const {
  Match found;
  for (const std::string_view mark : marks) {
    const Match match = here(mark, kind);
    if (match.mark == kind) return match;
    if (match.mark == Mark::partial) found = match;
  }
  return found;
}

ReplyParser::Match ReplyParser::open_here() const { return first_of(format_.opens, Mark::call_open); }

// The mark at at_ that means something there.
ReplyParser::Match ReplyParser::mark_here() const {
  Match found = open_here();
  const auto consider = [&](bool counts, const Match& match) {
    if (counts && match.mark != Mark::none && (found.mark == Mark::none || found.mark == Mark::partial)) found = match;
  };
  consider(after_call_, first_of(format_.closes, Mark::call_close));
  consider(!content_given_, here(format_.reasoning_open, Mark::reasoning_open));
  if (format_.answer_tags) {
    consider(!content_given_ && !in_answer_, here("<answer>", Mark::answer_open));
    consider(in_answer_, here("</answer>", Mark::answer_close));
  }
  return found;
}

void ReplyParser::take_mark(const Match& match) {
  if (match.mark == Mark::call_open) return enter_call(match.length, false);
  start_ = at_ += match.length;
  between_ = true;
  if (match.mark == Mark::reasoning_open) {
    place_ = Place::reasoning;
    thought_begun_ = false;
  } else if (match.mark == Mark::answer_open || match.mark == Mark::answer_close) {
    in_answer_ = match.mark == Mark::answer_open;
  }
}

// Without marks only at the beginning, and only a tool that there is.
bool ReplyParser::bare_call_here() const {
  return format_.bare && !content_given_ && held_[at_] == '{' && format_.tools.array() &&
         !format_.tools.array()->empty();
}

bool ReplyParser::in_content(ReplyParts& parts) {
  while (at_ < held_.size()) {
    const Match match = mark_here();
    if (match.mark == Mark::partial) return false;
    if (match.mark != Mark::none) {
      take_mark(match);
      return true;
    }
    if (bare_call_here()) {
      enter_call(0, true);
      return true;
    }
    if (!is_blank(held_[at_++])) give_content(at_, parts);
  }
  return false;
}

bool ReplyParser::in_reasoning(ReplyParts& parts) {
  while (at_ < held_.size()) {
    Match match = here(format_.reasoning_close, Mark::reasoning_close);
    // Some models open again what the template has opened.
    if (match.mark == Mark::none && !reasoning_given_ && !between_)
      match = here(format_.reasoning_open, Mark::reasoning_open);
    if (match.mark == Mark::partial) return false;
    if (match.mark != Mark::none) {
      place_ = Place::content;
      take_mark(match);
      return true;
    }
    if (!is_blank(held_[at_++])) give_reasoning(at_, parts);
  }
  return false;
}

void ReplyParser::enter_call(size_t mark_length, bool bare) {
  place_ = Place::call;
  bare_ = bare;
  part_ = Part::beginning;
  body_ = at_ += mark_length;
}

bool ReplyParser::in_call(ReplyParts& parts) {
  bool goes_on = false;
  switch (part_) {
    case Part::beginning: goes_on = begin_call(parts); break;
    case Part::value: goes_on = in_value(parts); break;
    case Part::header: goes_on = in_header(parts); break;
    case Part::tags: goes_on = in_tags(parts); break;
  }
  if (goes_on || !last_) return goes_on;
  leave_call(std::nullopt, parts);
  return true;
}

// Behind an open mark: blanks, more such marks, and what says how the call is written.
bool ReplyParser::begin_call(ReplyParts& parts) {
  while (at_ < held_.size() && is_blank(held_[at_])) ++at_;
  if (at_ == held_.size()) return false;
  if (!bare_) {
    const Match match = open_here();
    if (match.mark == Mark::partial) return false;
    if (match.mark == Mark::call_open) {
      body_ = at_ += match.length;
      return true;
    }
  }
  const char c = held_[at_];
  const bool tags = format_.body == CallBody::function_tags || format_.body == CallBody::argument_tags;
  if (tags) {
    part_ = Part::tags;
  } else if (c == '[' || (c == '{' && format_.body != CallBody::python)) {
    part_ = Part::value;
    value_ = body_ = at_;
    scan_.emplace(format_.body == CallBody::python ? ValueScan::Notation::python : ValueScan::Notation::json);
  } else if (format_.body == CallBody::named_json) {
    part_ = Part::header;
    body_ = at_;
  } else {
    leave_call(std::nullopt, parts);
  }
  return true;
}

bool ReplyParser::in_header(ReplyParts& parts) {
  while (at_ < held_.size() && held_[at_] != '{' && at_ - body_ < kLongestHeader) ++at_;
  if (at_ - body_ == kLongestHeader) {
    leave_call(std::nullopt, parts);
    return true;
  }
  if (at_ == held_.size()) return false;
  part_ = Part::value;
  value_ = at_;
  scan_.emplace(ValueScan::Notation::json);
  return true;
}

bool ReplyParser::in_value(ReplyParts& parts) {
  while (at_ < held_.size()) {
    const ValueScan::Found found = scan_->step(held_[at_++]);
    if (found == ValueScan::Found::goes_on) continue;
    leave_call(found == ValueScan::Found::end ? calls_of_value() : std::nullopt, parts);
    return true;
  }
  return false;
}

ToolCalls ReplyParser::calls_of_value() const {
  const std::string_view value = std::string_view(held_).substr(value_, at_ - value_);
  if (format_.body == CallBody::python) {
    ToolCalls calls = calls_of_python(value);
    return calls ? calls : calls_of_json(value);
  }
  if (value_ > body_) return call_of_named_json(std::string_view(held_).substr(body_, value_ - body_), value);
  ToolCalls calls = calls_of_json(value, bare_);
  if (calls && bare_ && !tool_named(format_.tools, calls->front().name)) return std::nullopt;
  return calls;
}

// Up to the mark that closes; where the text ends before it, to its end.
bool ReplyParser::in_tags(ReplyParts& parts) {
  Match match;
  for (; at_ < held_.size(); ++at_) {
    match = first_of(format_.closes, Mark::call_close);
    if (match.mark == Mark::partial) return false;
    if (match.mark == Mark::call_close) break;
  }
  if (match.mark != Mark::call_close && !last_) return false;
  const std::string_view body = std::string_view(held_).substr(body_, at_ - body_);
  ToolCalls calls = format_.body == CallBody::function_tags ? calls_of_function_tags(body, format_.tools)
                                                            : call_of_argument_tags(body, format_.tools);
  at_ += match.length;
  leave_call(std::move(calls), parts);
  return true;
}

void ReplyParser::leave_call(ToolCalls calls, ReplyParts& parts) {
  place_ = Place::content;
  scan_.reset();
  if (!calls) return give_content(at_, parts);
  std::ranges::move(*calls, std::back_inserter(parts.calls));
  start_ = at_;
  between_ = after_call_ = true;
}

void ReplyParser::give_content(size_t end, ReplyParts& parts) {
  // Before the first words, the template's white space.
  while (between_ && !content_given_ && start_ < end && is_blank(held_[start_])) ++start_;
  content_given_ = content_given_ || start_ < end;
  between_ = after_call_ = false;
  parts.content.append(held_, start_, end - start_);
  start_ = end;
}

void ReplyParser::give_reasoning(size_t end, ReplyParts& parts) {
  while (!thought_begun_ && is_blank(held_[start_])) ++start_;
  if (!thought_begun_ && reasoning_given_) parts.reasoning += '\n';  // another thought
  thought_begun_ = reasoning_given_ = true;
  parts.reasoning.append(held_, start_, end - start_);
  start_ = end;
}

ReplyParts& ReplyParts::operator+=(ReplyParts more) {
  content += more.content;
  reasoning += more.reasoning;
  std::ranges::move(more.calls, std::back_inserter(calls));
  return *this;
}

ReplyParts reply_parts(ReplyFormat format, std::string_view text) {
  ReplyParser parser(std::move(format));
  ReplyParts parts = parser.append(text);
  parts += parser.finish();
  return parts;
}

}  // namespace tritium
