// Values as text: Python's str() and repr(), and json.dumps().
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/format_text.h"
#include "text/jinja/characters.h"
#include "text/jinja/value.h"

namespace tritium::jinja {
namespace {

class Printer {
 public:
  explicit Printer(Budget& budget) : budget_(budget) {}
  void put(std::string_view bytes, uint8_t marks = 0) {
    budget_.room(bytes.size());
    out_.append(bytes, marks);
  }
  void put(const Text& text) {
    budget_.room(text.size());
    out_.append(text);
  }
  void enter(int nesting) {
    budget_.step();
    if (nesting > budget_.limits().nesting)
      throw Failure(join("values are nested more than ", budget_.limits().nesting, " deep, or hold themselves"));
  }
  Text take() { return std::move(out_); }
  Budget& budget() { return budget_; }

 private:
  Budget& budget_;
  Text out_;
};

void hexadecimal(uint32_t code, int digits, std::string& out) {
  constexpr const char* kDigits = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kDigits[(code >> shift) & 15];
}

void escaped(uint32_t code, std::string& out) {
  if (code < 0x100) {
    out += "\\x";
    hexadecimal(code, 2, out);
  } else if (code < 0x10000) {
    out += "\\u";
    hexadecimal(code, 4, out);
  } else {
    out += "\\U";
    hexadecimal(code, 8, out);
  }
}

void put_quoted(const Text& text, Printer& printer) {
  const bool doubled = text.bytes().find('\'') != std::string::npos && text.bytes().find('"') == std::string::npos;
  const char quote = doubled ? '"' : '\'';
  printer.put(std::string_view(&quote, 1));
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text.view(), at);
    std::string piece;
    if (c.code == '\\' || c.code == static_cast<uint32_t>(quote)) {
      piece = {'\\', static_cast<char>(c.code)};
    } else if (c.code == '\n' || c.code == '\r' || c.code == '\t') {
      piece = {'\\', c.code == '\n' ? 'n' : c.code == '\r' ? 'r' : 't'};
    } else if (!is_printable(c.code)) {
      escaped(c.code, piece);
    } else {
      piece = text.bytes().substr(at, c.length);
    }
    printer.put(piece, text.marks_at(at));
    at += c.length;
  }
  printer.put(std::string_view(&quote, 1));
}

void put_repr(const Value& value, Printer& printer, int nesting);

void put_list(const List& list, Printer& printer, int nesting) {
  using Kind = List::Kind;
  const bool tuple = list.kind == Kind::tuple;
  const char* before = list.kind == Kind::keys     ? "dict_keys(["
                       : list.kind == Kind::values ? "dict_values(["
                       : list.kind == Kind::items  ? "dict_items(["
                       : tuple                     ? "("
                                                   : "[";
  const bool view = list.kind == Kind::keys || list.kind == Kind::values || list.kind == Kind::items;
  if (list.kind == Kind::range) {
    const int64_t first = list.items.empty() ? 0 : *list.items.front().integer();
    const int64_t step = list.items.size() < 2 ? 1 : *list.items[1].integer() - first;
    const int64_t end = list.items.empty() ? 0 : *list.items.back().integer() + (step > 0 ? 1 : -1);
    return printer.put(step == 1 ? join("range(", first, ", ", end, ")")
                                 : join("range(", first, ", ", end, ", ", step, ")"));
  }
  printer.put(before);
  for (size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) printer.put(", ");
    put_repr(list.items[i], printer, nesting + 1);
  }
  if (tuple && list.items.size() == 1) printer.put(",");
  printer.put(view ? "])" : tuple ? ")" : "]");
}

void put_repr(const Value& value, Printer& printer, int nesting) {
  printer.enter(nesting);
  if (value.is_none()) return printer.put("None");
  if (value.undefined()) return printer.put("Undefined");
  if (const bool* b = value.boolean()) return printer.put(*b ? "True" : "False");
  if (const int64_t* i = value.integer()) return printer.put(std::to_string(*i));
  if (const double* r = value.real()) return printer.put(real_to_text(*r));
  if (const Text* text = value.text()) return put_quoted(*text, printer);
  if (const List* list = value.list()) return put_list(*list, printer, nesting);
  if (const Dict* dict = value.dict()) {
    printer.put("{");
    for (size_t i = 0; i < dict->members.size(); ++i) {
      if (i > 0) printer.put(", ");
      put_repr(dict->members[i].first, printer, nesting + 1);
      printer.put(": ");
      put_repr(dict->members[i].second, printer, nesting + 1);
    }
    return printer.put("}");
  }
  if (const Namespace* space = value.name_space()) {
    printer.put("<Namespace {");
    for (size_t i = 0; i < space->members.size(); ++i) {
      if (i > 0) printer.put(", ");
      put_quoted(Text(space->members[i].first), printer);
      printer.put(": ");
      put_repr(space->members[i].second, printer, nesting + 1);
    }
    return printer.put("}>");
  }
  printer.put("<" + kind_of(value) + ">");
}

