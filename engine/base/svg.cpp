#include "base/svg.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

#include "base/format_text.h"

namespace tritium {
namespace {

// Hundredths of a pixel are enough; never "-0" and never an exponent.
std::string pixels(double value) {
  assert(std::isfinite(value));
  const double rounded = std::round(value * 100) / 100;
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), rounded == 0 ? 0.0 : rounded, std::chars_format::fixed);
  return end.ec == std::errc() ? std::string(text.data(), end.ptr) : "0";
}

// For text and attributes. Bytes below a space are not allowed in XML, whatever is written for them.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

constexpr std::array<std::string_view, 3> kAnchors = {"start", "middle", "end"};

}  // namespace

Svg::Svg(double width, double height, std::string_view title) {
  out_ = join("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", pixels(width), "\" height=\"", pixels(height),
              "\" viewBox=\"0 0 ", pixels(width), " ", pixels(height), "\" font-family=\"sans-serif\">\n<title>",
              escaped(title), "</title>\n");
  rectangle(0, 0, width, height, "#fff");
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill) {
  out_ += join("<rect x=\"", pixels(x), "\" y=\"", pixels(y), "\" width=\"", pixels(width), "\" height=\"",
               pixels(height), "\" fill=\"", escaped(fill), "\"/>\n");
}

void Svg::line(SvgPoint from, SvgPoint to, std::string_view stroke) {
  out_ += join("<line x1=\"", pixels(from.x), "\" y1=\"", pixels(from.y), "\" x2=\"", pixels(to.x), "\" y2=\"",
               pixels(to.y), "\" stroke=\"", escaped(stroke), "\"/>\n");
}

void Svg::polyline(std::span<const SvgPoint> points, std::string_view stroke) {
  if (points.size() == 1) return dot(points[0], 2.5, stroke);
  std::string places;
  for (const SvgPoint& p : points) places += (places.empty() ? "" : " ") + pixels(p.x) + "," + pixels(p.y);
  out_ += join("<polyline points=\"", places, "\" fill=\"none\" stroke=\"", escaped(stroke),
               "\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>\n");
}

void Svg::dot(SvgPoint at, double radius, std::string_view fill) {
  out_ += join("<circle cx=\"", pixels(at.x), "\" cy=\"", pixels(at.y), "\" r=\"", pixels(radius), "\" fill=\"",
               escaped(fill), "\"/>\n");
}

void Svg::text(SvgPoint at, std::string_view text, Anchor anchor, double size, std::string_view fill) {
  out_ += join("<text x=\"", pixels(at.x), "\" y=\"", pixels(at.y), "\" text-anchor=\"",
               kAnchors[static_cast<size_t>(anchor)], "\" font-size=\"", pixels(size), "\" fill=\"", escaped(fill),
               "\">", escaped(text), "</text>\n");
}

void Svg::begin_crisp() { out_ += "<g shape-rendering=\"crispEdges\">\n"; }

void Svg::end_crisp() { out_ += "</g>\n"; }

std::string Svg::finish() && { return std::move(out_) + "</svg>\n"; }

Ticks nice_ticks(double low, double high, int wanted, double smallest) {
  assert(std::isfinite(low) && std::isfinite(high) && low <= high && wanted >= 2);
  const double rough = std::max((high - low) / wanted, 1e-12);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * 0.75) step = factor * power;
  }
  step = std::max(step, smallest);
  // What is a hair outside because of rounding counts as inside.
  const double first = std::ceil(low / step - 1e-6) * step;
  const int count = static_cast<int>(std::floor((high - first) / step + 1e-6)) + 1;
  return {first, step, std::max(count, 0)};
}

std::string tick_label(double value) {
  std::array<char, 32> text;
  const double shown = std::abs(value) < 1e-12 ? 0.0 : value;
  // Six digits hide what rounding left of 0.30000000000000004.
  const bool plain = shown == 0 || (std::abs(shown) >= 1e-3 && std::abs(shown) < 1e15);
  const bool whole = plain && shown == std::round(shown);
  const auto end = whole ? std::to_chars(text.data(), text.data() + text.size(), shown, std::chars_format::fixed, 0)
                         : std::to_chars(text.data(), text.data() + text.size(), shown, std::chars_format::general, 6);
  return std::string(text.data(), end.ptr);
}

}  // namespace tritium
