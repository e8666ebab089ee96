"""The rooms of the design: who may import whom, and who may touch the machine."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conventions.source import PRODUCT, ROOT, calls, imports, name

TOUCHING = {"pyroute2", "subprocess", "ctypes", "netfilterqueue"}
"""Modules that reach past Python into the machine."""
ENGINES = sorted(path.name for path in (ROOT / "appliance/engines").iterdir() if (path / "__init__.py").exists())


IMPURE = {"asyncio", "datetime", "os", "pathlib", "random", "secrets", "shutil", "socket", "threading", "time"}


def impure(path: Path) -> set[str]:
    """Return what a file uses that makes its results depend on more than its input."""
    return _tops(path) & IMPURE | calls(path) & {"open", "print", "input"}


def _tops(path: Path) -> set[str]:
    return {full.partition(".")[0] for full in imports(path)}


def _is_driver(path: Path) -> bool:
    return path.match("appliance/engines/*/driver.py")


def test_imports_go_down_only() -> None:
    # A process of its own: it sets up logging for itself, and would silence the loggers of every later test.
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", ".importlinter"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rooms_are_those_of_the_design() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    layers = parser["importlinter:contract:rooms"]["layers"]
    rooms = set(layers.replace("(", " ").replace(")", " ").replace("|", " ").split())
    assert rooms == {
        "daemons", "api", "cli", "alerts", "store", "reconcile", "telemetry", "engines", "wire", "model", "checks",
        "channels", "fields", "table", "kinds",
    }  # fmt: skip


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_only_drivers_touch_the_machine(path: Path) -> None:
    touched = _tops(path) & TOUCHING
    assert not touched or _is_driver(path), f"{sorted(touched)}: only engines/*/driver.py may import this"


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_only_the_programmer_loads_drivers(path: Path) -> None:
    if name(path) == "appliance/daemons/programmer.py":
        return
    assert "load_drivers" not in calls(path)
    if name(path) != "appliance/engines/registry.py":
        assert not any(full.endswith("registry.load_drivers") for full in imports(path))
    drivers = {full for full in imports(path) if full.startswith("appliance.engines.") and ".driver" in full}
    assert not drivers


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_do_not_know_each_other(engine: str) -> None:
    others = {f"appliance.engines.{other}" for other in ENGINES if other != engine}
    for path in (ROOT / "appliance/engines" / engine).glob("**/*.py"):
        known = {full for full in imports(path) if ".".join(full.split(".")[:3]) in others}
        assert not known, name(path)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_rows_a_compiler_and_a_driver(engine: str) -> None:
    files = {path.name for path in (ROOT / "appliance/engines" / engine).glob("*.py")}
    assert {"__init__.py", "rows.py", "compiler.py", "driver.py"} <= files


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_pure_does_no_input_or_output(engine: str) -> None:
    for file in ("rows.py", "compiler.py"):
        assert impure(ROOT / "appliance/engines" / engine / file) == set()


def test_the_model_does_no_input_or_output() -> None:
    for path in [*(ROOT / "appliance/model").glob("*.py"), ROOT / "appliance/table.py", ROOT / "appliance/fields.py"]:
        assert impure(path) == set(), name(path)
