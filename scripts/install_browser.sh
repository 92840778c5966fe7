#!/bin/sh
# Chromium, in which the tests of the HTML report look at real pages. Nothing to do where there is one, or Chrome; else Debian's
# package is installed. Without the means for that this says so and ends well: those tests are then skipped, and say so, too.
set -u

for name in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done

give_up() {
    echo "no browser: $1. Install Chromium, or name one with CHROMIUM=/path/to/chromium;" >&2
    echo "until then the tests in tests/integration/test_html_report.py are skipped." >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || give_up "this system has no apt-get"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null || give_up "installing Debian's package chromium needs root"
    as_root="sudo -n"
fi

echo "installing Debian's package chromium"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update && $as_root apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    give_up "apt-get could not install the package chromium"
fi
