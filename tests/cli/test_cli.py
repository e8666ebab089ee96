"""The command line against the real process over TLS."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import EXAMPLE, ROOT, Director, wait_until
from tests.api.test_daemon import Process

OWN = "something of my own"


class Cli:
    """The command, in a home of its own."""

    def __init__(self, process: Process) -> None:
        self.process, self.home = process, process.folder / "home"
        self.server = f"https://127.0.0.1:{process.port}"

    def __call__(self, *words: str, given: str | bytes = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it and return what it said."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **settings}
        text = given.decode() if isinstance(given, bytes) else given
        return subprocess.run(
            [sys.executable, "-m", "appliance.cli.main", *words],
            cwd=ROOT, env=environment, input=text, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def good(self, *words: str, given: str | bytes = "", **settings: str) -> str:
        """Run it, see that it worked, and return what it said."""
        done = self(*words, given=given, **settings)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A box with the first service, and a command that is signed in to it."""
    folder = tmp_path_factory.mktemp("box")
    os.environ["JEOUL_RUN"] = str(folder / "run")
    director = Director(folder)
    director.start()
    process = Process(folder)
    try:
        wait_until(process.ready, 60)
        one = Cli(process)
        first = (folder / "run/jeoul-api/first-password").read_text().strip()
        said = one.good("login", one.server, "--password-stdin", given=f"{first}\n")
        assert "trusted from now on" in said
        assert "jeoul password" in said
        refused = one("status")
        assert (refused.returncode, "jeoul password" in refused.stderr) == (1, True)
        one.good("password", "--stdin", given=f"{first}\n{OWN}\n")
        wait_until(lambda: one("status").returncode == 0, 60)
        one.good("config", "apply", "-", "--comment", "first", given=EXAMPLE)
        yield one
    finally:
        process.child.kill()
        process.child.wait()
        director.kill()
        del os.environ["JEOUL_RUN"]


def test_the_session_is_readable_by_its_owner_only(cli: Cli) -> None:
    file = cli.home / ".config/jeoul/session.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "BEGIN CERTIFICATE" in json.loads(file.read_text())["certificate"]


def test_status_for_people_and_programs(cli: Cli) -> None:
    said = cli.good("status")
    assert "Running revision" in said
    assert "s1" in said
    assert json.loads(cli.good("status", "--json"))["applied"] is True


def test_a_document_is_shown_changed_and_compared(cli: Cli, tmp_path: Path) -> None:
    shown = cli.good("config", "show")
    assert "shop:" in shown
    file = tmp_path / "new.yaml"
    file.write_text(shown.replace("weight: 3", "weight: 7"))
    difference = cli.good("config", "diff", str(file))
    assert "- /instances/default/pools/web/members/s3/weight: 3" in difference
    assert "+ /instances/default/pools/web/members/s3/weight: 7" in difference
    assert "Tried only" in cli.good("config", "apply", str(file), "--dry-run")
    before = json.loads(cli.good("revisions", "list", "--json"))[0]
    assert "running" in cli.good("config", "apply", str(file), "--comment", "seven")
    newest = json.loads(cli.good("revisions", "list", "--json"))[0]
    assert (newest["number"], newest["comment"]) == (before["number"] + 1, "seven")
    late = cli("config", "apply", str(file), "--if-match", before["digest"])
    assert (late.returncode, "in between" in late.stderr) == (1, True)
    back = cli.good("revisions", "rollback", str(before["number"]))
    assert "weight: 3" in back
    assert (
        json.loads(cli.good("config", "show", "--json"))["instances"]["default"]["pools"]["web"]["members"]["s3"][
            "weight"
        ]
        == 3
    )
    assert "weight" in cli.good("revisions", "show", str(before["number"]))
    assert "seven" in cli.good("revisions", "list")


def test_objects_are_listed_set_and_deleted(cli: Cli, tmp_path: Path) -> None:
    assert "shop" in cli.good("services", "list")
    cli.good("services", "set", "other", "address=192.0.2.11", "port=81", "pool=web")
    cli.good("services", "set", "other", "port=82")
    other = json.loads(cli.good("services", "show", "other", "--json"))
    assert (other["port"], other["address"]) == (82, "192.0.2.11")
    assert "port: 82" in cli.good("services", "show", "other")
    file = tmp_path / "pool.yaml"
    file.write_text("members: {a: {address: 10.77.0.21, port: 80}}\nmonitors: [health]")
    assert "Tried only" in cli.good("pools", "set", "spare", "-f", str(file), "--dry-run")
    cli.good("pools", "set", "spare", "-f", str(file))
    assert "spare" in cli.good("pools", "list")
    cli.good("pools", "delete", "spare")
    cli.good("services", "delete", "other")
    cli.good("monitors", "set", "plain", "kind=tcp")
    cli.good("monitors", "delete", "plain")
    cli.good("routes", "set", "far", "to=default", "via=[192.0.2.1]")
    assert "0.0.0.0/0" in cli.good("routes", "list")
    cli.good("routes", "delete", "far")
    assert "port1" in cli.good("interfaces", "list")


