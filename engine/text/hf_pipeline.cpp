#include "text/hf_pipeline.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/format_text.h"
#include "text/normalizer.h"
#include "text/pre_tokenizer_names.h"
#include "text/token_table.h"

namespace tritium {
namespace {

constexpr std::string_view kByteLevel = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))";
constexpr std::string_view kPunctuation = R"([\p{P}\$\+<=>\^~\|`])";

Status refused(const std::string& field, const auto&... parts) {
  return error(StatusCode::unsupported, "tokenizer.json: ", field, " ", parts...);
}

Status malformed(const std::string& field, const auto&... parts) {
  return error(StatusCode::corrupt_file, "tokenizer.json: ", field, " ", parts...);
}

std::string text_of(const Json& node, std::string_view name) {
  const Json* value = node.find(name);
  return value && value->text() ? *value->text() : std::string();
}

bool flag_of(const Json& node, std::string_view name, bool fallback) {
  const Json* value = node.find(name);
  return value && value->boolean() ? *value->boolean() : fallback;
}

// A step, or the steps of a Sequence, one after the other.
template <typename Visit>
Status each_step(const Json* node, const std::string& field, std::string_view list, const Visit& visit) {
  if (!node) return Status();
  if (!node->object()) return malformed(field, "must be an object, is ", node->kind());
  if (text_of(*node, "type") != "Sequence") return visit(*node, field);
  const Json* steps = node->find(list);
  if (!steps || !steps->array()) return malformed(field + "." + std::string(list), "must be an array");
  for (size_t i = 0; i < steps->array()->size(); ++i) {
    const std::string place = join(field, ".", list, "[", i, "]");
    if (Status s = each_step(&(*steps->array())[i], place, list, visit); !s.ok()) return s;
  }
  return Status();
}

// {"String": "x"} or {"Regex": "x"}: as a regular expression.
Result<std::string> pattern_of(const Json& node, const std::string& field) {
  const Json* pattern = node.find("pattern");
  if (!pattern || !pattern->object()) return malformed(field + ".pattern", "must be an object");
  if (std::string regex = text_of(*pattern, "Regex"); !regex.empty()) return regex;
  const std::string text = text_of(*pattern, "String");
  if (text.empty() || text.find("\\E") != text.npos)
    return malformed(field + ".pattern", "must have a String or a Regex that is not empty");
  return "\\Q" + text + "\\E";
}

Status read_replace(const Json& node, const std::string& field, HfPipeline& out) {
  const Json* pattern = node.find("pattern");
  const std::string from = pattern ? text_of(*pattern, "String") : "";
  const std::string to = text_of(node, "content");
  if (from.empty()) return refused(field, "replaces what a regular expression finds, which is not supported");
  if (from == " " && to == kSpaceMark) {
    out.space_mark = true;
  } else {
    out.normalizer.push_back(Normalizer::replace_step(from, to));
  }
  return Status();
}

Status read_normalizer(const Json& node, const std::string& field, HfPipeline& out) {
  constexpr std::array<std::string_view, 6> kAsNamed = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"};
  const std::string type = text_of(node, "type");
  if (std::ranges::find(kAsNamed, std::string_view(type)) != kAsNamed.end()) {
    out.normalizer.push_back(type);
  } else if (type == "Replace") {
    return read_replace(node, field, out);
  } else if (type == "Prepend") {
    const std::string text = text_of(node, "prepend");
    if (text == kSpaceMark) {
      out.space_prefix = true;
    } else {
      out.normalizer.push_back("Prepend:" + text);
    }
  } else if (type == "Strip") {
    if (flag_of(node, "strip_left", true)) out.normalizer.emplace_back("Strip:left");
    if (flag_of(node, "strip_right", true)) out.normalizer.emplace_back("Strip:right");
  } else {
    return refused(field + ".type", "is \"", type, "\", which is not supported; supported: NFC, NFD, NFKC, NFKD, ",
                   "Lowercase, StripAccents, Strip, Prepend, Replace");
  }
  return Status();
}

Status read_split(const Json& node, const std::string& field, HfPipeline& out) {
  Result<std::string> pattern = pattern_of(node, field);
  if (!pattern.ok()) return pattern.status();
  const std::string behavior = text_of(node, "behavior");
  const bool invert = flag_of(node, "invert", false);
  // Spaces are U+2581 by then.
  if (*pattern == "\\Q \\E" && out.space_mark) return Status();
  if (behavior == "Isolated" || (behavior == "Removed" && invert)) {
    out.patterns.push_back(*std::move(pattern));
  } else if (behavior == "Contiguous" && !invert) {
    out.patterns.push_back("(?:" + *pattern + ")+");
  } else {
    return refused(field + ".behavior", "is \"", behavior, "\"", invert ? " inverted" : "",
                   ", which is not supported; supported: Isolated, Contiguous, Removed with invert");
  }
  return Status();
}

Status read_metaspace(const Json& node, const std::string& field, HfPipeline& out) {
  if (text_of(node, "replacement") != kSpaceMark)
    return refused(field + ".replacement", "is not U+2581, which alone is supported");
  const std::string scheme = text_of(node, "prepend_scheme");
  out.space_mark = true;
  out.prefix_if_missing = true;
  out.split_at_spaces = flag_of(node, "split", true);
  out.prefix_once = scheme == "first";
  out.space_prefix = scheme.empty() ? flag_of(node, "add_prefix_space", true) : scheme != "never";
  return Status();
}

