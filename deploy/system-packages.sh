#!/bin/sh
# Debian packages that the tests drive: a browser, a PostgreSQL server, Chinese fonts.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
fc-list 2>/dev/null | grep -qi 'Noto.*CJK' || missing="$missing fonts-noto-cjk"
# A Chromium without windows halves what each page of a test costs; where it cannot be had, the whole one is driven.
wanted=""
whole=$(readlink -f "$(command -v chromium || echo /none)")
command -v chromium-headless-shell >/dev/null 2>&1 || ls "${whole%/*}"/../../chromium_headless_shell-*/*/*headless*shell >/dev/null 2>&1 || wanted="chromium-headless-shell"
[ -z "$missing$wanted" ] && exit 0
if [ "$(id -u)" != 0 ]; then
  [ -z "$missing" ] && exit 0
  echo "Missing Debian packages:$missing. Install them: sudo apt-get install$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
get() { apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }; }
# shellcheck disable=SC2086
[ -z "$missing" ] || get $missing
[ -z "$wanted" ] || get "$wanted" 2>/dev/null || echo "Without $wanted the tests drive the whole Chromium, which takes longer." >&2
