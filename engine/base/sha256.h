// SHA-256 (FIPS 180-4): the checksum that CMake has, too, for what the build says of files and the program checks.
#pragma once

#include <string>
#include <string_view>

namespace tritium {

std::string sha256_of(std::string_view bytes);  // 64 hexadecimal digits

}  // namespace tritium
