// A reply as it is generated -> what of it is said, thought and called. It never goes back: each byte is looked at a
// fixed number of times, whatever the text is. What looks like a call and is none that is valid is content, as it is
// written. White space around calls and around reasoning belongs to the template, and is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/reply/reply_format.h"
#include "text/reply/tool_call.h"
#include "text/reply/value_scan.h"

namespace tritium {

struct ReplyParts {
  std::string content;
  std::string reasoning;
  std::vector<ToolCall> calls;
  bool operator==(const ReplyParts&) const = default;
  ReplyParts& operator+=(ReplyParts more);
};

class ReplyParser {
 public:
  explicit ReplyParser(ReplyFormat format);

  // What became certain with this piece of the text. The pieces put together do not depend on where the text was cut.
  ReplyParts append(std::string_view text);
  // What is left: a call whose end did not come is one where it is whole, else content.
  ReplyParts finish();

 private:
  enum class Place { content, reasoning, call };
  enum class Part { beginning, value, header, tags };  // of a call
  enum class Mark { none, partial, reasoning_open, reasoning_close, answer_open, answer_close, call_open, call_close };
  struct Match {
    Mark mark = Mark::none;
    size_t length = 0;
  };

  // Each reads on from at_; false: more text is needed.
  bool in_content(ReplyParts& parts);
  bool in_reasoning(ReplyParts& parts);
  bool in_call(ReplyParts& parts);
  bool begin_call(ReplyParts& parts);
  bool in_value(ReplyParts& parts);
  bool in_header(ReplyParts& parts);
  bool in_tags(ReplyParts& parts);

  Match mark_here() const;
  Match open_here() const;
  Match here(std::string_view mark, Mark kind) const;
  Match first_of(const std::vector<std::string_view>& marks, Mark kind) const;
  void take_mark(const Match& match);
  bool bare_call_here() const;
  void enter_call(size_t mark_length, bool bare);
  void leave_call(ToolCalls calls, ReplyParts& parts);
  ToolCalls calls_of_value() const;
  void give_content(size_t end, ReplyParts& parts);
  void give_reasoning(size_t end, ReplyParts& parts);

  ReplyFormat format_;
  std::string held_;
  size_t start_ = 0;  // of what is not given out yet: white space, or a call with what is before it
  size_t at_ = 0;     // the next byte
  bool last_ = false;

  Place place_ = Place::content;
  bool content_given_ = false;
  bool between_ = false;     // behind reasoning or a call, and nothing was said since
  bool after_call_ = false;  // the same, of a call
  bool in_answer_ = false;
  bool reasoning_given_ = false;
  bool thought_begun_ = false;  // of this thought something was given

  Part part_ = Part::beginning;
  bool bare_ = false;
  size_t body_ = 0;   // where what is between the marks begins
  size_t value_ = 0;  // where its value in brackets begins
  std::optional<ValueScan> scan_;
};

// The whole text at once.
ReplyParts reply_parts(ReplyFormat format, std::string_view text);

}  // namespace tritium
