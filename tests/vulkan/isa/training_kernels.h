// The kernels of training steps, for each optimiser and kind of weights.
#pragma once

#include "tests/vulkan/isa/noting_backend.h"

namespace tritium::vulkan {

Status note_training(NotingRecorder& recorder);

}  // namespace tritium::vulkan
