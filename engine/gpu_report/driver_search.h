// What there is of Vulkan on this machine: when no device is found, a report should say why.
#pragma once

#include "gpu_report/report.h"

namespace tritium::gpu_report {

// Descriptions of drivers, what the environment says, libraries that load, device files.
Json driver_search();

}  // namespace tritium::gpu_report
