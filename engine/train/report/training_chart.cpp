#include "train/report/training_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "base/format_text.h"
#include "base/svg.h"

namespace tritium {
namespace {

constexpr double kWidth = 960, kLeft = 80, kRight = 930;
constexpr double kTitleHeight = 48, kPanelGap = 44, kAxisHeight = 48;
constexpr double kLossHeight = 220, kFlipHeight = 120;
constexpr std::string_view kGrid = "#e4e4e4", kFrame = "#888";
constexpr std::string_view kTrainColour = "#1f77b4", kValidColour = "#d95f02", kFlipColour = "#2a8a5b";
constexpr double kFull = 3;  // load times n_experts at which the colour is full
// Beyond these, neighbours are drawn as their mean: a pixel shows no more.
constexpr size_t kMostPoints = 800, kMostColumns = 200;
// Beyond this a value is a run that blew up, and would flatten all others.
constexpr double kLargest = 1e30;

struct Sample {
  double step = 0;
  double value = 0;  // NaN: a gap
};

struct Series {
  std::string name;
  std::string_view colour;
  std::vector<Sample> samples;
};

// From steps or values to pixels.
struct Scale {
  double low = 0, high = 1, at_low = 0, at_high = 1;

  double operator()(double value) const { return at_low + (value - low) / (high - low) * (at_high - at_low); }
};

struct Panel {
  double top = 0;
  double height = 0;

