// The report for people: made of the JSON alone, so both say the same.
#pragma once

#include <string>

#include "gpu_report/report.h"

namespace tritium::gpu_report {

std::string markdown_of(const Json& document);

}  // namespace tritium::gpu_report
