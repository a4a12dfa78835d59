# Cross-compiles for Linux on 64-bit ARM with Debian's g++-aarch64-linux-gnu; what is built runs under qemu-user.
# `./dev cross aarch64` uses it. TRITIUM_SYSROOT: a folder with usr/lib/aarch64-linux-gnu, the libraries for that processor.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

# Headers of this machine's packages serve (Debian's cross compiler looks into /usr/include itself), its libraries do not.
set(TRITIUM_SYSROOT "" CACHE PATH "Libraries for aarch64")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRITIUM_SYSROOT)
set(CMAKE_FIND_ROOT_PATH ${TRITIUM_SYSROOT} /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
