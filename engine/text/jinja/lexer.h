// Cuts a template into texts and the words of its tags, with white space around tags removed as trim_blocks and
// lstrip_blocks say: the line end after a block, and the blanks before one that begins its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/failure.h"

namespace tritium::jinja {

struct Token {
  enum class Kind : uint8_t {
    text,
    print_begin,
    print_end,
    block_begin,
    block_end,
    name,
    string,
    integer,
    real,
    symbol,
    end
  };
  Kind kind = Kind::end;
  std::string text;  // of strings what they mean
  Place place;
  bool is_symbol(std::string_view s) const { return kind == Kind::symbol && text == s; }
  bool is_name(std::string_view s) const { return kind == Kind::name && text == s; }
};

// Ends with a token `end`. Throws Failure.
std::vector<Token> tokens_of(std::string_view source);

}  // namespace tritium::jinja
