#include "text/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/format_text.h"
#include "text/utf8.h"

namespace tritium {
namespace {

// PCRE2's own \s has U+180E as well, which is no White_Space.
constexpr std::string_view kSpaces =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kNoSpaces =
    R"(\x00-\x08\x0e-\x1f\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
constexpr std::string_view kWords = R"(\p{L}\p{M}\p{N}\p{Pc})";

// Length of a class's beginning up to its first member: "[", "[^", "[]", "[^]".
size_t class_start(std::string_view expression, size_t at) {
  size_t n = 1;
  if (expression.substr(at + n).starts_with('^')) ++n;
  if (expression.substr(at + n).starts_with(']')) ++n;
  return n;
}

// \s, \S, \w and \W by their members.
std::string spelled_out(std::string_view expression) {
  std::string out;
  bool in_class = false;
  const auto members = [&](std::string_view all, bool negated) {
    if (in_class) {
      out += all;
    } else {
      out += (negated ? "[^" : "[") + std::string(all) + "]";
    }
  };
  for (size_t at = 0; at < expression.size();) {
    const std::string_view rest = expression.substr(at);
    if (rest.starts_with("\\s")) {
      members(kSpaces, false);
    } else if (rest.starts_with("\\S")) {
      members(in_class ? kNoSpaces : kSpaces, !in_class);
    } else if (rest.starts_with("\\w")) {
      members(kWords, false);
    } else if (rest.starts_with("\\W") && !in_class) {
      members(kWords, true);
    } else if (rest.starts_with("\\Q")) {
      const size_t end = std::min(rest.find("\\E"), rest.size());
      out += rest.substr(0, end);
      at += end;
      continue;
    } else if (rest.front() == '\\') {
      out += rest.substr(0, 2);
    } else if (in_class && rest.starts_with("[:")) {
      const size_t end = std::min(rest.find(":]"), rest.size());
      out += rest.substr(0, end);
      at += end;
      continue;
    } else if (!in_class && rest.front() == '[') {
      const size_t n = class_start(expression, at);
      out += rest.substr(0, n);
      in_class = true;
      at += n;
      continue;
    } else {
      in_class = in_class && rest.front() != ']';
      out += rest.front();
      ++at;
      continue;
    }
    at += std::min<size_t>(2, rest.size());
  }
  return out;
}

std::string prepared(const std::string& expression) {
  // The same matches; but a run of blanks in the middle of a text is looked through once, not at each of its blanks.
  if (expression == "\\s+$") return spelled_out("(?<!\\s)\\s+$");
  return spelled_out(expression);
}

constexpr uint32_t kHeapKibibytes = 256 << 10;
constexpr size_t kJitStackBytes = size_t{64} << 20;
constexpr size_t kStretch = 4096;  // bytes that are tried alone where all of a text is too much

struct ContextDeleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};
template <typename T>
using Owned = std::unique_ptr<T, ContextDeleter>;

template <typename T>
Owned<T> owned(T* pointer) {
  if (!pointer) throw std::bad_alloc();
  return Owned<T>(pointer);
}

}  // namespace

struct Pattern::Code {
  Owned<pcre2_code> code;
};

struct Pattern::Scratch::State {
  Owned<pcre2_match_data> data = owned(pcre2_match_data_create(1, nullptr));
  Owned<pcre2_match_context> context = owned(pcre2_match_context_create(nullptr));
  Owned<pcre2_jit_stack> stack;  // where the machine's own is not enough
  // A match of n characters takes steps in proportion to n; what takes many more is an expression that explodes, and
  // gets fewer from then on, so that a text takes a bounded time.
  size_t most_steps = 10'000'000;

  int match(const pcre2_code* code, std::string_view text, size_t from, uint32_t options = 0) {
    const size_t steps = most_steps + 8 * std::min<size_t>(text.size() - from, 200'000'000);
    pcre2_set_match_limit(context.get(), static_cast<uint32_t>(steps));
    return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                       PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | options, data.get(), context.get());
  }
};

Pattern::Scratch::Scratch() : state_(std::make_unique<State>()) {
  pcre2_set_heap_limit(state_->context.get(), kHeapKibibytes);
}
Pattern::Scratch::~Scratch() = default;
Pattern::Scratch::Scratch(Scratch&&) noexcept = default;
Pattern::Scratch& Pattern::Scratch::operator=(Scratch&&) noexcept = default;

Result<Pattern> Pattern::compile(const std::string& expression, bool lines) {
  const std::string text = prepared(expression);
  const auto context = owned(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int problem = 0;
  PCRE2_SIZE place = 0;
  const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | (lines ? PCRE2_MULTILINE : 0u);
  Owned<pcre2_code> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options, &problem, &place, context.get()));
  if (!code) {
    if (problem == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
    std::array<PCRE2_UCHAR, 256> reason{};
    pcre2_get_error_message(problem, reason.data(), reason.size());
    return error(StatusCode::unsupported, "the regular expression \"", expression,
                 "\" cannot be used: ", reinterpret_cast<const char*>(reason.data()), " (byte ", place, " of \"", text,
                 "\")");
  }
  // Where the system forbids machine code, or this machine has no compiler, it is interpreted.
  (void)pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return Pattern(std::make_shared<const Code>(Code{std::move(code)}));
}

std::optional<Pattern::Match> Pattern::find(std::string_view text, size_t from, Scratch& scratch) const {
  Scratch::State& state = *scratch.state_;
  const auto found = [&](int result) -> std::optional<Match> {
    if (result < 0) return std::nullopt;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(state.data.get());
    // \K and look-behind may give a match that begins before `from`, or nothing of the text.
    const Match match{std::max<size_t>(ends[0], from), ends[1]};
    return match.end > match.begin ? std::optional(match) : std::nullopt;
  };
  int result = state.match(code_->code.get(), text, from);
  if (result == PCRE2_ERROR_JIT_STACKLIMIT && !state.stack) {
    state.stack = owned(pcre2_jit_stack_create(32 << 10, kJitStackBytes, nullptr));
    pcre2_jit_stack_assign(state.context.get(), nullptr, state.stack.get());
    result = state.match(code_->code.get(), text, from);
  }
  if (result == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
  if (result >= 0 || result == PCRE2_ERROR_NOMATCH) return found(result);

  state.most_steps = std::max<size_t>(state.most_steps / 8, 1000);
  size_t end = std::min(text.size(), from + kStretch);
  while (end > from && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  result = state.match(code_->code.get(), text.substr(0, end), from);
  if (const auto match = found(result)) return match;
  const size_t next = result == PCRE2_ERROR_NOMATCH ? end : from + utf8_length(text.substr(from));
  return from < text.size() ? std::optional(Match{from, next}) : std::nullopt;
}

}  // namespace tritium
