// Turns tokens into text one by one, giving out only whole UTF-8: a character that is spread over several byte tokens
// appears when its last one arrives.
#pragma once

#include <cstdint>
#include <string>

namespace tritium {

class Tokenizer;

class StreamingDetokenizer {
 public:
  // Keeps a reference: the tokenizer must live longer. `at_start`: the space that encode() puts before the first word
  // is dropped from the first text; false when a text is continued.
  explicit StreamingDetokenizer(const Tokenizer& tokenizer, bool at_start = true);

  // The text that became complete, possibly "". Bytes that can no longer become UTF-8 give U+FFFD.
  std::string push(int32_t token);
  // What is left over, as U+FFFD.
  std::string flush();

 private:
  std::string take_whole();

  const Tokenizer& tokenizer_;
  bool drop_space_;
  std::string pending_;
};

}  // namespace tritium
