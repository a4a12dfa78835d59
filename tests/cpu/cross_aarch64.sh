#!/usr/bin/env bash
# Builds for 64-bit ARM in build-aarch64/, and runs the cpu backend's tests on emulated processors: on one that has all
# instructions, and on one that has none beyond NEON and must not be given more. Skips, and says why, without Debian's cross
# compiler, qemu and GoogleTest's sources; changes nothing that is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=build-aarch64 sysroot=$PWD/build-aarch64/sysroot toolchain=$PWD/cmake/aarch64-linux-gnu.cmake
emulator=(qemu-aarch64 -L /usr/aarch64-linux-gnu)

say() { printf '== %s\n' "$*" >&2; }
skip() { say "$*: cross-compiling is skipped"; exit 0; }
fail() { say "$*"; exit 1; }

# The libraries that the build links. apt keeps its lists for this processor in the folder, too.
unpack_libraries() {
  local packages=(libpcre2-8-0 libpcre2-dev libutf8proc2 libutf8proc-dev) fetched=$folder/packages options package
  compgen -G "$sysroot/usr/lib/aarch64-linux-gnu/libutf8proc.so" >/dev/null && return
  command -v apt-get >/dev/null || return 1
  say "Fetching ${packages[*]} for arm64"
  mkdir -p "$fetched/lists/partial"
  options=(-oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oDir::State::Lists="$PWD/$fetched/lists"
    -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache=)
  timeout 120 apt-get "${options[@]}" update -q >/dev/null 2>&1 || return 1
  (cd "$fetched" && timeout 120 apt-get "${options[@]}" download -q "${packages[@]}" >/dev/null 2>&1) || return 1
  for package in "$fetched"/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  rm -rf "$fetched"
}

build_googletest() {
  [ ! -e "$sysroot/usr/lib/libgtest.a" ] || return 0
  cmake -S /usr/src/googletest -B $folder/googletest -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_GMOCK=OFF \
    -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_INSTALL_PREFIX="$sysroot/usr" -DCMAKE_INSTALL_LIBDIR=lib >/dev/null
  cmake --build $folder/googletest --target install >/dev/null
}

cpu_test() { QEMU_CPU=$1 "${emulator[@]}" $folder/tests/cpu/cpu_test "${@:2}"; }

# The rungs that the tests find on a processor.
rungs_on() { cpu_test "$1" --gtest_list_tests | sed -n 's|^  SelftestTableWithinBounds/\([a-z0-9]*\).*|\1|p'; }

for program in aarch64-linux-gnu-g++ qemu-aarch64 cmake ninja; do
  command -v $program >/dev/null || skip "$program is not there (Debian: g++-aarch64-linux-gnu, qemu-user, cmake, ninja-build)"
done
[ -e /usr/src/googletest/CMakeLists.txt ] || skip "GoogleTest's sources are not there (Debian: googletest)"
mkdir -p $folder
unpack_libraries || skip "apt does not give libpcre2 and libutf8proc for arm64"

say "Building for aarch64"
build_googletest
cmake -S . -B $folder -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
  -DTRITIUM_SYSROOT="$sysroot" -DTRITIUM_VULKAN=OFF >$folder/cmake.log 2>&1 || { cat $folder/cmake.log >&2; fail "cmake failed"; }
cmake --build $folder -j "${JOBS:-$(nproc)}" --target cpu_test

say "Tests of the cpu backend on a processor with dot products"
cpu_test max --gtest_brief=1
say "Tests of the choice of kernels on one without them"
cpu_test cortex-a53 --gtest_brief=1 --gtest_filter='CpuBackend.*:Rungs.*'
rungs_on max | grep -qx neondot || fail "dot products were not found on a processor that has them"
! rungs_on cortex-a53 | grep -qx neondot || fail "dot products were found on a processor that has none"
say "All passed"