Status read_pre_tokenizer(const Json& node, const std::string& field, HfPipeline& out) {
  const std::string type = text_of(node, "type");
  if (type == "Split") return read_split(node, field, out);
  if (type == "Metaspace") return read_metaspace(node, field, out);
  if (type == "Digits") {
    out.patterns.emplace_back(flag_of(node, "individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)");
  } else if (type == "Punctuation") {
    const std::string behavior = text_of(node, "behavior");
    if (!behavior.empty() && behavior != "Isolated" && behavior != "Contiguous")
      return refused(field + ".behavior", "is \"", behavior, "\", which is not supported");
    out.patterns.push_back(std::string(kPunctuation) + (behavior == "Contiguous" ? "+" : ""));
  } else if (type == "ByteLevel") {
    out.byte_level = true;
    if (flag_of(node, "add_prefix_space", true)) {
      if (!out.patterns.empty())
        return refused(field + ".add_prefix_space", "is true behind another step, which is not supported");
      out.space_prefix = out.prefix_if_missing = true;
    }
    if (flag_of(node, "use_regex", true)) out.patterns.emplace_back(kByteLevel);
  } else {
    return refused(field + ".type", "is \"", type,
                   "\", which is not supported; supported: ByteLevel, Split, Digits, Punctuation, Metaspace");
  }
  return Status();
}

// What {"SpecialToken": {"id": "<s>"}} stands for, in the template's own table.
Status append_ids(const Json& node, const Json& special, const std::string& field, std::vector<int64_t>& ids) {
  const Json* table = node.find("special_tokens");
  const Json* entry = table ? table->find(text_of(special, "id")) : nullptr;
  const Json* list = entry ? entry->find("ids") : nullptr;
  if (!list || !list->array())
    return malformed(field + ".special_tokens", "does not say the ids of a token of `single`");
  for (const Json& id : *list->array()) {
    if (!id.integer()) return malformed(field + ".special_tokens", "has an id that is ", id.kind());
    ids.push_back(*id.integer());
  }
  return Status();
}

Status read_template(const Json& node, const std::string& field, HfPipeline& out) {
  const Json* items = node.find("single");
  if (!items || !items->array()) return malformed(field + ".single", "must be an array");
  out.template_given = true;
  bool behind = false;
  for (const Json& item : *items->array()) {
    if (item.find("Sequence")) behind = true;
    const Json* special = item.find("SpecialToken");
    if (!special) continue;
    if (Status s = append_ids(node, *special, field, behind ? out.tokens_after : out.tokens_before); !s.ok()) return s;
  }
  return Status();
}

// ["</s>", 2]
Status append_pair(const Json& node, std::string_view name, const std::string& field, std::vector<int64_t>& ids) {
  const Json* pair = node.find(name);
  if (!pair || !pair->array() || pair->array()->size() != 2 || !(*pair->array())[1].integer())
    return malformed(field + "." + std::string(name), "must be a text and its id");
  ids.push_back(*(*pair->array())[1].integer());
  return Status();
}

Status read_post_processor(const Json& node, const std::string& field, HfPipeline& out) {
  const std::string type = text_of(node, "type");
  if (type == "ByteLevel") return Status();  // of offsets only
  if (type == "TemplateProcessing") return read_template(node, field, out);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    out.template_given = true;
    if (Status s = append_pair(node, "cls", field, out.tokens_before); !s.ok()) return s;
    return append_pair(node, "sep", field, out.tokens_after);
  }
  return refused(field + ".type", "is \"", type, "\", which is not supported; supported: TemplateProcessing, ",
                 "BertProcessing, RobertaProcessing, ByteLevel");
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// One way to write what several mean.
std::string canonical(std::string pattern) {
  constexpr std::string_view kEndings = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
  for (const std::string_view other :
       {"(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?i:'(?:[sdmt]|ll|ve|re))", "'(?i:[sdmt]|ll|ve|re)"})
    replace_all(pattern, other, kEndings);
  replace_all(pattern, "\r", "\\r");
  replace_all(pattern, "\n", "\\n");
  replace_all(pattern, "\\\"", "\"");
  // What is left of such a pattern are single blanks, which are words anyway.
  if (pattern == std::string(kByteLevel) + "|\\s+") pattern = kByteLevel;
  return pattern;
}

bool same_patterns(const KnownPreTokenizer& row, const std::vector<std::string>& patterns) {
  for (size_t i = 0; i < row.patterns.size(); ++i) {
    const std::string ours = i < patterns.size() ? canonical(patterns[i]) : std::string();
    if (ours != canonical(std::string(row.patterns[i]))) return false;
  }
  return patterns.size() <= row.patterns.size();
}

}  // namespace

Result<HfPipeline> hf_pipeline(const Json& tokenizer) {
  HfPipeline out;
  const auto read = [&](const char* field, std::string_view list, auto* step) {
    return each_step(tokenizer.find(field), field, list,
                     [&](const Json& node, const std::string& place) { return step(node, place, out); });
  };
  if (Status s = read("normalizer", "normalizers", read_normalizer); !s.ok()) return s;
  if (Status s = read("pre_tokenizer", "pretokenizers", read_pre_tokenizer); !s.ok()) return s;
  if (Status s = read("post_processor", "processors", read_post_processor); !s.ok()) return s;
  return out;
}

std::string pre_of_patterns(const std::vector<std::string>& patterns, bool ignore_merges) {
  std::string name;
  for (const KnownPreTokenizer& row : known_pre_tokenizers()) {
    if (!same_patterns(row, patterns)) continue;
    if (row.ignore_merges == ignore_merges) return std::string(row.names[0]);
    if (name.empty()) name = row.names[0];
  }
  return name;
}

}  // namespace tritium
