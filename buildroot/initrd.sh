#!/bin/bash
# initrd.sh TREE OUT: makes the initrd OUT from the Debian tree TREE and buildroot/initrd, without changing TREE.
# Runs inside the tool root, in a mount namespace of its own.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
tree=$1 out=$2
SOURCE_DATE_EPOCH=$(cat "$here/epoch")
export SOURCE_DATE_EPOCH
version=$(basename "$tree"/usr/lib/modules/*)
for name in proc sys dev; do mount --rbind "/$name" "$tree/$name"; done
mount -t tmpfs tmpfs "$tree/tmp"
mount -t tmpfs tmpfs "$tree/var"
mkdir "$tree/var/tmp" "$tree/tmp/conf"
cp -a "$here/initrd/." "$tree/tmp/conf/"
# The time of the files goes into the archive.
find "$tree/tmp/conf" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
chroot "$tree" mkinitramfs -d /tmp/conf -o /tmp/initrd.img "$version"
cp "$tree/tmp/initrd.img" "$out"
