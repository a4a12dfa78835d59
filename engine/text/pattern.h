// A regular expression over UTF-8 (PCRE2, with its compiler to machine code where the system allows one), as
// vocabularies use them to split text: \s is Unicode's White_Space and \w its letters, marks, digits and connectors, as
// in the engines that the vocabularies were made with.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tritium/status.hpp"

namespace tritium {

class Pattern {
 public:
  // `lines`: ^ and $ are at the ends of lines, too. unsupported: no such expression, with the place and the reason.
  static Result<Pattern> compile(const std::string& expression, bool lines = false);

  // What matching writes to: one a thread.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;

   private:
    friend class Pattern;
    struct State;
    std::unique_ptr<State> state_;
  };

  struct Match {
    size_t begin = 0;
    size_t end = 0;  // above begin
  };
  // The leftmost match of at least one byte at or after `from`. `text` is valid UTF-8, and the expression sees no
  // further than its ends. Where a match would take more steps or memory than is reasonable, the expression is tried on
  // the next few thousand bytes alone, and then the next character is taken for a match.
  std::optional<Match> find(std::string_view text, size_t from, Scratch& scratch) const;

 private:
  struct Code;
  explicit Pattern(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  std::shared_ptr<const Code> code_;
};

}  // namespace tritium
