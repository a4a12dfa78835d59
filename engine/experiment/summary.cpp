#include "experiment/summary.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/format_text.h"
#include "base/svg.h"
#include "experiment/statistics.h"

namespace tritium::experiment {
namespace {

using BySeed = std::map<uint32_t, double>;

BySeed values_of(const std::vector<Row>& rows, const std::string& arm, const std::string& figure) {
  BySeed values;
  for (const Row& row : rows)
    for (const auto& [name, value] : row.figures)
      if (row.arm == arm && name == figure && std::isfinite(value)) values[row.seed] = value;
  return values;
}

Interval interval_of_seeds(const BySeed& values) {
  std::vector<double> list;
  for (const auto& [seed, value] : values) list.push_back(value);
  return interval_of(list);
}

std::optional<Interval> difference_of(const BySeed& values, const BySeed& others) {
  std::vector<double> list;
  for (const auto& [seed, value] : values)
    if (const auto other = others.find(seed); other != others.end()) list.push_back(value - other->second);
  if (list.empty()) return std::nullopt;
  return interval_of(list);
}

}  // namespace

std::vector<StudyArm> summary_of(const std::vector<Arm>& arms, const std::vector<Row>& rows,
                                 const std::string& main_figure) {
  std::vector<StudyArm> all;
  for (const Arm& arm : arms) {
    StudyArm& out = all.emplace_back(StudyArm{.name = arm.name, .what = arm.what, .against = arm.against});
    std::vector<std::string> names = {main_figure};
    const auto first = std::ranges::find(rows, arm.name, &Row::arm);
    if (first == rows.end()) continue;
    for (const auto& [name, value] : first->figures)
      if (name != main_figure) names.push_back(name);
    for (const std::string& name : names) {
      const BySeed values = values_of(rows, arm.name, name);
      if (values.empty()) continue;
      StudyFigure figure = {.name = name, .value = interval_of_seeds(values)};
      if (!arm.against.empty()) figure.difference = difference_of(values, values_of(rows, arm.against, name));
      out.figures.push_back(std::move(figure));
    }
  }
  return all;
}

std::string chart_of(const StudyReport& report) {
  constexpr double kWidth = 900, kLeft = 220, kRight = 860, kTop = 60, kRow = 24, kAxis = 50;
  std::vector<std::pair<std::string, Interval>> lines;
  for (const StudyArm& arm : report.arms)
    if (!arm.figures.empty() && arm.figures[0].name == report.main_figure)
      lines.emplace_back(arm.name, arm.figures[0].value);
  const double bottom = kTop + kRow * static_cast<double>(std::max<size_t>(1, lines.size()));
  Svg svg(kWidth, bottom + kAxis, join(report.study, ": ", report.main_figure, ", mean and 95 % interval"));
  svg.text({kLeft, 24}, join(report.study, ": ", report.main_figure, " (mean, 95 % interval)"), Svg::Anchor::start, 15);
  if (lines.empty()) {
    svg.text({kLeft, kTop + 10}, "no rows yet", Svg::Anchor::start);
    return std::move(svg).finish();
  }
  double low = INFINITY, high = -INFINITY;
  for (const auto& [name, value] : lines) {
    // The interval of two seeds says little, and would flatten all others.
    const double around = value.n > 2 ? value.half_width : 0;
    low = std::min(low, value.mean - around), high = std::max(high, value.mean + around);
  }
  const double margin = high > low ? 0.05 * (high - low) : 0.01 + 0.01 * std::abs(low);
  low -= margin, high += margin;
  const auto x = [&](double v) { return kLeft + (std::clamp(v, low, high) - low) / (high - low) * (kRight - kLeft); };
  const Ticks ticks = nice_ticks(low, high, 8);
  for (int i = 0; i < ticks.count; ++i) {
    svg.line({x(ticks.at(i)), kTop}, {x(ticks.at(i)), bottom}, "#e4e4e4");
    svg.text({x(ticks.at(i)), bottom + 18}, tick_label(ticks.at(i)), Svg::Anchor::middle);
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto& [name, value] = lines[i];
    const double y = kTop + kRow * (static_cast<double>(i) + 0.5);
    svg.text({kLeft - 10, y + 4}, name, Svg::Anchor::end);
    svg.line({x(value.mean - value.half_width), y}, {x(value.mean + value.half_width), y}, "#1f77b4");
    svg.dot({x(value.mean), y}, 4, "#1f77b4");
  }
  svg.text({(kLeft + kRight) / 2, bottom + 40}, report.main_figure, Svg::Anchor::middle, 12);
  return std::move(svg).finish();
}

}  // namespace tritium::experiment