  double bottom() const { return top + height; }
};

bool drawable(double value) { return std::isfinite(value) && std::abs(value) <= kLargest; }

template <typename Read>
Series series_of(std::span<const LogRecord> records, std::string name, std::string_view colour, Read read) {
  Series series{std::move(name), colour, {}};
  for (const LogRecord& record : records) {
    if (const std::optional<double> value = read(record))
      series.samples.push_back({static_cast<double>(record.step), *value});
  }
  return series;
}

// Means of neighbours, so that at most `most` samples are left. A gap is left where no neighbour can be drawn.
std::vector<Sample> thinned(const std::vector<Sample>& samples, size_t most) {
  const size_t group = (samples.size() + most - 1) / most;
  if (group <= 1) return samples;
  std::vector<Sample> means;
  for (size_t begin = 0; begin < samples.size(); begin += group) {
    const size_t end = std::min(begin + group, samples.size());
    Sample mean;
    int n = 0;
    for (size_t i = begin; i < end; ++i) {
      mean.step += samples[i].step / static_cast<double>(end - begin);
      if (!drawable(samples[i].value)) continue;
      mean.value += samples[i].value;
      ++n;
    }
    mean.value = n ? mean.value / n : NAN;
    means.push_back(mean);
  }
  return means;
}

Scale step_scale(std::span<const LogRecord> records) {
  double low = 0, high = 0;
  if (!records.empty()) {
    const auto [first, last] = std::minmax_element(
        records.begin(), records.end(), [](const LogRecord& a, const LogRecord& b) { return a.step < b.step; });
    low = static_cast<double>(first->step);
    high = static_cast<double>(last->step);
  }
  if (high - low < 1) return {low - 0.5, high + 0.5, kLeft, kRight};
  return {low, high, kLeft, kRight};
}

// With some room above and below the curves.
Scale value_scale(std::span<const Series> all, const Panel& panel, bool from_zero) {
  std::optional<double> low, high;
  if (from_zero) low = high = 0.0;
  for (const Series& series : all) {
    for (const Sample& sample : series.samples) {
      if (!drawable(sample.value)) continue;
      low = std::min(low.value_or(sample.value), sample.value);
      high = std::max(high.value_or(sample.value), sample.value);
    }
  }
  if (!low) low = high = 0.0;
  const double span = *high > *low ? *high - *low : std::abs(*high);
  const double room = span > 0 ? 0.05 * span : 1;
  return {from_zero && *low >= 0 ? 0 : *low - room, *high + room, panel.bottom(), panel.top};
}

void draw_frame(Svg& svg, const Panel& panel, std::string_view label) {
  svg.line({kLeft, panel.top}, {kLeft, panel.bottom()}, kFrame);
  svg.line({kLeft, panel.bottom()}, {kRight, panel.bottom()}, kFrame);
  svg.text({kLeft, panel.top - 8}, label, Svg::Anchor::start, 12, "#222");
}

void draw_step_ticks(Svg& svg, const Scale& x, const Panel& panel, bool labelled) {
  const Ticks ticks = nice_ticks(x.low, x.high, 8, 1);
  for (int i = 0; i < ticks.count; ++i) {
    const double at = x(ticks.at(i));
    svg.line({at, panel.bottom()}, {at, panel.bottom() + 4}, kFrame);
    if (labelled) svg.text({at, panel.bottom() + 17}, tick_label(ticks.at(i)), Svg::Anchor::middle);
  }
  if (labelled) svg.text({(kLeft + kRight) / 2, panel.bottom() + 36}, "step", Svg::Anchor::middle, 12, "#222");
}

void draw_series(Svg& svg, const Series& series, const Scale& x, const Scale& y) {
  std::vector<SvgPoint> points;
  const auto draw = [&] {
    if (!points.empty()) svg.polyline(points, series.colour);
    points.clear();
  };
  for (const Sample& sample : thinned(series.samples, kMostPoints)) {
    if (drawable(sample.value)) {
      points.push_back({x(sample.step), y(sample.value)});
    } else {
      draw();
    }
  }
  draw();
}

// Names at the right above the panel, each with the last value.
void draw_legend(Svg& svg, std::span<const Series> all, const Panel& panel) {
  double right = kRight;
  for (size_t i = all.size(); i-- > 0;) {
    if (all[i].samples.empty()) continue;
    const Sample& last = all[i].samples.back();
    const std::string value = std::isfinite(last.value) ? tick_label(std::round(last.value * 1e4) / 1e4) : "not finite";
    const std::string text = join(all[i].name, " ", value);
    svg.text({right, panel.top - 8}, text, Svg::Anchor::end, 11, all[i].colour);
    right -= 6.2 * static_cast<double>(text.size()) + 20;  // about the width of letters of size 11
    svg.rectangle(right, panel.top - 13, 14, 3, all[i].colour);
    right -= 18;
  }
}

void draw_curves(Svg& svg, std::span<const Series> all, const Panel& panel, const Scale& x, std::string_view label,
                 bool from_zero) {
  const Scale y = value_scale(all, panel, from_zero);
  const Ticks ticks = nice_ticks(y.low, y.high, panel.height > 150 ? 6 : 4);
  for (int i = 0; i < ticks.count; ++i) {
    const double at = y(ticks.at(i));
    svg.line({kLeft, at}, {kRight, at}, kGrid);
    svg.text({kLeft - 6, at + 4}, tick_label(ticks.at(i)), Svg::Anchor::end);
  }
  draw_frame(svg, panel, label);
  draw_legend(svg, all, panel);
  for (const Series& series : all) draw_series(svg, series, x, y);
}

// ---- the load of the experts

// Of a range of records: the mean of load times n_experts for each expert, layer after layer.
struct LoadColumn {
  double first_step = 0, last_step = 0;
  std::vector<double> loads;
};

struct LoadMap {
  size_t n_experts = 0;
  size_t n_rows = 0;  // layers times experts
  std::vector<LoadColumn> columns;
};

// Records of another shape than the last one's are left out: a chart shows one model.
LoadMap load_map(std::span<const LogRecord> records) {
  LoadMap map;
  std::vector<const LogRecord*> loaded;
  for (const LogRecord& r : records) {
    if (r.n_experts < 1 || r.expert_load.empty() || r.expert_load.size() % static_cast<size_t>(r.n_experts)) continue;
    if (static_cast<size_t>(r.n_experts) != map.n_experts || r.expert_load.size() != map.n_rows) loaded.clear();
    map.n_experts = static_cast<size_t>(r.n_experts);
    map.n_rows = r.expert_load.size();
    loaded.push_back(&r);
  }
  const size_t group = std::max<size_t>(1, (loaded.size() + kMostColumns - 1) / kMostColumns);
  for (size_t begin = 0; begin < loaded.size(); begin += group) {
    const size_t end = std::min(begin + group, loaded.size());
    LoadColumn column{static_cast<double>(loaded[begin]->step), static_cast<double>(loaded[end - 1]->step),
                      std::vector<double>(map.n_rows, 0.0)};
    const double weight = static_cast<double>(map.n_experts) / static_cast<double>(end - begin);
    for (size_t i = begin; i < end; ++i) {
      for (size_t row = 0; row < map.n_rows; ++row) column.loads[row] += weight * loaded[i]->expert_load[row];
    }
    map.columns.push_back(std::move(column));
  }
  return map;
}

// Blue where an expert idles, white where it has its share, red where it has kFull times that or more. 16 shades a
// side, so that neighbours of nearly the same load are drawn as one.
int shade_of(double load) {
  if (!std::isfinite(load)) return 0;
  const double t = load < 1 ? load - 1 : (load - 1) / (kFull - 1);
  return static_cast<int>(std::lround(16 * std::clamp(t, -1.0, 1.0)));
}

std::string colour_of(int shade) {
  constexpr std::array<int, 3> kIdle = {33, 76, 140}, kShare = {247, 246, 242}, kBusy = {178, 24, 43};
  const std::array<int, 3>& end = shade < 0 ? kIdle : kBusy;
  std::string text = "rgb(";
  for (size_t i = 0; i < 3; ++i) text += join(i ? "," : "", kShare[i] + (end[i] - kShare[i]) * std::abs(shade) / 16);
  return text + ")";
}

// Where columns meet: half way between their steps.
std::vector<double> column_edges(const LoadMap& map, const Scale& x) {
  std::vector<double> edges = {kLeft};
  for (size_t i = 1; i < map.columns.size(); ++i)
    edges.push_back(x((map.columns[i - 1].last_step + map.columns[i].first_step) / 2));
  edges.push_back(kRight);
  return edges;
}

void draw_load_legend(Svg& svg, const Panel& panel) {
  const double left = kRight - 165, y = panel.top - 17;
  for (int shade = -16; shade <= 16; ++shade) svg.rectangle(left + 3 * (shade + 16), y, 3, 10, colour_of(shade));
  svg.text({left - 5, y + 9}, "idle", Svg::Anchor::end);
  svg.text({left + 104, y + 9}, join(kFull, "× or more"), Svg::Anchor::start);
}

void draw_loads(Svg& svg, const LoadMap& map, const Panel& panel, const Scale& x) {
  const double row_height = panel.height / static_cast<double>(map.n_rows);
  const std::vector<double> edges = column_edges(map, x);
  svg.begin_crisp();
  svg.rectangle(kLeft, panel.top, kRight - kLeft, panel.height, colour_of(0));
  for (size_t row = 0; row < map.n_rows; ++row) {
    const double y = panel.top + row_height * static_cast<double>(row);
    for (size_t begin = 0, end = 0; begin < map.columns.size(); begin = end) {
      const int shade = shade_of(map.columns[begin].loads[row]);
      while (end < map.columns.size() && shade_of(map.columns[end].loads[row]) == shade) ++end;
      if (shade != 0) svg.rectangle(edges[begin], y, edges[end] - edges[begin], row_height, colour_of(shade));
    }
  }
  svg.end_crisp();
  const double layer_height = row_height * static_cast<double>(map.n_experts);
  const size_t n_layers = map.n_rows / map.n_experts;
  double last_label = -1;
  for (size_t layer = 0; layer < n_layers; ++layer) {
    const double y = panel.top + layer_height * static_cast<double>(layer);
    if (layer > 0) svg.line({kLeft, y}, {kRight, y}, kFrame);
    const double middle = y + layer_height / 2 + 4;
    if (last_label >= 0 && middle - last_label < 12) continue;  // would overlap
    svg.text({kLeft - 6, middle}, join("layer ", layer), Svg::Anchor::end);
    last_label = middle;
  }
  draw_frame(svg, panel, join("load of the ", map.n_experts, " experts of each layer, in fair shares"));
  draw_load_legend(svg, panel);
}

}  // namespace

std::string training_chart_svg(std::span<const LogRecord> records, std::string_view title) {
  const Panel loss{kTitleHeight + kPanelGap / 2, kLossHeight};
  const Panel flips{loss.bottom() + kPanelGap, kFlipHeight};
  const LoadMap map = load_map(records);
  const bool has_loads = !map.columns.empty();
  const Panel loads{flips.bottom() + kPanelGap, std::clamp(8.0 * static_cast<double>(map.n_rows), 80.0, 480.0)};
  const Panel& lowest = has_loads ? loads : flips;

  Svg svg(kWidth, lowest.bottom() + kAxisHeight, title);
  svg.text({kWidth / 2, 28}, title, Svg::Anchor::middle, 17, "#111");
  const Scale x = step_scale(records);
  const std::array<Series, 2> losses = {
      series_of(records, "train", kTrainColour, [](const LogRecord& r) { return std::optional(r.train_loss); }),
      series_of(records, "valid", kValidColour, [](const LogRecord& r) { return r.valid_loss; })};
  draw_curves(svg, losses, loss, x, "loss, nats a token", false);
  const std::array<Series, 1> flipped = {
      series_of(records, "flipped", kFlipColour, [](const LogRecord& r) { return std::optional(r.flipped_percent); })};
  draw_curves(svg, flipped, flips, x, "trits flipped, %", true);
  if (has_loads) draw_loads(svg, map, loads, x);
  for (const Panel* panel : {&loss, &flips, &loads}) {
    if (panel != &loads || has_loads) draw_step_ticks(svg, x, *panel, panel == &lowest);
  }
  return std::move(svg).finish();
}

}  // namespace tritium
