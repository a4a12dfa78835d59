// What was written of a model, for a person and for a program.
#pragma once

#include <string>

#include "tritium/convert.hpp"

namespace tritium::cli {

void print_written(const WrittenModel& written, const std::string& output, bool json, bool all_tensors);

}  // namespace tritium::cli
