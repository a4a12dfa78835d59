// Templates: what they become is what Jinja2 makes of them (jinja/make_cases.py; shared cases).
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "tests/support/shared_material.h"
#include "text/jinja/template.h"

namespace tritium::jinja {
namespace {

// 2026-11-26 09:05:07, a Thursday, as both files have it.
std::tm noon() {
  std::tm now{};
  now.tm_year = 126, now.tm_mon = 10, now.tm_mday = 26, now.tm_hour = 9, now.tm_min = 5, now.tm_sec = 7;
  now.tm_wday = 4, now.tm_yday = 329;
  return now;
}

Json read_json(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  Result<Json> json = parse_json(text.str());
  EXPECT_TRUE(json.ok()) << path << ": " << json.message();
  return json.ok() ? *std::move(json) : Json();
}

std::vector<Variable> variables_of(const Json& context) {
  std::vector<Variable> variables;
  for (const Json::Member& member : *context.object())
    variables.push_back({.name = member.name, .value = member.value, .from_messages = member.name == "messages"});
  return variables;
}

Result<Rendered> rendered(const std::string& source, const Json& context) {
  const Result<Template> made = Template::parse(source);
  return made.ok() ? made->render(variables_of(context), noon()) : made.status();
}

// `run` has a text, or the words of an error.
void expect_as(const Json& run, const std::string& source, const Result<Rendered>& got, const char* text = "text") {
  if (const Json* wanted = run.find(text)) {
    EXPECT_TRUE(got.ok()) << source << "\n" << got.message();
    if (got.ok()) {
      EXPECT_EQ(got->text, *wanted->text()) << source;
    }
  } else {
    EXPECT_FALSE(got.ok()) << source << "\nrendered: " << (got.ok() ? got->text : "");
    EXPECT_NE(got.message().find(*run.find("error")->text()), std::string::npos) << source << "\n" << got.message();
  }
}

TEST(JinjaCases, AreWhatJinja2Says) {
  const Json cases = read_json(TRITIUM_JINJA_CASES);
  const Json::Array& contexts = *cases.find("contexts")->array();
  size_t n = 0;
  for (const Json& group : *cases.find("groups")->array()) {
    const std::string& source = *group.find("template")->text();
    for (const Json& run : *group.find("runs")->array()) {
      const auto context = static_cast<size_t>(*run.find("context")->integer());
      expect_as(run, source, rendered(source, contexts[context]));
      ++n;
    }
  }
  EXPECT_GT(n, 400U);
}

TEST(JinjaCases, SharedOnes) {
  const auto path = shared_file("chat_templates/cases.json");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  const Json cases = read_json(*path);
  size_t n = 0;
  for (const Json& one : *cases.find("cases")->array()) {
    const std::string& source = *one.find("template")->text();
    for (const Json& run : *one.find("runs")->array()) {
      expect_as(run, source, rendered(source, *run.find("context")), "expected");
      ++n;
    }
  }
  EXPECT_EQ(n, 28U);
}

}  // namespace
}  // namespace tritium::jinja
