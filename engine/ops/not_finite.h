// Where numbers stop being finite: a Program run operation by operation, with a look at what each one writes.
#pragma once

#include <optional>
#include <string>

#include "ops/program.h"

namespace tritium {

// "rms_norm in model/layer2/attention gives nan (value 70 of [6,64]; its blk.2.attn_norm.weight)"
using NotFinite = std::optional<std::string>;

// Runs a bound Program as walk() does and stops after the first operation that writes a value that is not finite; none:
// all are. The caller holds the backend's mutex.
Result<NotFinite> first_not_finite(Backend& backend, const Program& program);

// Are all values finite? Takes about as long as reading them.
bool all_finite(std::span<const float> values);

}  // namespace tritium
