#!/usr/bin/env bash
# Vulkan drivers to run the tests on beside the machine's own, from Debian's packages, without installing anything:
#   fetch.sh swiftshader FOLDER           SwiftShader, which comes with chromium-common
#   fetch.sh newer_mesa FOLDER [SUITE]    Mesa's lavapipe of a newer Debian, with every library it needs, the C library too
# FOLDER then has icd.json, the manifest for VK_DRIVER_FILES; package, a line that says what it is; and where the C library
# is another one, run: `FOLDER/run PROGRAM …`. Exit code 1: it cannot be had, and FOLDER/missing says why.
set -euo pipefail

folder=''

# Leaves FOLDER with nothing but the reason.
give_up() {
  rm -rf "$folder"
  mkdir -p "$folder"
  printf '%s\n' "$*" | tee "$folder/missing" >&2
  exit 1
}

# manifest LIBRARY: as seen from FOLDER. The version is what loaders ask for before they ask the driver.
manifest() {
  printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "./%s", "api_version": "1.3.0"}}\n' "$1" >"$folder/icd.json"
}

# The field of a package in a file.
field() { dpkg-deb -f "$2" "$1"; }

swiftshader() {
  (cd "$folder" && timeout 120 apt-get download -q chromium-common >/dev/null 2>log) ||
    give_up "chromium-common, the package that carries SwiftShader, could not be fetched: $(tail -n 1 "$folder/log")"
  local archive
  archive=$(echo "$folder"/chromium-common_*.deb)
  dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$folder" --wildcards --transform 's|.*/||' '*/libvk_swiftshader.so' ||
    give_up "chromium-common $(field Version "$archive") carries no SwiftShader"
  manifest libvk_swiftshader.so
  echo "chromium-common $(field Version "$archive")" >"$folder/package"
  rm -f "$archive" "$folder/log"
}

# The address of this machine's mirror of Debian, as apt is configured to reach it.
debian_mirror() {
  # shellcheck disable=SC2016 # apt's own words
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^Debian Debian //p' | head -n 1
}

# apt-get with lists, a cache and a status of its own: the system's are neither read nor written.
private_apt() {
  local apt=$folder/apt
  "$@" -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Acquire::Languages=none -o APT::Sandbox::User=root 2>>"$folder/log"
}

# What the driver needs of the suite, all of it: nothing counts as installed.
fetch_packages() {
  local suite=$1 apt=$folder/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror options='' names
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || give_up "apt knows no mirror of Debian here (apt-get update, where it should)"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  [ ! -e $keyring ] || options="[signed-by=$keyring]"
  echo "deb $options $mirror $suite main" >"$apt/sources.list"
  private_apt timeout 300 apt-get update -q -o APT::Update::Error-Mode=any >/dev/null ||
    give_up "the lists of Debian $suite could not be fetched: $(tail -n 1 "$folder/log")"
  names=$(private_apt apt-get install -s -qq --no-install-recommends mesa-vulkan-drivers libvulkan1 libstdc++6) ||
    give_up "Debian $suite cannot install mesa-vulkan-drivers: $(tail -n 1 "$folder/log")"
  # shellcheck disable=SC2046 # one word a package
  (cd "$apt/cache" && private_apt timeout 600 apt-get download -q $(awk '/^Inst /{print $2}' <<<"$names")) >/dev/null ||
    give_up "the packages of Debian $suite could not be fetched: $(tail -n 1 "$folder/log")"
}

# Of what was unpacked the libraries in one folder, with those drivers left out that need a GPU.
keep_libraries() {
  local unpacked=$1 driver
  driver=$(find "$unpacked" -name libvulkan_lvp.so -print -quit)
  [ -n "$driver" ] || give_up "mesa-vulkan-drivers has no libvulkan_lvp.so"
  mv "$(dirname "$driver")" "$folder/lib"
  find "$folder/lib" -mindepth 1 '(' -type d -o -name 'libvulkan_*' ! -name libvulkan_lvp.so -o -name 'libVkLayer_*' ')' \
    -prune -exec rm -r '{}' +
}

newer_mesa() {
  local suite=${1:-stable} archive own
  folder=$(cd "$folder" && pwd)
  fetch_packages "$suite"
  archive=$(echo "$folder"/apt/cache/mesa-vulkan-drivers_*.deb)
  own=$(dpkg-query -W -f '${Version}' mesa-vulkan-drivers 2>/dev/null || true)
  dpkg --compare-versions "$(field Version "$archive")" gt "${own:-0}" ||
    give_up "Mesa $(field Version "$archive") of Debian $suite is no newer than this machine's, $own"
  echo "mesa-vulkan-drivers $(field Version "$archive") of Debian $suite" >"$folder/package"
  for archive in "$folder"/apt/cache/*.deb; do dpkg-deb -x "$archive" "$folder/unpacked"; done
  keep_libraries "$folder/unpacked"
  manifest lib/libvulkan_lvp.so
  # A program that asks for the system's loader gets this one, which belongs to the newer C library.
  cat >"$folder/run" <<'RUN'
#!/bin/sh
lib=$(dirname "$(readlink -f "$0")")/lib
exec "$lib"/ld-linux*.so.* --library-path "$lib" "$@"
RUN
  chmod +x "$folder/run"
  rm -rf "$folder/apt" "$folder/unpacked" "$folder/log"
}

driver=${1:-} folder=${2:-}
[ -n "$folder" ] || { echo "usage: fetch.sh swiftshader|newer_mesa FOLDER [SUITE]" >&2; exit 2; }
[ ! -e "$folder/icd.json" ] || exit 0
[ ! -e "$folder/missing" ] || { printf '%s is skipped (to try again: rm -r %s): ' "$driver" "$folder" >&2; cat "$folder/missing" >&2; exit 1; }
printf '== Fetching the Vulkan driver %s\n' "$driver" >&2
rm -rf "$folder"
mkdir -p "$folder"
command -v apt-get >/dev/null || give_up "it comes from Debian's packages, and there is no apt here"
case $driver in
  swiftshader) swiftshader ;;
  newer_mesa) newer_mesa "${3:-}" ;;
  *) echo "fetch.sh: no driver is called $driver" >&2; exit 2 ;;
esac
