// Lets one scalar function be compiled as C++ (glm's GLSL built-ins) and as GLSL. Include first in every lib header.
#ifndef TRITIUM_LIB_PORTABLE_H
#define TRITIUM_LIB_PORTABLE_H

#ifdef __cplusplus
#include <cstdint>

#include <glm/common.hpp>
#include <glm/exponential.hpp>
#include <glm/integer.hpp>
#include <glm/packing.hpp>
#include <glm/trigonometric.hpp>
#include <glm/vec2.hpp>

#include "../params/types.h"

#define TRITIUM_FUNCTION inline
// GLSL: no contraction to FMA and no reordering. C++: the build sets -ffp-contract=off.
#define TRITIUM_PRECISE
#define TRITIUM_LIB_BEGIN     \
  namespace tritium::shader { \
  using tritium::uint;
#define TRITIUM_LIB_END }
namespace tritium::shader {
using glm::abs;
using glm::exp;
using glm::findMSB;
using glm::floatBitsToInt;
using glm::floatBitsToUint;
using glm::floor;
using glm::intBitsToFloat;
using glm::min;
using glm::sqrt;
using glm::uintBitsToFloat;
}  // namespace tritium::shader
#else
#define TRITIUM_FUNCTION
#define TRITIUM_PRECISE precise
#define TRITIUM_LIB_BEGIN
#define TRITIUM_LIB_END
#endif

#endif
