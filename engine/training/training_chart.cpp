// The chart of a run: three panels over the steps.
#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "training/training_log.h"

namespace tritium::training {
namespace {

constexpr double kWidth = 760, kLeft = 64, kRight = 16, kPanel = 180, kGap = 48, kTop = 36;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  char text[512];
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(text, sizeof text, pattern, values);
  va_end(values);
  return text;
}

struct Point {
  double step, value;
};

// 1, 2 or 5 times a power of ten, about a fifth of the range.
double tick_of(double range) {
  const double rough = std::max(range, 1e-9) / 5;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (double factor : {1.0, 2.0, 5.0})
    if (power * factor >= rough) return power * factor;
  return power * 10;
}

class Panel {
 public:
  Panel(std::string title, double top, double last_step, double low, double high)
      : title_(std::move(title)), top_(top), last_step_(std::max(last_step, 1.0)), low_(low), high_(high) {}

  double x(double step) const { return kLeft + (kWidth - kLeft - kRight) * step / last_step_; }
  double y(double value) const { return top_ + kPanel * (1 - (value - low_) / std::max(high_ - low_, 1e-12)); }

  std::string frame() const {
    std::string svg = format("<text x='%.0f' y='%.1f' font-weight='bold'>%s</text>\n", kLeft, top_ - 8, title_.c_str());
    svg += format("<rect x='%.0f' y='%.1f' width='%.1f' height='%.0f' fill='none' stroke='#888'/>\n", kLeft, top_,
                  kWidth - kLeft - kRight, kPanel);
    const double step = tick_of(last_step_);
    for (double s = 0; s <= last_step_ * 1.0001; s += step)
      svg += format("<text x='%.1f' y='%.1f' text-anchor='middle'>%.0f</text>\n", x(s), top_ + kPanel + 14, s);
    return svg;
  }
  std::string value_axis() const {
    std::string svg;
    const double tick = tick_of(high_ - low_);
    for (double v = std::ceil(low_ / tick) * tick; v <= high_ + tick * 1e-6; v += tick)
      svg += format(
          "<text x='%.0f' y='%.1f' text-anchor='end'>%.4g</text><line x1='%.0f' x2='%.0f' y1='%.1f' y2='%.1f' "
          "stroke='#ddd'/>\n",
          kLeft - 6, y(v) + 4, v, kLeft, kWidth - kRight, y(v), y(v));
    return svg;
  }
  std::string line(const std::vector<Point>& points, const char* colour) const {
    if (points.empty()) return "";
    std::string svg = format("<polyline fill='none' stroke='%s' stroke-width='1.5' points='", colour);
    for (const Point& p : points) svg += format("%.1f,%.1f ", x(p.step), y(p.value));
    return svg + "'/>\n";
  }

 private:
  std::string title_;
  double top_, last_step_, low_, high_;
};

void widen(const std::vector<Point>& points, double& low, double& high) {
  for (const Point& p : points) low = std::min(low, p.value), high = std::max(high, p.value);
}

// White: no slots; blue: an equal share; red: three times that or more.
std::string colour_of(double share) {
  const double cold = std::clamp(share, 0.0, 1.0);
  const double hot = std::clamp((share - 1.0) / 2.0, 0.0, 1.0);
  return format("rgb(%d,%d,%d)", static_cast<int>(255 - 185 * cold + 150 * hot),
                static_cast<int>(255 - 125 * cold - 90 * hot), static_cast<int>(255 - 75 * cold - 130 * hot));
}

std::string heat_map(const std::vector<TrainProgress>& rows, const Panel& panel, double top) {
  std::string svg;
  double left = panel.x(0);
  const size_t every = rows.size() / 100 + 1;  // columns that can be told apart
  for (size_t i = every - 1; i < rows.size(); i += every) {
    const TrainProgress& row = rows[i];
    const double right = panel.x(static_cast<double>(row.step));
    const auto n = static_cast<double>(row.expert_load.size());
    for (size_t e = 0; e < row.expert_load.size(); ++e)
      svg += format("<rect x='%.1f' y='%.2f' width='%.1f' height='%.2f' fill='%s'/>\n", left,
                    top + kPanel * static_cast<double>(e) / n, std::max(right - left, 0.5), kPanel / n,
                    colour_of(double{row.expert_load[e]} * static_cast<double>(row.n_experts)).c_str());
    left = right;
  }
  return svg;
}

}  // namespace

std::string training_chart(const std::vector<TrainProgress>& rows) {
  std::vector<Point> train, valid, flips;
  bool routed = false;
  for (const TrainProgress& r : rows) {
    const auto step = static_cast<double>(r.step);
    if (std::isfinite(r.train_loss)) train.push_back({step, r.train_loss});
    if (r.valid_loss && std::isfinite(*r.valid_loss)) valid.push_back({step, *r.valid_loss});
    if (std::isfinite(r.flipped_percent)) flips.push_back({step, r.flipped_percent});
    routed = routed || !r.expert_load.empty();
  }
  const double last = rows.empty() ? 1 : static_cast<double>(rows.back().step);
  double low = 1e30, high = -1e30;
  widen(train, low, high), widen(valid, low, high);
  if (low > high) low = 0, high = 1;
  double most_flips = 1e-3, none = 0;
  widen(flips, none, most_flips);

  const Panel losses("loss, nats a token: training (blue), held out (orange)", kTop, last, low, high);
  const Panel flipped("trits flipped since the report before, %", kTop + kPanel + kGap, last, 0, most_flips);
  const double map_top = kTop + 2 * (kPanel + kGap);
  const Panel experts("load of the experts, layer after layer (blue: an equal share)", map_top, last, 0, 1);
  const double height = kTop + (routed ? 3 : 2) * (kPanel + kGap);
  std::string svg = format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' font-family='sans-serif' "
      "font-size='11'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
      kWidth, height);
  svg += losses.value_axis() + losses.frame() + losses.line(train, "#3b6fb6") + losses.line(valid, "#e08214");
  svg += flipped.value_axis() + flipped.frame() + flipped.line(flips, "#4d9221");
  if (routed) svg += heat_map(rows, experts, map_top) + experts.frame();
  return svg + "</svg>\n";
}

}  // namespace tritium::training
