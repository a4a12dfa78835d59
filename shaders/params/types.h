// What lets one header be read by a C++ compiler and by glslc: 4-byte scalars only, so both lay structs out alike.
#ifndef TRITIUM_PARAMS_TYPES_H
#define TRITIUM_PARAMS_TYPES_H

#ifdef __cplusplus
#include <cstdint>
namespace tritium {
using uint = std::uint32_t;
}
#define TRITIUM_CHECK_SIZE(type, bytes) static_assert(sizeof(type) == (bytes) && alignof(type) == 4);
#define TRITIUM_PARAMS_BEGIN namespace tritium {
#define TRITIUM_PARAMS_END }
#else
#define TRITIUM_CHECK_SIZE(type, bytes)
#define TRITIUM_PARAMS_BEGIN
#define TRITIUM_PARAMS_END
#endif

#endif
