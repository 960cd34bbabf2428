#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# A bare Debian 13 with only git, make and python3-venv: clone, story, tests. Needs root and debootstrap.
# The host's package-client settings and certificates are passed in at run time and never committed.
set -eu
cd "$(dirname "$0")/.."
source=$(pwd)
[ "$(id -u)" = 0 ] || { echo "newcomer: needs root (it makes a chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "newcomer: apt-get install debootstrap" >&2; exit 1; }

room=$(mktemp -d /var/tmp/sunporch-newcomer.XXXXXX)
leave() {
  for mount in proc dev/pts dev; do umount "$room/$mount" 2>/dev/null || true; done
  [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$room"
}
trap leave EXIT INT TERM

mirror=$(sed -n -e 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { print $i; exit } }' /etc/apt/sources.list)
[ -e /usr/share/debootstrap/scripts/trixie ] || ln -s sid /usr/share/debootstrap/scripts/trixie
debootstrap --variant=minbase ${NEWCOMER_DEBOOTSTRAP:-} \
  --include=git,make,python3,python3-venv,ca-certificates trixie "$room" "$mirror"

mount --bind /dev "$room/dev"
mount --bind /dev/pts "$room/dev/pts"
mount -t proc proc "$room/proc"
cp /etc/resolv.conf /etc/hosts "$room/etc/"
# Folders that the host's pip takes packages from, whatever they are there.
stores=$(python3 -m pip config list 2>/dev/null | grep -oE "(file://)?/[^ ']+" | sed 's#^file://##' | sort -u)
for place in /etc/ssl/certs /etc/pip.conf /etc/uv $stores; do
  [ -e "$place" ] && mkdir -p "$room$(dirname "$place")" && cp -rL --remove-destination "$place" "$room$(dirname "$place")/" || true
done
home=${HOME:-/root}
for place in .config/pip .config/uv .pip; do
  [ -e "$home/$place" ] && mkdir -p "$room/root/$(dirname "$place")" && cp -aL "$home/$place" "$room/root/$(dirname "$place")/" || true
done

git clone --quiet --no-hardlinks "$source" "$room/root/sunporch"
settings=$(env | grep -E '^(PIP|UV|SSL|REQUESTS|CURL|HTTPS?|NO|https?|no)_[A-Za-z_]*=' | grep -v -E '^UV_PYTHON' | sed "s/=\(.*\)/='\1'/" | tr '\n' ' ')
chroot "$room" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
  sh -euc "cd /root/sunporch
           if command -v cc || command -v gcc; then echo 'newcomer: a compiler is here' >&2; exit 1; fi
           export $settings >/dev/null
           ./dev sunporch demo --story
           make test"
echo "newcomer: story and tests passed on a bare Debian 13"
