// GBNF -> rules.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "text/grammar/rules.h"

namespace tritium::grammar {

class GbnfParser {
 public:
  GbnfParser(std::string_view source, Rules& rules) : source_(source), rules_(rules) {}

  // The rule `root`. Throws Failure, "line L, column C: …".
  uint32_t run();

 private:
  static constexpr int kDeepest = 200;                // brackets within each other
  static constexpr uint32_t kMostRepeated = 100'000;  // in {m,n}

  bool at_end() const { return at_ == source_.size(); }
  char now() const { return at_end() ? '\0' : source_[at_]; }
  bool skip(char c);
  void expect(char c, const char* where);
  // Blanks and comments; line ends too where the rule cannot be over.
  void skip_blanks(bool lines);
  bool next_line_goes_on();
  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(size_t where, const std::string& what) const;
  std::string place_of(size_t where) const;

  void rule();
  std::string_view name();
  uint32_t rule_named(std::string_view name, size_t where);
  Node alternatives(bool nested);
  Node sequence(bool nested);
  Node element();
  Node repeated(Node part);
  uint32_t count();
  Node literal();
  Node character_class();
  uint32_t character(char end);
  uint32_t escape();
  uint32_t hex(int digits);

  struct Known {
    uint32_t rule = 0;
    size_t first_named = 0;
    size_t defined = std::string_view::npos;
  };
  std::string_view source_;
  Rules& rules_;
  size_t at_ = 0;
  int depth_ = 0;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace tritium::grammar