def test_a_member_is_drained_and_enabled(cli: Cli) -> None:
    cli.good("member", "drain", "web", "s1")
    assert json.loads(cli.good("status", "--json"))["members"]["default/web/s1"]["administrative"] == "draining"
    cli.good("member", "disable", "default", "web", "s1")
    assert json.loads(cli.good("member", "enable", "default", "web", "s1", "--json")) == {"state": "enabled"}


REFUSED: tuple[tuple[str, tuple[str, ...], str, int, str], ...] = (
    ("a wrong document", ("config", "apply", "-"), "version: 1\ncolor: red", 1, "/color"),
    ("a file that is not there", ("config", "apply", "/nothing"), "", 2, "cannot be read"),
    ("a used pool", ("pools", "delete", "web"), "", 1, "/instances/default/services/shop/pool"),
    ("an unknown name", ("services", "show", "shap"), "", 1, "Known: shop"),
    ("an unknown instance", ("services", "set", "a", "port=1", "-i", "blue"), "", 1, "no instance 'blue'"),
    ("no settings", ("services", "set", "shop"), "", 2, "KEY=VALUE"),
    ("a word that is no setting", ("services", "set", "shop", "port"), "", 2, "not KEY=VALUE"),
    ("two faults at once", ("services", "set", "shop", "port=0", "pool=x"), "", 1, "/services/shop/port"),
    ("an unknown command", ("dance",), "", 2, "dance"),
    ("an unknown member", ("member", "drain", "web", "s9"), "", 1, "no member 's9'"),
    ("too many names", ("member", "drain", "a", "b", "c", "d"), "", 2, "POOL MEMBER"),
    ("an unknown revision", ("revisions", "rollback", "999"), "", 1, "no revision 999"),
)


@pytest.mark.parametrize(("words", "given", "code", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_work_is_told_with_an_exit_code(
    cli: Cli, words: tuple[str, ...], given: str, code: int, said: str
) -> None:
    done = cli(*words, given=given)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_programs_get_refusals_as_json(cli: Cli) -> None:
    done = cli("pools", "delete", "web", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"][0]["path"] == "/instances/default/services/shop/pool"


def test_a_server_that_does_not_answer(cli: Cli) -> None:
    done = cli("status", JEOUL_SERVER="https://127.0.0.1:1", JEOUL_TOKEN="x")
    assert (done.returncode, "does not answer" in done.stderr) == (3, True)
    assert cli("login", "https://127.0.0.1:1", "--password-stdin", given="x").returncode == 3
    assert cli("login", "http://127.0.0.1", "--password-stdin", given="x").returncode == 2


def test_another_certificate_is_not_spoken_to(cli: Cli, tmp_path: Path) -> None:
    other = Process(tmp_path)
    try:
        wait_until(other.ready, 60)
        file = cli.home / ".config/jeoul/session.json"
        kept = file.read_text()
        saved = json.loads(kept)
        saved["server"] = f"https://127.0.0.1:{other.port}"
        file.write_text(json.dumps(saved))
        try:
            done = cli("status")
            assert (done.returncode, "another certificate" in done.stderr) == (3, True), done.stderr
            again = cli("login", saved["server"], "--password-stdin", given="x\n")
            assert (again.returncode, "--new-certificate" in again.stderr) == (1, True)
            wrong = cli("login", saved["server"], "--new-certificate", "--password-stdin", given="x\n")
            assert (wrong.returncode, "wrong" in wrong.stderr) == (1, True)
        finally:
            file.write_text(kept)
    finally:
        other.child.kill()
        other.child.wait()


def test_the_environment_is_enough_for_programs(cli: Cli, tmp_path: Path) -> None:
    token = json.loads((cli.home / ".config/jeoul/session.json").read_text())["token"]
    alone = {"JEOUL_SERVER": cli.server, "JEOUL_TOKEN": token, "HOME": str(tmp_path)}
    assert cli("status", **alone).returncode == 3
    from appliance.api.certificate import fingerprint

    known = fingerprint(cli.process.cert.read_bytes())
    assert cli("status", **alone, JEOUL_FINGERPRINT=known).returncode == 0
    assert cli("status", **alone, JEOUL_FINGERPRINT="00" * 32).returncode == 3


def test_signing_out_ends_the_session(cli: Cli) -> None:
    cli.good("logout")
    done = cli("status")
    assert (done.returncode, "jeoul login" in done.stderr) == (1, True)
    again = cli.good("login", "--password-stdin", given=f"{OWN}\n")
    assert "trusted from now on" not in again
    cli.good("status")
