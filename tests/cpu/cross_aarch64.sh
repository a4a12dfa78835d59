#!/usr/bin/env bash
# Builds for 64-bit ARM in build-aarch64/, and runs the cpu backend's tests on emulated processors: on one that has all
# instructions, and on those that have dot products but no matrices of bytes, or nothing beyond NEON, and must not be given
# more. Skips, and says why, without Debian's cross compiler, qemu and GoogleTest's sources; changes nothing that is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=build-aarch64 sysroot=$PWD/build-aarch64/sysroot toolchain=$PWD/cmake/aarch64-linux-gnu.cmake
emulator=(qemu-aarch64 -L /usr/aarch64-linux-gnu)

say() { printf '== %s\n' "$*" >&2; }
skip() { say "$*: cross-compiling is skipped"; exit 0; }
fail() { say "$*"; exit 1; }

# The libraries that the build links. apt keeps its lists for this processor in the folder, too.
unpack_libraries() {
  local packages=(libpcre2-8-0 libpcre2-dev libutf8proc2 libutf8proc-dev libzstd1 libzstd-dev) fetched=$folder/packages options package
  compgen -G "$sysroot/usr/lib/aarch64-linux-gnu/libzstd.so" >/dev/null && return
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

# The rungs that the tests find on a processor, best first.
rungs_on() {
  cpu_test "$1" --gtest_list_tests --gtest_filter='Levels/SimdLevels.SelftestTable*' | sed -n 's|^ .*/\([a-z0-9]*\).*|\1|p' | xargs
}

# What the functions of a kernel are compiled to.
inner_loops() {
  aarch64-linux-gnu-objdump -d --no-show-raw-insn "$folder/engine/cpu/CMakeFiles/tritium_cpu.dir/isa/$1.cpp.o" |
    awk -v name="$2" '/^[0-9a-f]+ <.*>:/ { inside = $0 ~ name } inside'
}

for program in aarch64-linux-gnu-g++ qemu-aarch64 cmake ninja; do
  command -v $program >/dev/null || skip "$program is not there (Debian: g++-aarch64-linux-gnu, qemu-user, cmake, ninja-build)"
done
[ -e /usr/src/googletest/CMakeLists.txt ] || skip "GoogleTest's sources are not there (Debian: googletest)"
mkdir -p $folder
unpack_libraries || skip "apt does not give libpcre2, libutf8proc and libzstd for arm64"

say "Building for aarch64"
build_googletest
cmake -S . -B $folder -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
  -DTRITIUM_SYSROOT="$sysroot" -DTRITIUM_VULKAN=OFF >$folder/cmake.log 2>&1 || { cat $folder/cmake.log >&2; fail "cmake failed"; }
cmake --build $folder -j "${JOBS:-$(nproc)}" --target cpu_test

say "The inner loops of neon-i8mm"
pairs=$(inner_loops neon_i8mm sum_pairs)
grep -q usmmla <<<"$pairs" || fail "products of pairs are compiled without usmmla"
! grep -qE '\<q[0-9]+,.*\[sp' <<<"$pairs" || fail "products of pairs keep sums on the stack"

say "Tests of the cpu backend on a processor with dot products and matrices of bytes"
cpu_test max --gtest_brief=1
[ "$(rungs_on max)" = "neoni8mm neondot neon" ] || fail "a processor that has everything is given: $(rungs_on max)"
say "Tests of the choice of kernels on one without matrices of bytes, and on one without dot products"
for processor in cortex-a76 cortex-a53; do cpu_test $processor --gtest_brief=1 --gtest_filter='CpuBackend.*:Rungs.*'; done
[ "$(rungs_on cortex-a76)" = "neondot neon" ] || fail "a processor with dot products is given: $(rungs_on cortex-a76)"
[ "$(rungs_on cortex-a53)" = "neon" ] || fail "a processor without dot products is given: $(rungs_on cortex-a53)"
say "All passed"
