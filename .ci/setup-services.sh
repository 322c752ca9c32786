#!/usr/bin/env bash
# Installs what some tests talk to and npm cannot bring: a Redis server and a Chromium.
# Only what is missing, only by apt-get, only where we may. Says what it did; exits 1 with the reason where it could not.
set -u

say() { printf 'setup:services: %s\n' "$*"; }
fail() { printf 'setup:services: %s\n' "$*" >&2; exit 1; }

has_redis() { command -v "${REDIS_SERVER_PATH:-redis-server}" >/dev/null 2>&1; }
has_chromium() {
  if [ -n "${CHROMIUM_PATH:-}" ]; then command -v "$CHROMIUM_PATH" >/dev/null 2>&1
  else command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1
  fi
}

missing=()
has_redis || missing+=(redis-server)
has_chromium || missing+=(chromium)

if [ ${#missing[@]} -eq 0 ]; then
  say 'redis-server and chromium are here already, nothing to do'
  exit 0
fi

command -v apt-get >/dev/null 2>&1 ||
  fail "missing: ${missing[*]}. There is no apt-get here: install them by hand and point REDIS_SERVER_PATH and CHROMIUM_PATH at them."

if [ "$(id -u)" -eq 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root=(sudo -n env)
else
  fail "missing: ${missing[*]}. This needs root or a sudo without password: run 'sudo apt-get install ${missing[*]}' yourself."
fi

say "installing ${missing[*]} with apt-get"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The package would start a server on the default port; the tests start their own on a free one.
guard=/usr/sbin/policy-rc.d
placed_guard=false
if [ ! -e "$guard" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$guard" >/dev/null && "${as_root[@]}" chmod 755 "$guard" && placed_guard=true
fi

apt() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1; }
# A stale list may still install what we need; whether it did is what counts.
apt update
apt install --no-install-recommends "${missing[@]}"
status=$?

if [ "$placed_guard" = true ]; then "${as_root[@]}" rm -f "$guard"; fi

if [ $status -ne 0 ]; then
  tail -n 15 "$log" >&2
  fail "apt-get could not install ${missing[*]} (its last lines are above)"
fi
has_redis || fail 'apt-get said it was done, but there is still no redis-server on the PATH'
has_chromium || fail 'apt-get said it was done, but there is still no chromium on the PATH'
say "installed ${missing[*]}"
