#!/bin/sh
# The container's program: listens on all of its addresses, and so asks for a key.
set -eu
case " $* " in
  *" --api-key"*) ;;
  *) [ -n "${TRITIUM_API_KEY:-}" ] || { echo "set TRITIUM_API_KEY, or give --api-key or --api-key-file: this listens on all addresses" >&2; exit 2; } ;;
esac
exec tritium serve --host 0.0.0.0 --port 8080 "$@"
