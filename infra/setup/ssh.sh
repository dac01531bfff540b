#!/bin/sh
# Make sure that there is OpenSSH's client for the tests of git over SSH: installed here as root on Debian, else say what is missing.
set -eu
if command -v ssh >/dev/null 2>&1 && command -v ssh-keygen >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing OpenSSH's client for the tests of git over SSH …"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-client >/dev/null
    exit 0
fi
echo "The tests of git over SSH need ssh and ssh-keygen. Install them (Debian, Ubuntu: sudo apt install openssh-client) and start again." >&2
exit 1
