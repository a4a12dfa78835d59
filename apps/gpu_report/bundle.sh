#!/usr/bin/env bash
# Puts into gpu-bundle/ the built program and all that it needs on a machine without anything; from the repository's root.
set -euo pipefail

say() { printf '== %s\n' "$*" >&2; }

# What the program needs on a machine without anything: its libraries, a Vulkan loader, and what NVIDIA's driver loads.
BUNDLED=(libvulkan1 libx11-6 libxext6 libxcb1 libxau6 libxdmcp6 libbsd0 libmd0 libglvnd0 libglx0 libgl1 libegl1)

# Copies the shared libraries of the packages to gpu-bundle/libs; what apt cannot give comes from this machine.
bundle_packages() {
  local package unpacked
  unpacked=$(mktemp -d)
  for package in "${BUNDLED[@]}"; do
    (cd gpu-bundle/packages && apt-get download -q "$package" >/dev/null 2>&1) || say "apt does not give $package: left out"
  done
  for package in gpu-bundle/packages/*.deb; do [ ! -e "$package" ] || dpkg-deb -x "$package" "$unpacked"; done
  find "$unpacked" '(' -name '*.so.?' -o -name '*.so.??' ')' -exec cp -L {} gpu-bundle/libs/ ';'
  rm -rf "$unpacked"
  compgen -G 'gpu-bundle/libs/libvulkan.so.1' >/dev/null || cp -L "$(copy_of libvulkan.so.1)" gpu-bundle/libs/
}

# The path of a library of this machine.
copy_of() { find /usr/lib /usr/lib64 /usr/local/lib -name "$1" -print -quit 2>/dev/null; }

gpu_bundle() {
  rm -rf gpu-bundle
  mkdir -p gpu-bundle/packages gpu-bundle/libs
  cp build/tritium apps/gpu_report/run.sh gpu-bundle/
  strip gpu-bundle/tritium
  local name path
  # The system's C library and the loader of programs are everywhere, and must be its own.
  while read -r name _ path _; do
    case $name in lib*) [[ $name =~ ^lib(c|m|dl|rt|pthread)\.so ]] || cp -L "$path" gpu-bundle/libs/ ;; esac
  done < <(ldd build/tritium)
  bundle_packages
  say "gpu-bundle/ ($(du -sh gpu-bundle | cut -f1)): carry it along and run gpu-bundle/run.sh OUT [SECONDS]"
}

gpu_bundle
