// Refuses models whose metadata announces mathematics that is not implemented: running on would print gibberish.
#pragma once

#include <string>

#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

Status refuse_unsupported(const Metadata& metadata, const std::string& architecture);

}  // namespace tritium
