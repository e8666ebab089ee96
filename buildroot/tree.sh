#!/bin/bash
# tree.sh DEBIAN VENV OUT: joins the Debian tree, the Python environment, our code, units, web page and the overlay to the root
# tree OUT, as it will stand in a slot. Runs inside the tool root, in a mount namespace of its own, in the repository.
set -euo pipefail
# The tool root keeps its byte code elsewhere; the image's belongs beside its modules.
unset PYTHONPYCACHEPREFIX
here=$(dirname "$(readlink -f "$0")")
debian=$1 venv=$2 out=$3
SOURCE_DATE_EPOCH=$(cat "$here/epoch")
export SOURCE_DATE_EPOCH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 PIP_ROOT_USER_ACTION=ignore
# What git checks out has the owner, times and group bits of whoever cloned: take only content and the x bit.
copy() { rsync -rlp --chmod=u=rwX,go=rX --exclude __pycache__ "$@"; }
listed() { grep -v '^#' "$here/$1"; }

cp -a "$debian" "$out"
while read -r pattern; do
  # The pattern is to be expanded.
  # shellcheck disable=SC2086
  ( cd "$out" && rm -rf -- $pattern )
done < <(listed unwanted)
mkdir -p "$out/opt/jeoul" "$out/usr/share/jeoul" /opt/jeoul

# our code, as a wheel of its own in the environment
if [ -d "$venv/opt" ]; then
  cp -a "$venv/opt/." "$out/opt/jeoul/"
  mount --bind "$out/opt/jeoul" /opt/jeoul
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/source
  copy pyproject.toml appliance /mnt/source/
  "$venv/builder/bin/python3" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /mnt /mnt/source
  "$venv/builder/bin/python3" -m pip --python /opt/jeoul/bin/python3 install --quiet --no-compile --no-deps --no-index /mnt/jeoul-*.whl
  python3 -m compileall -q -f -j 1 --invalidation-mode unchecked-hash /opt/jeoul/lib/python3*/site-packages/appliance
  umount /mnt /opt/jeoul
  mkdir -p "$out/usr/local/bin"
  ln -s /opt/jeoul/bin/jeoul "$out/usr/local/bin/jeoul"
fi
if [ -d webui/dist ]; then copy webui/dist/ "$out/usr/share/jeoul/webui/"; fi

# the overlay, then the units and what belongs to them
copy "$here/overlay/" "$out/"
install_units() { # SUFFIX FOLDER NEW-SUFFIX
  for file in appliance/units/*."$1"; do
    [ -e "$file" ] || continue
    name=${file##*/}
    install -D -m 644 "$file" "$out/usr/lib/$2/${name%."$1"}.$3"
  done
}
for kind in service socket path target timer slice; do install_units "$kind" systemd/system "$kind"; done
install_units sysusers sysusers.d conf
install_units tmpfiles tmpfiles.d conf
install_units sysctl sysctl.d conf
install_units modules modules-load.d conf

# users: a number given by the file, because an update must find its files on the data partition under the same number
for file in appliance/units/*.sysusers; do
  [ -e "$file" ] || continue
  if awk '$1 ~ /^[ug]/ && $3 !~ /^[0-9]/ { found = 1 } END { exit !found }' "$file"; then
    echo "jeoul: $file: a user or group without a number; write one in the third column (it must never change)." >&2
    exit 1
  fi
done
systemd-sysusers --root="$out" >&2

listed enabled | xargs systemctl --root="$out" --quiet enable
listed masked | xargs systemctl --root="$out" --quiet mask
systemctl --root="$out" --quiet set-default multi-user.target
for unit in "$out"/usr/lib/systemd/system/jeoul*; do
  if grep -q '^\[Install\]' "$unit"; then systemctl --root="$out" --quiet enable "${unit##*/}"; fi
done
rm -f "$out"/etc/*- "$out"/etc/.pwd.lock
find "$out" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
