# Cross-compiles for Windows on x86-64 with Debian's g++-mingw-w64-x86-64-posix; what is built runs under Wine.
# `./dev cross windows` uses it. TRITIUM_SYSROOT: a folder with include/ and lib/ of the libraries for Windows, all static.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
find_program(TRITIUM_WINE NAMES wine64 wine PATHS /usr/lib/wine)
if(TRITIUM_WINE)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${TRITIUM_WINE})
endif()

# The compiler's own libraries are part of what is built, so that nothing has to lie beside it.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_SHARED_LINKER_FLAGS_INIT -static)
# What the headers of libraries need to know that are linked statically.
set(CMAKE_C_FLAGS_INIT "-DPCRE2_STATIC -DUTF8PROC_STATIC")
set(CMAKE_CXX_FLAGS_INIT "-DPCRE2_STATIC -DUTF8PROC_STATIC")

# Wine lists a program's tests when they are run, not when they are built.
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)

set(TRITIUM_SYSROOT "" CACHE PATH "Libraries for Windows")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRITIUM_SYSROOT)
# As /usr/include is for programs of this machine.
set(CMAKE_C_STANDARD_INCLUDE_DIRECTORIES ${TRITIUM_SYSROOT}/include)
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${TRITIUM_SYSROOT}/include)
set(CMAKE_FIND_ROOT_PATH ${TRITIUM_SYSROOT} /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
