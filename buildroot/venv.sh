#!/bin/bash
# venv.sh OUT: makes OUT/opt, the manager's Python environment from requirements.lock (nothing of ours yet), and OUT/builder,
# the environment that builds our wheel. Runs inside the tool root, in a mount namespace of its own.
set -euo pipefail
# The tool root keeps its byte code elsewhere; the image's belongs beside its modules.
unset PYTHONPYCACHEPREFIX
here=$(dirname "$(readlink -f "$0")")
out=$1
SOURCE_DATE_EPOCH=$(cat "$here/epoch")
export SOURCE_DATE_EPOCH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 PIP_ROOT_USER_ACTION=ignore
mkdir -p "$out/opt" /opt/jeoul
python3 -m venv "$out/builder"
backend=$(python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])')
# Several names, each a word.
# shellcheck disable=SC2086
"$out/builder/bin/pip" install --quiet $backend
# Scripts hold the path of their interpreter: build at the place where the environment will be.
mount --bind "$out/opt" /opt/jeoul
python3 -m venv --without-pip /opt/jeoul
"$out/builder/bin/pip" --python /opt/jeoul/bin/python3 install --quiet --no-compile --no-deps --only-binary :all: -r requirements.lock
rm -rf /opt/jeoul/include /opt/jeoul/bin/[Aa]ctivate*
python3 -m compileall -q -f -j 1 --invalidation-mode unchecked-hash /opt/jeoul/lib