void put_json_text(const Text& text, bool ascii, Printer& printer) {
  printer.put("\"");
  size_t plain = 0;  // from here on nothing had to be written otherwise
  const auto flush = [&](size_t end) {
    if (end > plain) printer.put(text.part(plain, end));
  };
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text.view(), at);
    std::string piece;
    constexpr std::string_view kShort = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
    if (const size_t i = c.code < 128 ? kShort.find(static_cast<char>(c.code)) : std::string_view::npos;
        i != std::string_view::npos) {
      piece = {'\\', kLetters[i]};
    } else if (c.code < 0x20 || (ascii && (c.code > 0x7E) && c.code < 0x10000)) {
      piece = "\\u";
      hexadecimal(c.code, 4, piece);
    } else if (ascii && c.code >= 0x10000) {
      piece = "\\u";
      hexadecimal(0xD800 + ((c.code - 0x10000) >> 10), 4, piece);
      piece += "\\u";
      hexadecimal(0xDC00 + ((c.code - 0x10000) & 0x3FF), 4, piece);
    }
    if (!piece.empty()) {
      flush(at);
      printer.put(piece, text.marks_at(at));
      plain = at + c.length;
    }
    at += c.length;
  }
  flush(text.size());
  printer.put("\"");
}

std::string json_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return real_to_text(value);
}

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Printer& printer) : style_(style), printer_(printer) {}

  void write(const Value& value, int nesting) {
    printer_.enter(nesting);
    if (value.is_none()) return printer_.put("null");
    if (const bool* b = value.boolean()) return printer_.put(*b ? "true" : "false");
    if (const int64_t* i = value.integer()) return printer_.put(std::to_string(*i));
    if (const double* r = value.real()) return printer_.put(json_number(*r));
    if (const Text* text = value.text()) return put_json_text(*text, style_.ascii, printer_);
    const List* list = value.list();
    if (list && (list->kind == List::Kind::list || list->kind == List::Kind::tuple)) return write_list(*list, nesting);
    if (value.dict()) return write_dict(*value.dict(), nesting);
    need_defined(value);
    throw Failure("JSON cannot hold " + kind_of(value) + (list ? "; make a list of it first" : ""));
  }

 private:
  void line(int nesting) {
    if (!style_.indent) return;
    printer_.budget().room(static_cast<uint64_t>(nesting), style_.indent->size());
    std::string text = "\n";
    for (int i = 0; i < nesting; ++i) text += *style_.indent;
    printer_.put(text);
  }
  void write_list(const List& list, int nesting) {
    if (list.items.empty()) return printer_.put("[]");
    printer_.put("[");
    for (size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) printer_.put(style_.comma);
      line(nesting + 1);
      write(list.items[i], nesting + 1);
    }
    line(nesting);
    printer_.put("]");
  }
  void write_dict(const Dict& dict, int nesting) {
    if (dict.members.empty()) return printer_.put("{}");
    std::vector<const Dict::Member*> members;
    for (const auto& member : dict.members) members.push_back(&member);
    if (style_.sorted)
      std::stable_sort(members.begin(), members.end(), [&](const auto* a, const auto* b) {
        return compare(a->first, b->first, printer_.budget()) == -1;
      });
    printer_.put("{");
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) printer_.put(style_.comma);
      line(nesting + 1);
      write_key(members[i]->first);
      printer_.put(style_.colon);
      write(members[i]->second, nesting + 1);
    }
    line(nesting);
    printer_.put("}");
  }
  void write_key(const Value& key) {
    if (key.text()) return put_json_text(*key.text(), style_.ascii, printer_);
    if (!key.is_none() && !number_of(key)) throw Failure("JSON cannot have " + kind_of(key) + " as a name");
    printer_.put("\"");
    write(key, 0);
    printer_.put("\"");
  }

  const JsonStyle& style_;
  Printer& printer_;
};

}  // namespace

// Python's repr(): the fewest digits that give the number back; an exponent below 1e-4 and from 1e16 on.
std::string real_to_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 40> buffer{};
  const auto [end, problem] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  if (problem != std::errc()) return "nan";
  std::string text(buffer.data(), end);
  const size_t e = text.find('e');
  const int exponent = std::stoi(text.substr(e + 1));
  if (exponent < -4 || exponent >= 16) {
    return text;  // "1e-05", "1.5e+16": as Python writes it
  }
  std::string sign = text[0] == '-' ? "-" : "", digits;
  for (const char c : text.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

Text to_text(const Value& value, Budget& budget) {
  if (value.text()) return *value.text();
  if (value.undefined()) return Text();
  return to_repr(value, budget);
}

Text to_repr(const Value& value, Budget& budget) {
  Printer printer(budget);
  put_repr(value, printer, 0);
  return printer.take();
}

Text to_json(const Value& value, const JsonStyle& style, Budget& budget) {
  Printer printer(budget);
  JsonWriter(style, printer).write(value, 0);
  return printer.take();
}

}  // namespace tritium::jinja
