#include "train/report/training_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "base/counter_rng.h"

namespace tritium {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A run of `n` records, 10 steps apart, of 2 layers with 4 experts each, validated at every 4th.
std::vector<LogRecord> run_of(int64_t n) {
  std::vector<LogRecord> records;
  for (int64_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) / 20;
    LogRecord r{.step = 10 * i, .train_loss = 1.5 + 3 * std::exp(-t), .flipped_percent = 2 * std::exp(-t / 2)};
    if (i % 4 == 0) r.valid_loss = r.train_loss + 0.1;
    r.n_experts = 4;
    for (uint64_t row = 0; row < 8; ++row)
      r.expert_load.push_back(static_cast<float>(random_unit(3, static_cast<uint64_t>(i / 4) * 8 + row) / 2));
    records.push_back(std::move(r));
  }
  return records;
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

// The x and y of each polyline.
std::vector<std::vector<std::pair<double, double>>> polylines(const std::string& svg) {
  std::vector<std::vector<std::pair<double, double>>> all;
  const std::string key = "<polyline points=\"";
  for (size_t at = 0; (at = svg.find(key, at)) != std::string::npos;) {
    at += key.size();
    std::istringstream points(svg.substr(at, svg.find('"', at) - at));
    std::vector<std::pair<double, double>> line;
    double x = 0, y = 0;
    char comma = 0;
    while (points >> x >> comma >> y) line.emplace_back(x, y);
    all.push_back(line);
  }
  return all;
}

// "" for well-formed XML as charts use it: elements, attributes in double quotes, escaped text; else what is wrong.
std::string xml_problem(std::string_view xml) {
  std::vector<std::string> open;
  for (size_t at = 0; at < xml.size();) {
    if (xml[at] != '<') {
      if (xml[at] == '>') return "a lone >";
      if (xml[at] == '&' && xml.substr(at, 8).find(';') == std::string_view::npos) return "a lone &";
      ++at;
      continue;
    }
    const size_t end = xml.find('>', at);
    if (end == std::string_view::npos) return "a tag without end";
    std::string_view tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string_view::npos) return "a < inside a tag";
    if (std::count(tag.begin(), tag.end(), '"') % 2) return "an attribute without end";
    const std::string name(tag.substr(0, tag.find_first_of(" /", 1)));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != tag) return "unexpected <" + std::string(tag) + ">";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    if (open.empty() && xml.find_first_not_of('\n', end + 1) != std::string_view::npos) return "text after the end";
    at = end + 1;
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

TEST(TrainingChart, IsWellFormed) {
  const std::string svg = training_chart_svg(run_of(100), "a < b & \"c\"\n\x01");
  EXPECT_EQ(xml_problem(svg), "");
  EXPECT_EQ(svg.find("<svg xmlns=\"http://www.w3.org/2000/svg\""), 0u);
  EXPECT_EQ(count(svg, "a &lt; b &amp; &quot;c&quot;  <"), 2u);
}

TEST(TrainingChart, NeedsNothingElse) {
  const std::string svg = training_chart_svg(run_of(100));
  for (const char* part : {"script", "href", "url(", "@font-face", "@import"}) EXPECT_EQ(count(svg, part), 0u) << part;
}

TEST(TrainingChart, CurvesGoOnlyForwards) {
  const auto lines = polylines(training_chart_svg(run_of(100)));
  ASSERT_EQ(lines.size(), 3u);  // train, valid, flipped
  EXPECT_EQ(lines[0].size(), 100u);
  EXPECT_EQ(lines[1].size(), 25u);
  for (const auto& line : lines) {
    for (size_t i = 1; i < line.size(); ++i) EXPECT_GT(line[i].first, line[i - 1].first);
  }
}

TEST(TrainingChart, AFallingLossFallsOnThePicture) {
  const auto train = polylines(training_chart_svg(run_of(100)))[0];
  for (size_t i = 1; i < train.size(); ++i) EXPECT_GE(train[i].second, train[i - 1].second);
}

TEST(TrainingChart, ThePanelsShareTheAxisOfSteps) {
  const auto lines = polylines(training_chart_svg(run_of(41)));
  EXPECT_EQ(lines[0].front().first, lines[2].front().first);
  EXPECT_EQ(lines[0].back().first, lines[2].back().first);
  EXPECT_EQ(lines[0][4].first, lines[1][1].first);
}

TEST(TrainingChart, PanelsSayWhatTheyShow) {
  const std::string svg = training_chart_svg(run_of(100));
  for (const char* text : {"loss, nats a token", "trits flipped, %", "load of the 4 experts", ">step<", ">layer 1<",
                           ">train ", ">valid ", ">200<", ">800<"})
    EXPECT_GE(count(svg, text), 1u) << text;
}

TEST(TrainingChart, ShowsOneRecordAsDots) {
  const std::string svg = training_chart_svg(run_of(1));
  EXPECT_EQ(xml_problem(svg), "");
  EXPECT_TRUE(polylines(svg).empty());
  EXPECT_EQ(count(svg, "<circle"), 3u);
}

TEST(TrainingChart, WithoutAValidLossThereIsNoCurveForIt) {
  auto records = run_of(20);
  for (LogRecord& r : records) r.valid_loss.reset();
  const std::string svg = training_chart_svg(records);
  EXPECT_EQ(polylines(svg).size(), 2u);
  EXPECT_EQ(count(svg, "valid"), 0u);
}

TEST(TrainingChart, WithoutExpertsTheirPanelIsLeftOut) {
  auto records = run_of(20);
  for (LogRecord& r : records) {
    r.n_experts = 0;
    r.expert_load.clear();
  }
  const std::string svg = training_chart_svg(records);
  EXPECT_EQ(xml_problem(svg), "");
  EXPECT_EQ(count(svg, "expert"), 0u);
  EXPECT_EQ(count(svg, "rgb("), 0u);
  EXPECT_EQ(count(svg, ">step<"), 1u);
}

TEST(TrainingChart, AnIdleExpertIsBlueAndABusyOneRed) {
  const std::vector<LogRecord> records = {
      {.step = 1, .expert_load = {0, 1, 0.25f, 0.25f}, .n_experts = 4},
  };
  const std::string svg = training_chart_svg(records);
  EXPECT_EQ(count(svg, "width=\"850\" height=\"20\" fill=\"rgb(33,76,140)\""), 1u);
  EXPECT_EQ(count(svg, "width=\"850\" height=\"20\" fill=\"rgb(178,24,43)\""), 1u);
}

TEST(TrainingChart, WhatIsNoNumberIsAGap) {
  auto records = run_of(20);
  records[10].train_loss = kNan;
  records[11].train_loss = std::numeric_limits<double>::infinity();
  records[12].expert_load[0] = std::numeric_limits<float>::quiet_NaN();
  records[13].flipped_percent = 1e300;
  const std::string svg = training_chart_svg(records);
  const auto lines = polylines(svg);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0].size(), 10u);
  EXPECT_EQ(lines[1].size(), 8u);
  for (const char* text : {"nan", "inf,", "inf\"", "e+"}) EXPECT_EQ(count(svg, text), 0u) << text;
}

TEST(TrainingChart, ALongRunStaysSmall) {
  auto records = run_of(20000);
  const std::string svg = training_chart_svg(records);
  EXPECT_LT(svg.size(), size_t{400} << 10);
  for (const auto& line : polylines(svg)) EXPECT_LE(line.size(), 800u);
}

TEST(TrainingChart, NoRecordsMakeAnEmptyChart) { EXPECT_EQ(xml_problem(training_chart_svg({})), ""); }

}  // namespace
}  // namespace tritium
