// The text of a generation as it is handed out: whole characters, and nothing that may become a stop text.
#pragma once

#include <optional>
#include <string>

#include "api/stop_texts.h"
#include "text/streaming_detokenizer.h"

namespace tritium {

class WrittenText {
 public:
  // `tokenizer`: null where there is none, and then there is no text. `at_start`: StreamingDetokenizer.
  WrittenText(const Tokenizer* tokenizer, bool at_start, const std::vector<std::string>& stop) : stop_(stop) {
    if (tokenizer) detokenizer_.emplace(*tokenizer, at_start);
  }

  // What becomes certain with this token; with the last one all that is left.
  std::string push(int32_t token, bool last) {
    if (!detokenizer_) return {};
    std::string text = stop_.push(detokenizer_->push(token));
    if (last) text += stop_.push(detokenizer_->flush()) + stop_.flush();
    return text;
  }
  // What was held back, where the text ended without another token.
  std::string rest() { return stop_.flush(); }
  const std::string& stopped_by() const { return stop_.found(); }  // "": none

 private:
  std::optional<StreamingDetokenizer> detokenizer_;
  StopTexts stop_;
};

}  // namespace tritium
