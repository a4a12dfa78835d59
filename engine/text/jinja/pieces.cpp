// Cutting and joining texts.
#include "text/jinja/pieces.h"

#include <algorithm>

#include "base/find_bytes.h"
#include "text/jinja/characters.h"

namespace tritium::jinja {
namespace {

size_t last_character(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

std::vector<Text> split_at_space(const Text& text, int64_t most, bool from_right, Budget& budget) {
  const auto space_at = [&](size_t at) { return is_space(character_at(text.view(), at).code); };
  std::vector<Text> parts;
  const auto put = [&](size_t begin, size_t end) {
    budget.room(end - begin + 128);
    parts.push_back(text.part(begin, end));
  };
  if (!from_right) {
    for (size_t at = 0; at < text.size();) {
      if (space_at(at)) {
        at += character_at(text.view(), at).length;
        continue;
      }
      if (most >= 0 && static_cast<int64_t>(parts.size()) == most) {
        put(at, text.size());
        break;
      }
      size_t end = at;
      while (end < text.size() && !space_at(end)) end += character_at(text.view(), end).length;
      put(at, end);
      at = end;
    }
    return parts;
  }
  for (size_t end = text.size(); end > 0;) {
    const size_t last = last_character(text.view().substr(0, end));
    if (space_at(last)) {
      end = last;
      continue;
    }
    size_t begin = last;
    if (most >= 0 && static_cast<int64_t>(parts.size()) == most) {
      begin = 0;
    } else {
      while (begin > 0 && !space_at(last_character(text.view().substr(0, begin))))
        begin = last_character(text.view().substr(0, begin));
    }
    put(begin, end);
    if (most >= 0 && static_cast<int64_t>(parts.size()) > most) break;
    end = begin;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

Text stripped(const Text& text, Side side, const Text* characters, Budget& budget) {
  budget.room(text.size());
  const auto goes = [&](size_t at) {
    const Character c = character_at(text.view(), at);
    if (!characters) return is_space(c.code);
    budget.work(characters->size());
    return characters->view().find(text.view().substr(at, c.length)) != std::string_view::npos;
  };
  size_t begin = 0, end = text.size();
  if (side != Side::right)
    while (begin < end && goes(begin)) begin += character_at(text.view(), begin).length;
  if (side != Side::left)
    while (end > begin && goes(last_character(text.view().substr(0, end))))
      end = last_character(text.view().substr(0, end));
  return text.part(begin, end);
}

size_t find_part(const Text& text, std::string_view part, size_t from, Budget& budget) {
  if (from > text.size()) return std::string::npos;
  if (part.empty()) return from;
  const size_t at = find_bytes(text.bytes(), part, from);
  budget.work((at != std::string::npos ? at - from : text.size() - from) + part.size());
  return at;
}

size_t find_last(const Text& text, std::string_view part, Budget& budget) {
  if (part.empty()) return text.size();
  size_t last = std::string::npos;
  for (size_t at = find_part(text, part, 0, budget); at != std::string::npos;
       at = find_part(text, part, at + 1, budget))
    last = at;
  return last;
}

std::vector<Text> split(const Text& text, const Text* separator, int64_t most, bool from_right, Budget& budget) {
  budget.room(text.size());
  if (!separator) return split_at_space(text, most, from_right, budget);
  if (separator->empty()) throw Failure("the separator is empty");
  std::vector<Text> parts;
  if (from_right && most >= 0) {
    Text rest = text;
    for (int64_t n = 0; n < most; ++n) {
      const size_t at = find_last(rest, separator->view(), budget);
      if (at == std::string::npos) break;
      budget.room(rest.size() + 128);
      parts.push_back(rest.part(at + separator->size(), rest.size()));
      rest = rest.part(0, at);
    }
    parts.push_back(std::move(rest));
    std::reverse(parts.begin(), parts.end());
    return parts;
  }
  size_t begin = 0;
  for (;;) {
    const bool enough = most >= 0 && static_cast<int64_t>(parts.size()) >= most;
    const size_t at = enough ? std::string::npos : find_part(text, separator->view(), begin, budget);
    budget.room(128);
    parts.push_back(text.part(begin, std::min(at, text.size())));
    if (at == std::string::npos) return parts;
    begin = at + separator->size();
  }
}

std::vector<Text> lines_of(const Text& text, bool keep_ends, Budget& budget) {
  budget.room(text.size());
  std::vector<Text> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text.view(), at);
    size_t next = at + c.length;
    if (is_line_end(c.code)) {
      if (c.code == '\r' && text.view().substr(next).starts_with('\n')) ++next;
      budget.room(128);
      lines.push_back(text.part(begin, keep_ends ? next : at));
      begin = next;
    }
    at = next;
  }
  if (begin < text.size()) lines.push_back(text.part(begin, text.size()));
  return lines;
}

Text replaced(const Text& text, const Text& what, const Text& by, int64_t most, Budget& budget) {
  budget.room(text.size());
  Text result;
  size_t done = 0, at = 0;
  for (int64_t n = 0; most < 0 || n < most; ++n) {
    if (what.empty()) {
      // Before each character, and behind the last one.
      if (n > 0 && done == text.size()) break;
      at = n == 0 ? 0 : done + character_at(text.view(), done).length;
    } else {
      at = find_part(text, what.view(), done, budget);
      if (at == std::string::npos) break;
    }
    result.append(text, done, at);
    budget.room(by.size() + Budget::kStep);
    result.append(by);
    done = at + what.size();
  }
  result.append(text, done, text.size());
  return result;
}

Text joined(const std::vector<Text>& parts, const Text& between, Budget& budget) {
  Text result;
  for (size_t i = 0; i < parts.size(); ++i) {
    budget.room(parts[i].size() + between.size());
    if (i > 0) result.append(between);
    result.append(parts[i]);
  }
  return result;
}

Text padded(const Text& text, int64_t before, int64_t behind, std::string_view fill, Budget& budget) {
  before = std::max<int64_t>(before, 0), behind = std::max<int64_t>(behind, 0);
  budget.room(static_cast<uint64_t>(before), fill.size());
  budget.room(static_cast<uint64_t>(behind), fill.size());
  budget.room(text.size());
  Text result;
  for (int64_t i = 0; i < before; ++i) result.append(fill);
  result.append(text);
  for (int64_t i = 0; i < behind; ++i) result.append(fill);
  return result;
}

}  // namespace tritium::jinja
