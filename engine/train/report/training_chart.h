// The picture of a training run: losses, flipped trits and the load of the experts over the steps.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "train/report/training_log.h"

namespace tritium {

// An SVG that needs nothing else: no scripts, no fonts to load, no files. Its panels share the axis of steps; the one
// of the experts is left out where no record has a load. Records are in the order of their steps. Long runs are drawn
// as means of neighbouring records, values that are not finite as gaps.
std::string training_chart_svg(std::span<const LogRecord> records, std::string_view title = "Training");

}  // namespace tritium
