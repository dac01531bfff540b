#!/bin/sh
# Make sure that there is a chromium for the browser tests: installed here as root on Debian, else say what is missing.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium for the browser tests …"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit 0
fi
echo "The browser tests need chromium. Install it (Debian, Ubuntu: sudo apt install chromium) and start again." >&2
exit 1
