// What Jinja2 does not say: marks, places of errors, and what strangers' templates may not do.
#include <gtest/gtest.h>

#include "text/jinja/template.h"

namespace tritium::jinja {
namespace {

Result<Rendered> rendered(const std::string& source, const std::string& messages = "[]", const Limits& limits = {}) {
  const Result<Template> made = Template::parse(source, limits);
  if (!made.ok()) return made.status();
  return made->render({{.name = "messages", .value = *parse_json(messages), .from_messages = true},
                       {.name = "bos_token", .value = Json(std::string("<s>"))}},
                      std::tm{});
}

std::string marked(const Result<Rendered>& got) {
  if (!got.ok()) return "error: " + got.message();
  std::string text = got->text;
  for (auto range = got->from_messages.rbegin(); range != got->from_messages.rend(); ++range) {
    text.insert(range->end, "]");
    text.insert(range->begin, "[");
  }
  return text;
}

std::string failure(const std::string& source, const Limits& limits = {}) {
  const Result<Rendered> got = rendered(source, R"([{"content": "u"}])", limits);
  return got.ok() ? "rendered: " + got->text.substr(0, 100) : got.message();
}

constexpr const char* kOne = R"([{"role": "user", "content": " <s>Hi, you "}])";

TEST(Jinja, WhatMessagesSayStaysMarked) {
  const auto of = [](const std::string& expression) { return marked(rendered("{{ " + expression + " }}", kOne)); };
  EXPECT_EQ(of("bos_token + messages[0].content + '!'"), "<s>[ <s>Hi, you ]!");
  EXPECT_EQ(of("bos_token ~ messages[0].content | trim ~ bos_token"), "<s>[<s>Hi, you]<s>");
  EXPECT_EQ(of("messages[0].content[1:4] ~ messages[0].content.split(',')[1].strip()"), "[<s>you]");
  EXPECT_EQ(of("(messages[0].content | upper | replace('HI', bos_token)) | trim"), "[<S>]<s>[, YOU]");
  EXPECT_EQ(of("messages | tojson"), R"([{"[role]": "[user]", "[content]": "[ <s>Hi, you ]"}])");
  EXPECT_EQ(of("messages"), "[{'[role]': '[user]', '[content]': '[ <s>Hi, you ]'}]");
  EXPECT_EQ(of("'%s|%s' % (bos_token, messages[0].content)"), "<s>|[ <s>Hi, you ]");
  EXPECT_EQ(of("'{}|{:>4}'.format(messages[0].content, messages[0].role[0])"), "[ <s>Hi, you ]|   [u]");
  EXPECT_EQ(of("messages | map(attribute='content') | join('+') | reverse"), "[ uoy ,iH>s< ]");
  EXPECT_EQ(of("messages[0].content.title() | indent(2, true)"), "  [ <S>Hi, You ]");
}

TEST(Jinja, MarksPassThroughBlocks) {
  EXPECT_EQ(marked(rendered("{% set x %}<s>{{ messages[0].content }}{% endset %}{{ x | trim }}", kOne)),
            "<s>[ <s>Hi, you]");
  EXPECT_EQ(marked(rendered("{% macro m(x) %}<s>{{ x }}{% endmacro %}{{ m(messages[0].role) * 2 }}", kOne)),
            "<s>[user]<s>[user]");
  EXPECT_EQ(marked(rendered("{% for c in messages[0].role %}{{ c }}-{% endfor %}", kOne)), "[u]-[s]-[e]-[r]-");
  EXPECT_EQ(marked(rendered("{% filter upper %}a{{ messages[0].role }}{% endfilter %}", kOne)), "A[USER]");
}

TEST(Jinja, SaysWhatTheAssistantSays) {
  const Result<Rendered> got = rendered(
      "a{% generation %}bc{% endgeneration %}d{% macro m() %}e{% generation %}f{% endgeneration %}{% endmacro %}{{ m() "
      "}}");
  ASSERT_TRUE(got.ok()) << got.message();
  EXPECT_EQ(got->text, "abcdef");
  EXPECT_EQ(got->of_assistant, (std::vector<ByteRange>{{1, 3}, {5, 6}}));
  EXPECT_TRUE(Template::parse("{% generation %}{% endgeneration %}")->marks_assistant());
  EXPECT_FALSE(Template::parse("{{ generation }}")->marks_assistant());
}

TEST(Jinja, ErrorsSayWhere) {
  EXPECT_EQ(failure("ab\n {{ 1 + }}"), "template: line 2, column 9: an expression was expected, but }} ends it");
  EXPECT_EQ(failure("{% if x %}\n"),
            "template: line 1, column 11: the block that begins here has no end: {% endif %} is missing");
  EXPECT_EQ(failure("é{{ nope.x }}"), "template: line 1, column 9: 'nope' is undefined");
  EXPECT_EQ(failure("\n\n{{ raise_exception('no') }}"), "template: line 3, column 4: no");
  EXPECT_EQ(failure("{{ 'a' | nope }}"), "template: line 1, column 10: there is no filter \"nope\"");
  EXPECT_EQ(failure("{% include 'a' %}"),
            "template: line 1, column 4: {% include %} is not supported: chat templates stand alone");
  EXPECT_EQ(failure("{{ 'a"), "template: line 1, column 4: this string has no end: ' is missing");
}

TEST(Jinja, StatusesTellWhoIsToBlame) {
  EXPECT_EQ(rendered("{{ 1 + }}").code(), StatusCode::corrupt_file);
  EXPECT_EQ(rendered("{{ 1 / 0 }}").code(), StatusCode::corrupt_file);
  EXPECT_EQ(rendered("{% extends 'a' %}").code(), StatusCode::unsupported);
  EXPECT_EQ(rendered("{{ raise_exception('no') }}").code(), StatusCode::invalid_argument);
  EXPECT_EQ(rendered("a\xff").code(), StatusCode::corrupt_file);
}

// What chat templates do although transformers' sandbox has no such methods.
TEST(Jinja, ListsAndDictsCanBeChanged) {
  const auto of = [](const std::string& source) { return marked(rendered(source)); };
  EXPECT_EQ(of("{% set l = [] %}{% for i in [1, 2] %}{% set _ = l.append(i) %}{% endfor %}{{ l }}{{ l.pop() }}{{ l }}"),
            "[1, 2]2[1]");
  EXPECT_EQ(of("{% set d = {'a': 1} %}{{ d.pop('a') }}{{ d.update(b=2) }}{{ d }}"), "1None{'b': 2}");
  EXPECT_EQ(of("{{ '[1, {\"a\": null}]' | from_json }}"), "[1, {'a': None}]");
}

std::string repeated(const std::string& text, size_t n) {
  std::string all;
  for (size_t i = 0; i < n; ++i) all += text;
  return all;
}

TEST(Jinja, NestingIsLimited) {
  for (const char* open : {"(", "[", "-", "not ", "{1:", "a[", "f(", "a if a else ", "a|f("})
    EXPECT_NE(failure("{{ " + repeated(open, 100000) + " }}").find("template: "), std::string::npos) << open;
  EXPECT_NE(failure(repeated("{% if 1 %}", 100000)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(failure("{% for " + repeated("(", 100000) + "a in b %}{% endfor %}").find("template: "), std::string::npos);
  EXPECT_NE(failure("{{ 1" + repeated(" + 1", 100000) + " }}").find("nested too deeply"), std::string::npos);
  EXPECT_NE(failure("{{ a" + repeated(".b", 100000) + " }}").find("template: "), std::string::npos);
  EXPECT_NE(failure("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").find("calls itself without end"),
            std::string::npos);
  EXPECT_NE(failure("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}").find("calls itself without end"),
            std::string::npos);
  EXPECT_NE(failure("{% set a = [] %}{% set _ = a.append(a) %}{{ a }}").find("nested more than"), std::string::npos);
  EXPECT_NE(failure("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}").find("nested more than"),
            std::string::npos);
  const std::string grow =
      "{% set ns = namespace(a=[], b=[]) %}{% for i in range(100000) %}{% set ns.a = [ns.a] %}{% endfor %}";
  EXPECT_EQ(failure(grow), "rendered: ");
  EXPECT_NE(failure(grow + "{{ ns.a }}").find("nested more than"), std::string::npos);
  EXPECT_NE(failure(grow + "{{ ns.a | tojson }}").find("nested more than"), std::string::npos);
  EXPECT_NE(failure(grow + "{{ ns.a < ns.b }}{{ ns.a == [ns.a] }}").find("nested more than"), std::string::npos);
  EXPECT_EQ(failure("{% set ns = namespace(a={}) %}{% for i in range(100000) %}{% set ns.a = {1: ns.a} %}{% endfor %}"),
            "rendered: ");
  EXPECT_EQ(failure("{% set ns = namespace(a=[]) %}{% for i in range(50000) %}{% set ns.a = [ns.a.pop] %}{% endfor %}"),
            "rendered: ");
  EXPECT_EQ(failure("{% set ns = namespace(l=1) %}{% for i in range(50000) %}{% for j in [ns.l] %}{% set ns.l = loop "
                    "%}{% endfor %}{% endfor %}"),
            "rendered: ");
  EXPECT_EQ(failure("{% set ns = namespace(m=1) %}{% for i in range(20000) %}{% set p = ns.m %}{% macro m() %}{{ p "
                    "}}{% endmacro %}{% set ns.m = m %}{% endfor %}"),
            "rendered: ");
}

TEST(Jinja, TimeAndMemoryAreLimited) {
  const Limits limits{.work = 1 << 24, .memory = 1 << 24, .output = 1 << 16};
  EXPECT_NE(
      failure("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", limits).find("too "),
      std::string::npos);
  for (const char* bomb :
       {"'a' * 10 ** 12", "[1] * 10 ** 12", "'a'.center(10 ** 12)", "'a'.ljust(10 ** 12)", "'a'.zfill(10 ** 12)",
        "'a' | indent(10 ** 12, true)", "[1] | tojson(indent=10 ** 12)",
        "'%1000000s%1000000s%1000000s%1000000s%1000000s%1000000s%1000000s%1000000s%1000000s' % (1, 1, 1, 1, 1, 1, 1, "
        "1, 1) * 9",
        "('a' * 10 ** 6).replace('', 'b' * 10 ** 6)", "('a,' * 10 ** 6).split(',')", "[1] | batch(10 ** 12, 0) | list",
        "'a' | center(10 ** 12)", "('a' * 10 ** 6).join('b' * 10 ** 6)"})
    EXPECT_NE(failure("{{ " + std::string(bomb) + " }}", limits).find("too "), std::string::npos)
        << bomb << failure("{{ " + std::string(bomb) + " }}", limits);
  EXPECT_NE(failure("{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                    limits)
                .find("too "),
            std::string::npos);
  EXPECT_NE(failure("{% for i in range(9999) %}0123456789{% endfor %}", limits).find("makes a text of more than"),
            std::string::npos);
  EXPECT_NE(failure("{{ range(10 ** 9) }}").find("more than 100000"), std::string::npos);
  EXPECT_NE(failure("{{ 2 ** 10000 }}{{ 1 }}").find("too large"), std::string::npos);
  EXPECT_NE(failure("{{ '%9999999999d' % 1 }}").find("too large"), std::string::npos);
  EXPECT_NE(failure("{{ 9223372036854775807 + 1 }}").find("too large"), std::string::npos);
  EXPECT_NE(failure("{{ (-9223372036854775807 - 1) // -1 }}").find("too large"), std::string::npos);
}

TEST(Jinja, RendersManyTimes) {
  const Result<Template> made = Template::parse("{% set l = [1] %}{% set _ = l.append(2) %}{{ l }}{{ n }}");
  ASSERT_TRUE(made.ok());
  for (int64_t n = 0; n < 3; ++n)
    EXPECT_EQ(made->render({{.name = "n", .value = Json(n)}}, std::tm{})->text, "[1, 2]" + std::to_string(n));
}

}  // namespace
}  // namespace tritium::jinja
