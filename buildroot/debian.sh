#!/bin/bash
# debian.sh OUT: makes the Debian tree of the appliance at OUT (kernel, systemd, Python; nothing of ours yet).
# Runs inside the tool root. The packages are those that the mirror has today; the manifest beside the tree names them.
set -euo pipefail
# The tool root keeps its byte code elsewhere; the image's belongs beside its modules.
unset PYTHONPYCACHEPREFIX
here=$(dirname "$(readlink -f "$0")")
out=$1
mirror=${JEOUL_MIRROR:?buildroot/debian.sh: JEOUL_MIRROR is not set; run it by toolroot/enter}
SOURCE_DATE_EPOCH=$(cat "$here/epoch")
export SOURCE_DATE_EPOCH
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
sources=("deb [signed-by=$keyring] $mirror trixie main" "deb [signed-by=$keyring] $mirror trixie-updates main")
# Security fixes live in an archive beside the main one; not every mirror has it.
if curl -fsSL --max-time 30 -o /dev/null "$mirror-security/dists/trixie-security/InRelease"; then
  sources+=("deb [signed-by=$keyring] $mirror-security trixie-security main")
else
  echo "jeoul: the mirror has no security archive beside it: security fixes come with the next point release only." >&2
fi
include=$(grep -v '^#' "$here/packages" | paste -sd,)
hooks=()
for hook in "$here"/hooks/*; do hooks+=(--customize-hook="$hook"); done
# update_initramfs=no: the kernel's own initrd would take a minute and be thrown away.
# shellcheck disable=SC2016  # $1 is for the hook's shell
mmdebstrap --mode=root --variant=essential --quiet --skip=check/empty \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "5"' \
  --dpkgopt='force-confold' --dpkgopt='force-unsafe-io' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --essential-hook='mkdir -p "$1/etc/initramfs-tools" && echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf"' \
  "${hooks[@]}" --include="$include" trixie "$out" "${sources[@]}" >&2
# A file newer than the epoch was made or touched by this build: its time would differ in the next.
find "$out" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
