#include "text/grammar/gbnf_writer.h"

#include <cstdio>
#include <deque>
#include <unordered_set>

#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

class GbnfWriter {
 public:
  explicit GbnfWriter(const Rules& rules) : rules_(rules) {}

  std::string run(uint32_t root) {
    out_ = "root ::= " + name_of_rule(root) + "\n";
    while (!pending_.empty()) {
      const Pending next = pending_.front();
      pending_.pop_front();
      out_ += next.name + " ::= ";
      write(next.body, 0, false);
      out_ += '\n';
    }
    return std::move(out_);
  }

 private:
  static constexpr size_t kMost = size_t{1} << 20;  // bytes that parse_gbnf() reads
  static constexpr int kDeepest = 20;               // brackets within each other; what lies deeper gets a name

  struct Pending {
    std::string name;
    Node body;
  };

  std::string name_of_rule(uint32_t index) { return named("r" + std::to_string(index), rules_.all()[index].body); }
  std::string named(std::string name, Node body) {
    if (known_.insert(name).second) pending_.push_back({name, body});
    return name;
  }

  // `element`: what stands there is one part of a sequence, or repeated.
  void write(Node node, int depth, bool element) {
    if (out_.size() > kMost) throw Failure("as GBNF it has more bytes than are read");
    const Expression& e = rules_.at(node);
    switch (e.kind) {
      case Expression::Kind::bytes: return literal(e.bytes);
      case Expression::Kind::characters: return characters(e.characters);
      case Expression::Kind::rule: out_ += name_of_rule(e.rule); return;
      case Expression::Kind::repeat:
        if (depth == kDeepest) break;
        if (element) out_ += '(';
        write(e.parts[0], depth + 1, true);
        repetition(e.at_least, e.at_most);
        if (element) out_ += ')';
        return;
      case Expression::Kind::sequence:
      case Expression::Kind::alternatives:
        if (depth == kDeepest) break;
        if (element) out_ += '(';
        parts(e, depth + 1);
        if (element) out_ += ')';
        return;
    }
    out_ += named("n" + std::to_string(node), node);
  }

  void parts(const Expression& e, int depth) {
    const bool sequence = e.kind == Expression::Kind::sequence;
    if (e.parts.empty()) out_ += sequence ? "\"\"" : "[]";  // nothing, and what nothing fits
    for (size_t i = 0; i < e.parts.size(); ++i) {
      if (i > 0) out_ += sequence ? " " : " | ";
      write(e.parts[i], depth, true);
    }
  }

  void repetition(uint32_t at_least, uint32_t at_most) {
    if (at_most == kUnbounded && at_least <= 1) {
      out_ += at_least == 0 ? '*' : '+';
    } else if (at_least == 0 && at_most == 1) {
      out_ += '?';
    } else {
      out_ += '{' + std::to_string(at_least) + ',';
      if (at_most != kUnbounded) out_ += std::to_string(at_most);
      out_ += '}';
    }
  }

  void literal(const std::string& text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        code(static_cast<unsigned char>(c));
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }

  void characters(const CharacterSet& set) {
    out_ += '[';
    for (const CodeRange& range : set.ranges()) {
      code(range.first);
      if (range.first == range.last) continue;
      out_ += '-';
      code(range.last);
    }
    out_ += ']';
  }

  void code(uint32_t code) {
    const bool plain = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9');
    if (plain) {
      out_ += static_cast<char>(code);
      return;
    }
    char digits[16];
    std::snprintf(digits, sizeof digits, code < 0x100 ? "\\x%02x" : "\\U%08x", static_cast<unsigned>(code));
    out_ += digits;
  }

  const Rules& rules_;
  std::string out_;
  std::deque<Pending> pending_;
  std::unordered_set<std::string> known_;
};

}  // namespace

std::string write_gbnf(const Rules& rules, uint32_t root) { return GbnfWriter(rules).run(root); }

}  // namespace tritium::grammar
