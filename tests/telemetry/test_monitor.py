"""The process monitor on its socket, with a director that is played here."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from appliance.wire.client import Client, Refusal, Unreachable
from appliance.wire.messages import (
    AnyMessage,
    AskHistory,
    AskSeries,
    AskStatus,
    Count,
    Counted,
    Done,
    Failed,
    History,
    MemberStatus,
    Series,
)
from appliance.wire.server import answering, listen
from tests.telemetry.test_pure import status, verdict

SERVICE = ("default", "ipvs", "service tcp 192.0.2.10:80")
MEMBER = ("default", "pool web", "member s1")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory() as name:  # short: a socket's path has 107 bytes
        monkeypatch.setenv("JEOUL_RUN", name)
        monkeypatch.setenv("JEOUL_STATE", name)
        yield Path(name)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


class Director:
    """Counts 1,000 connections a second; can be told to fail."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.lost = 0.0
        self.failing = False

    async def answer(self, request: AnyMessage) -> AnyMessage:
        if self.failing:
            return Failed(error="not now")
        if isinstance(request, AskStatus):
            members = {
                "default/web/s1": MemberStatus(operational="up", administrative="enabled", verdicts=(verdict(0.25),))
            }
            return status(members)
        assert isinstance(request, Count)
        passed = 1000 * (time.monotonic() - self.begun) - self.lost
        return Counted(counters=((SERVICE, {"connections_total": int(passed), "connections_active": 7}),))


@asynccontextmanager
async def monitoring(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Client]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(30)
        env = os.environ | {"NOTIFY_SOCKET": str(folder / "notify")}
        command = [sys.executable, "-c", "from appliance.daemons.monitor import main; main()"]
        child = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.PIPE)
        client = Client("monitor")
        try:
            assert await asyncio.to_thread(systemd.recv, 100) == b"READY=1"
            yield child, client
        finally:
            client.close()
            if child.returncode is None:
                child.kill()
                await child.wait()
    (folder / "notify").unlink()


async def stop(child: asyncio.subprocess.Process) -> str:
    child.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(child.communicate(), 20)
    assert child.returncode == 0
    return errors.decode()


async def values(client: Client, path: tuple[str, ...], metric: str, least: int, begun: float) -> list[float]:
    async with asyncio.timeout(40):
        while True:
            answer = await client.ask(AskHistory(path=path, metric=metric, start=begun), History)
            if len(answer.samples) >= least:
                return [value for _, value in answer.samples]
            await asyncio.sleep(0.2)


def test_it_keeps_what_the_director_and_the_box_say(folder: Path) -> None:
    begun = time.time() - 2

    async def test() -> None:
        director = Director()
        async with await listen("director", answering(director.answer)) as server:
            async with monitoring(folder) as (child, client):
                rates = await values(client, SERVICE, "connections_total", 3, begun)
                assert all(700 < rate < 1300 for rate in rates)
                assert set(await values(client, SERVICE, "connections_active", 3, begun)) == {7.0}
                assert set(await values(client, MEMBER, "up", 3, begun)) == {1.0}
                assert set(await values(client, MEMBER, "latency_seconds", 1, begun)) == {0.25}
                assert set(await values(client, ("box",), "members_up", 1, begun)) == {1.0}
                # The box's own series can be asked for by its name or by none.
                assert min(await values(client, (), "memory_percent", 3, begun)) > 0
                names = (await client.ask(AskSeries(), Series)).series
                assert {
                    (SERVICE, "connections_total"),
                    (("box",), "cpu_percent"),
                    (("box", "nic lo"), "bytes_in"),
                } <= set(names)
                assert list(names) == sorted(names)
                # Counters that begin anew: no sample below zero, and none beyond what can have been.
                director.lost = 1000 * (time.monotonic() - director.begun)
                director.begun, director.lost = time.monotonic(), 0.0
                count = len(rates)
                rates = await values(client, SERVICE, "connections_total", count + 3, begun)
                assert all(0 <= rate < 1300 for rate in rates)
                await stop(child)
            # What waited to be written was written at the end.
            async with monitoring(folder) as (child, client):
                again = await values(client, SERVICE, "connections_total", len(rates), begun)
                assert again[: len(rates)] == pytest.approx(rates, rel=1e-6)
                assert await stop(child) == ""
            server.close_clients()

    run(test)


def test_a_director_that_is_away_costs_its_samples_only(folder: Path) -> None:
    begun = time.time() - 2

    async def test() -> None:
        async with monitoring(folder) as (child, client):
            assert len(await values(client, ("box",), "cpu_percent", 3, begun)) >= 3
            director = Director()
            async with await listen("director", answering(director.answer)) as server:
                await values(client, MEMBER, "up", 2, begun)
                director.failing = True
                await asyncio.sleep(2.5)
                director.failing = False
                have = len(await values(client, MEMBER, "up", 1, begun))
                await values(client, MEMBER, "up", have + 2, begun)
                server.close_clients()
            errors = await stop(child)
            assert errors.count("no samples of the services") == 2
            assert errors.count("the director answers again") == 2

    run(test)


def test_other_questions(folder: Path) -> None:
    async def test() -> None:
        async with monitoring(folder) as (child, client):
            with pytest.raises(Refusal, match="the monitor does not understand done"):
                await client.ask(Done(), Done)
            unknown = AskHistory(path=("nowhere",), metric="nothing", start=0)
            assert (await client.ask(unknown, History)).samples == ()
            await stop(child)
            with pytest.raises(Unreachable):
                await client.ask(unknown, History)

    run(test)


def test_a_state_folder_that_cannot_be_written_does_not_stop_it(folder: Path) -> None:
    begun = time.time() - 2
    (folder / "monitor").write_text("a file in the way")

    async def test() -> None:
        async with monitoring(folder) as (child, client):
            assert len(await values(client, ("box",), "cpu_percent", 2, begun)) >= 2
            errors = await stop(child)
            assert errors.count("history cannot be written") == 1

    run(test)
