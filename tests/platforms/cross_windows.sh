#!/usr/bin/env bash
# Builds for Windows on x86-64 in build-windows/ with Debian's MinGW-w64, and runs under Wine: the unit tests, the program
# on a model, and the DLL from a program in C. Libraries are built from Debian's source packages into .cache/windows-deps.
# Skips, and says why, where one of these is not there; changes nothing that is installed.
#   cross_windows.sh [libraries|build|test]   without a word all of them, one after the other
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=build-windows deps=$PWD/.cache/windows-deps toolchain=$PWD/cmake/mingw.cmake jobs=${JOBS:-$(nproc)}
sysroot=$deps/usr

say() { printf '== %s\n' "$*" >&2; }
skip() { say "$*: the build for Windows is skipped"; exit 0; }
fail() { say "$*"; exit 1; }

# Lines for apt of where this machine's packages come from, but of sources: of Debian's release itself, whose files stay
# where its lists say.
sources() {
  # shellcheck disable=SC2016  # apt's own names
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    sort -u | grep -v -e '-security ' -e '-updates ' | sed "s|^|deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] |"
}

# unpack_sources PACKAGE…: into $deps/sources/PACKAGE. apt keeps its lists in the folder, too.
unpack_sources() {
  local apt=$deps/apt options package missing=()
  for package; do [ -d "$deps/sources/$package" ] || missing+=("$package"); done
  [ ${#missing[@]} != 0 ] || return 0
  say "Fetching the sources of ${missing[*]}"
  mkdir -p "$apt/lists/partial" "$deps/sources"
  sources >"$apt/sources.list"
  options=(-oDir::Etc::SourceList="$apt/sources.list" -oDir::Etc::SourceParts=- -oDir::State::Lists="$apt/lists"
    -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Sandbox::User=)
  timeout 180 apt-get "${options[@]}" update -q >"$apt/log" 2>&1 || return 1
  for package in "${missing[@]}"; do
    (cd "$apt" && timeout 120 apt-get "${options[@]}" source --download-only -q "$package" >>log 2>&1 &&
      dpkg-source --no-check -x "$package"_*.dsc "$deps/sources/$package" >>log 2>&1) || return 1
  done
}

# cmake_build NAME SOURCE OPTION…: installed into the sysroot.
cmake_build() {
  local name=$1 source=$2
  shift 2
  [ ! -e "$deps/built/$name.done" ] || return 0
  say "Building $name for Windows"
  { cmake -S "$source" -B "$deps/built/$name" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
      -DCMAKE_INSTALL_PREFIX="$sysroot" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF "$@" &&
    cmake --build "$deps/built/$name" -j "$jobs" --target install; } >"$deps/built/$name.log" 2>&1 ||
    { tail -n 20 "$deps/built/$name.log" >&2; fail "$name cannot be built"; }
  touch "$deps/built/$name.done"
}

# Headers that are all there is of a library are the same for every system.
copy_headers() {
  mkdir -p "$sysroot/include" "$sysroot/lib/cmake" "$sysroot/share/cmake"
  local header
  for header in glm nlohmann CLI xxhash.h vulkan vk_video; do
    [ ! -e "/usr/include/$header" ] || [ -e "$sysroot/include/$header" ] || cp -r "/usr/include/$header" "$sysroot/include/"
  done
  # How CMake finds those; the packages' own files name the machine's folders.
  local name
  for name in glm:glm::glm nlohmann_json:nlohmann_json::nlohmann_json CLI11:CLI11::CLI11; do
    mkdir -p "$sysroot/lib/cmake/${name%%:*}"
    cat >"$sysroot/lib/cmake/${name%%:*}/${name%%:*}Config.cmake" <<TEXT
if(NOT TARGET ${name#*:})
  add_library(${name#*:} INTERFACE IMPORTED)
  set_target_properties(${name#*:} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "\${CMAKE_CURRENT_LIST_DIR}/../../../include")
endif()
TEXT
  done
}

libraries() {
  mkdir -p "$deps/built"
  unpack_sources pcre2 utf8proc libzstd || skip "apt does not give the sources of pcre2, utf8proc and libzstd"
  copy_headers
  cmake_build pcre2 "$deps/sources/pcre2" -DPCRE2_SUPPORT_JIT=ON -DPCRE2_SUPPORT_UNICODE=ON -DPCRE2_BUILD_PCRE2GREP=OFF \
    -DPCRE2_BUILD_TESTS=OFF
  cmake_build utf8proc "$deps/sources/utf8proc" -DUTF8PROC_ENABLE_TESTING=OFF
  cmake_build zstd "$deps/sources/libzstd/build/cmake" -DZSTD_BUILD_PROGRAMS=OFF -DZSTD_BUILD_SHARED=OFF -DZSTD_BUILD_TESTS=OFF
  cmake_build googletest /usr/src/googletest -DBUILD_GMOCK=OFF
}
# A folder for Wine of our own, so that nobody's is changed; tritium.dll is found in $folder.
wine() {
  WINEPREFIX=$deps/wine WINEPATH=Z:$PWD/$folder WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES='mscoree=;mshtml=' "$wine_program" "$@"
}

build() {
  say "Building for Windows"
  mkdir -p $folder
  cmake --preset windows -DTRITIUM_SYSROOT="$sysroot" >$folder/cmake.log 2>&1 || { cat $folder/cmake.log >&2; fail "cmake failed"; }
  cmake --build $folder -j "$jobs" --target "${tests[@]}" tritium_cli tritium_shared c_api_test make_model
}

# Fails with what a program of ours said.
expect() {
  local wanted=$1 output
  shift
  output=$(wine "$@" 2>&1) || { printf '%s\n' "$output" >&2; fail "failed: $*"; }
  [[ $output == *"$wanted"* ]] || { printf '%s\n' "$output" >&2; fail "not \"$wanted\": $*"; }
}

# A model written by the program, then run by it: on the cpu and on the reference's loops, and under a name that needs UTF-8.
run_program() {
  local work=$folder/program greedy name='Größe-模型.gguf'
  rm -rf $work
  mkdir -p $work
  say "The program"
  expect "tritium 0" $folder/tritium.exe --version
  expect "cpu" $folder/tritium.exe devices
  expect "" $folder/tests/tools/make_model.exe $work/model.gguf
  cp $work/model.gguf "$work/$name"
  greedy=$(wine $folder/tritium.exe run $work/model.gguf --tokens "1 2 3" -n 16 --temp 0 --backend reference --json 2>/dev/null |
    grep -A 16 '"tokens"')
  [ -n "$greedy" ] || fail "the reference backend wrote nothing"
  [ "$(wine $folder/tritium.exe run "$work/$name" --tokens "1 2 3" -n 16 --temp 0 --backend cpu --json 2>/dev/null |
    grep -A 16 '"tokens"')" = "$greedy" ] || fail "cpu and reference backends write different tokens"
  wine $folder/tritium.exe run $work/none.gguf -p x >/dev/null 2>$work/error && fail "a missing model is run"
  grep -q "none.gguf: cannot be read: " $work/error || { cat $work/error >&2; fail "a missing model is not named"; }
}

test_windows() {
  local test
  for test in "${tests[@]}"; do
    say "$test"
    wine "$(find $folder/tests -name "$test.exe")" --gtest_brief=1 || fail "$test failed"
  done
  run_program
  say "The C ABI of tritium.dll"
  local work=$folder/c_abi row
  mkdir -p $work
  wine $folder/tests/tools/make_model.exe $work/model.gguf
  for row in "${c_rows[@]}"; do wine $folder/tests/c_api/c_api_test.exe $work/model.gguf $work "$row" || fail "c_api_test $row failed"; done
  say "All passed"
}

for program in x86_64-w64-mingw32-g++-posix cmake ninja dpkg-source; do
  command -v $program >/dev/null || skip "$program is not there (Debian: g++-mingw-w64-x86-64-posix, cmake, ninja-build, dpkg-dev)"
done
[ -e /usr/src/googletest/CMakeLists.txt ] || skip "GoogleTest's sources are not there (Debian: googletest)"
tests=(base_test tensor_test format_test text_test ops_test cpu_test model_test api_test)
mapfile -t c_rows < <(sed -n 's/.*{"\([a-z_]*\)", [a-z_]*}.*/\1/p' tests/c_api/*.c)
wine_program=$(command -v wine64 || ls /usr/lib/wine/wine64 2>/dev/null || command -v wine || true)
what=${1:-all}
case $what in
  libraries) libraries ;;
  build | test | all)
    libraries
    [ "$what" = test ] || build
    [ "$what" != build ] || exit 0
    [ -n "$wine_program" ] || { say "Wine is not there (Debian: wine64): what was built is not run"; exit 0; }
    test_windows ;;
  *) fail "cross_windows.sh takes libraries, build or test, not $what" ;;
esac
