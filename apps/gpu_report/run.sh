#!/usr/bin/env bash
# run.sh OUT [SECONDS]: runs the report of this bundle (./dev gpu-bundle) on a machine that may have nothing but a GPU's
# driver. What the machine has itself is used; what it lacks comes from libs/.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { echo "usage: run.sh OUT [SECONDS, such as 480s]" >&2; exit 2; }
out=$1 budget=${2:-480s}
[[ $budget =~ ^[0-9]+s?$ ]] || { echo "run.sh: $budget is no number of seconds" >&2; exit 2; }
mkdir -p "$out"
chmod +x "$here/tritium" 2>/dev/null || true  # copies may have lost it
out=$(cd "$out" && pwd)
present=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null || true)

# where NAME: the path of a library of this machine, or nothing.
where() {
  local folder found
  # A here-string: a pipe that closes early would fail the script.
  found=$(awk -v name="$1" '$1 == name { print $NF; exit }' <<<"$present")
  [ ! -e "$found" ] || { printf '%s\n' "$found"; return; }
  for folder in ${LD_LIBRARY_PATH:+${LD_LIBRARY_PATH//:/ }} /usr/local/nvidia/lib64 /usr/local/nvidia/lib \
    /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib/wsl/lib /usr/lib; do
    [ ! -e "$folder/$1" ] || { printf '%s\n' "$folder/$1"; return; }
  done
}

# Only what is missing: a second version of a library beside the machine's own helps nobody.
mkdir -p "$out/libs"
for library in "$here"/libs/*.so*; do
  name=$(basename "$library")
  [ -n "$(where "$name")" ] || ln -sf "$library" "$out/libs/$name"
done
export LD_LIBRARY_PATH="$out/libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}:/usr/local/nvidia/lib64"
# A C++ library that is older than the program's.
"$here/tritium" --version >/dev/null 2>&1 || export LD_LIBRARY_PATH="$here/libs:$LD_LIBRARY_PATH"

# Containers often have NVIDIA's driver without the file that tells the loader of it.
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] &&
  ! compgen -G '/etc/vulkan/icd.d/*nvidia*.json' >/dev/null && ! compgen -G '/usr/share/vulkan/icd.d/*nvidia*.json' >/dev/null; then
  described=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
  if [ ! -e "$described" ]; then
    described=
    for name in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
      library=$(where "$name")
      [ -n "$library" ] || continue
      described=$out/nvidia_icd.json
      printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$library" >"$described"
      break
    done
  fi
  [ -z "$described" ] || export VK_DRIVER_FILES=$described VK_ICD_FILENAMES=$described
fi

# The pipeline cache belongs to this run.
export XDG_CACHE_HOME=$out/cache
code=0
"$here/tritium" gpu-report --out "$out" --budget "$budget" 2>&1 | tee "$out/log.txt" || code=$?

# A driver may take the program down, or never answer. In which section is in the JSON; those after it get a folder of
# their own and what is left of the time.
last=$out
while :; do
  failed=$(sed -n 's/^  "running": "\([a-z0-9_]*\)".*/\1/p' "$last/gpu-report.json")
  left=$((${budget%s} - SECONDS))
  if [ -z "$failed" ] || [ "$left" -lt 10 ]; then break; fi
  echo "the program ended with code $code in $failed" | tee -a "$out/log.txt"
  last=$out/after-$failed
  code=0
  "$here/tritium" gpu-report --out "$last" --budget "${left}s" --after "$failed" 2>&1 | tee -a "$out/log.txt" || code=$?
done
[ "$code" = 0 ] || VK_LOADER_DEBUG=error,warn,driver "$here/tritium" devices >"$out/devices.txt" 2>&1 || true
rm -rf "$out/libs" "$out/cache"
exit "$code"
