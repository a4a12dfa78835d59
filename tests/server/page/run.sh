#!/usr/bin/env bash
# The web page of `tritium serve` in headless Chromium. Arguments go to page_test.mjs: --screenshots FOLDER, --base URL,
# --only TEXT. Chromium comes from the distribution, what drives it from npm; without them it says so, and is content.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ! node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then
  echo "== Node.js 20 is not there: the tests of the page are skipped" >&2
  exit 0
fi
node --test --test-reporter dot "$folder/modules_test.mjs"

found=
for program in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$program" >/dev/null; then found=$program; fi
done
if [ -z "$found" ] && command -v apt-get >/dev/null; then
  echo "== Installing chromium-headless-shell" >&2
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get install -y -q --no-install-recommends chromium-headless-shell >/dev/null 2>&1 || true
fi
node "$folder/page_test.mjs" --fetch "$@" || [ $? = 77 ]

# The page of the program itself, where it is built.
build=$folder/../../../build
case " $* " in *" --base "*) exit ;; esac
if [ -f "$build/tests/server/CTestTestfile.cmake" ]; then
  cmake --build "$build" --target tritium_cli make_model
  ctest --test-dir "$build" -R '^server_page$' --output-on-failure
fi
