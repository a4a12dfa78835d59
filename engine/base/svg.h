// Writes the little of SVG that charts need: every text is escaped, every number is finite and short.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tritium {

struct SvgPoint {
  double x = 0;
  double y = 0;
};

class Svg {
 public:
  enum class Anchor { start, middle, end };

  // A white picture with a title for those who cannot see it.
  Svg(double width, double height, std::string_view title);

  void rectangle(double x, double y, double width, double height, std::string_view fill);
  void line(SvgPoint from, SvgPoint to, std::string_view stroke);
  // One point alone becomes a dot.
  void polyline(std::span<const SvgPoint> points, std::string_view stroke);
  void dot(SvgPoint at, double radius, std::string_view fill);
  void text(SvgPoint at, std::string_view text, Anchor anchor, double size = 11, std::string_view fill = "#444");

  // Edges between these two calls are not smoothed: neighbouring areas leave no seam.
  void begin_crisp();
  void end_crisp();

  std::string finish() &&;

 private:
  std::string out_;
};

// Round values for the ticks of an axis: 1, 2 or 5 times a power of ten apart.
struct Ticks {
  double first = 0;
  double step = 1;
  int count = 1;

  double at(int i) const { return first + i * step; }
};

// About `wanted` of them (at least 2) from `low` to `high`, both finite and low <= high; not closer than `smallest`.
Ticks nice_ticks(double low, double high, int wanted, double smallest = 0);
// The value of a tick in as few digits as tell it from the next.
std::string tick_label(double value);

}  // namespace tritium
