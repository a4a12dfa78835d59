// What each tensor of a model is for.
#pragma once

#include <string>
#include <vector>

#include "artifact/sections.h"

namespace tritium::artifact {

// Of the header's tensors, in its order. Of a file that is no model that runs here, and of tensors that are not the
// model's own: `other`.
Result<std::vector<Kind>> kinds_of_tensors(const std::string& path, const GgufHeader& header);

}  // namespace tritium::artifact
