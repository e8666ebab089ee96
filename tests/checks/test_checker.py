"""The process checker on its socket: orders in, verdicts out."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from appliance.daemons import checker as process
from appliance.daemons.checker import Checker
from appliance.wire import places
from appliance.wire.frames import LARGEST, encode, receive
from appliance.wire.messages import AskStatus, Failed, Verdict, Verdicts, Watch, WatchTarget
from appliance.wire.server import listen
from tests.checks.servers import GOOD, free_port, plain, serving

FAST = {"kind": "http", "interval": 0.2, "timeout": 0.1, "rise": 2, "fall": 2}


@pytest.fixture(autouse=True)
def run_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory() as folder:  # short: a socket's path has 107 bytes
        monkeypatch.setenv("JEOUL_RUN", folder)
        yield Path(folder)


def target(port: int, key: str = "default/web/s1", settings: dict[str, Any] | None = None) -> WatchTarget:
    return WatchTarget(
        key=key, monitor="health", instance="default", address="127.0.0.1", port=port, settings=settings or FAST
    )


class Director:
    """Stands in for the director: one connection to the checker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def order(self, *targets: WatchTarget, number: int = 0) -> None:
        self.writer.write(encode(Watch(targets=targets, order=number)))

    async def hear(self) -> Verdicts:
        async with asyncio.timeout(5):
            message = await receive(self.reader)
        assert isinstance(message, Verdicts)
        return message

    async def until(self, true: Callable[[Verdicts], bool]) -> Verdicts:
        async with asyncio.timeout(10):
            while not true(news := await self.hear()):
                pass
        return news

    async def until_state(self, state: str, key: str = "default/web/s1") -> Verdict:
        news = await self.until(lambda news: any(v.key == key and v.state == state for v in news.verdicts))
        return next(v for v in news.verdicts if v.key == key)


async def connect() -> Director:
    return Director(*await asyncio.open_unix_connection(str(places.address("checker")), limit=LARGEST))


@asynccontextmanager
async def checking() -> AsyncIterator[Checker]:
    checker = Checker(plain)
    async with await listen("checker", checker.talk) as server:
        running = asyncio.create_task(checker.run())
        try:
            yield checker
        finally:
            running.cancel()
            server.close_clients()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30))


def test_a_verdict_with_its_evidence() -> None:
    async def test() -> None:
        async with checking(), serving(GOOD) as server:
            director = await connect()
            begun = time.time()
            director.order(target(server.port), target(free_port(), "default/web/dead"), number=7)
            up = await director.until_state("up")
            assert up.detail == "status 200"
            assert up.latency is not None
            assert 0 < up.latency < 0.1
            assert begun <= up.probed <= up.since <= time.time()
            assert (up.good >= 1, up.bad) == (True, 0)
            down = await director.until_state("down", "default/web/dead")
            assert down.detail == "connection refused: nothing listens on that port"
            assert (down.good, down.bad >= 2, down.latency) == (0, True, None)
            assert (await director.hear()).order == 7

    run(test)


def test_it_speaks_every_second_and_at_once_on_a_change() -> None:
    async def test() -> None:
        async with checking(), serving(GOOD) as server:
            director = await connect()
            times = []
            for _ in range(4):
                await director.hear()
                times.append(time.monotonic())
            assert times[-1] - times[1] < 2.5
            begun = time.monotonic()
            director.order(target(server.port))
            await director.until_state("up")
            assert time.monotonic() - begun < 0.5

    run(test)


def test_the_newest_order_wins_and_all_hear() -> None:
    async def test() -> None:
        async with checking(), serving(GOOD) as server:
            one, other = await connect(), await connect()
            one.order(target(server.port, "default/web/a"), number=1)
            await other.until_state("up", "default/web/a")
            other.order(target(server.port, "default/web/b"), number=2)
            await one.until_state("up", "default/web/b")
            assert [v.key for v in (await one.until(lambda news: news.order == 2)).verdicts] == ["default/web/b"]

    run(test)


def test_it_goes_on_without_a_director() -> None:
    async def test() -> None:
        async with checking(), serving(GOOD) as server:
            director = await connect()
            director.order(target(server.port))
            up = await director.until_state("up")
            director.writer.close()
            asked = server.asked
            await asyncio.sleep(1)
            assert server.asked >= asked + 2
            again = await connect()
            first = (await again.hear()).verdicts[0]
            assert (first.state, first.since) == ("up", up.since)
            # The same order again, as from a new director: nothing begins anew.
            again.order(target(server.port), number=9)
            assert (await again.until(lambda news: news.order == 9)).verdicts[0].state == "up"

    run(test)


def test_a_director_that_does_not_read_costs_one_message() -> None:
    slow = FAST | {"interval": 60, "timeout": 60}
    many = tuple(target(9, f"default/web/{'s' * 50}{i}", slow) for i in range(3000))

    async def test() -> None:
        async with checking() as checker:
            frozen = await connect()
            frozen.writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            frozen.reader._transport.pause_reading()  # type: ignore[attr-defined]
            checker.watch(Watch(targets=many, order=1))
            await asyncio.sleep(0.5)
            sizes = []
            for order in range(2, 30):
                checker.watch(Watch(targets=many[:2000], order=order))
                await asyncio.sleep(0.05)
                sizes.append(max(t.get_write_buffer_size() for t in _transports(checker)))
            one = len(encode(checker.verdicts()))
            assert max(sizes) < 2 * one
            # And when it reads again, the newest state comes soon, after at most what was half sent.
            frozen.reader._transport.resume_reading()  # type: ignore[attr-defined]
            heard = [(await frozen.hear()).order for _ in range(3)]
            assert heard[-1] == 29

    transports: list[asyncio.WriteTransport] = []

    def _transports(checker: Checker) -> list[asyncio.WriteTransport]:
        return transports

    original = Checker.talk

    async def noting(self: Checker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transports.append(writer.transport)
        await original(self, reader, writer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checker, "talk", noting)
        run(test)


UNREADABLE: list[tuple[str, WatchTarget]] = [
    ("a kind of a newer version", target(80, settings={"kind": "quantum"})),
    ("no kind", target(80, settings={"interval": 1})),
    ("a setting of a newer version", target(80, settings=FAST | {"mood": "good"})),
    ("a name for an address", target(80).model_copy(update={"address": "localhost"})),
    ("no port", target(70000).model_copy(update={"settings": {"kind": 5}})),
]


@pytest.mark.parametrize(("what", "wrong"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
def test_what_it_does_not_understand_does_not_stop_the_rest(what: str, wrong: WatchTarget) -> None:
    async def test() -> None:
        async with checking(), serving(GOOD) as server:
            director = await connect()
            director.order(wrong.model_copy(update={"key": "default/web/odd"}), target(server.port))
            await director.until_state("up")
            odd = await director.until_state("unknown", "default/web/odd")
            assert "does not understand this monitor" in odd.detail

    run(test)


def test_another_question_is_refused() -> None:
    async def test() -> None:
        async with checking():
            director = await connect()
            director.writer.write(encode(AskStatus()))
            async with asyncio.timeout(5):
                while not isinstance(message := await receive(director.reader), Failed):
                    pass
            assert message.error == "the checker does not understand ask_status"

    run(test)


def test_changes_come_together_and_saying_them_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float] = []

    def counting(message: Verdicts) -> bytes:
        said.append(time.monotonic())
        return encode(message)

    async def test() -> None:
        async with checking():
            director = await connect()
            targets = [target(free_port(), f"default/web/s{i}", FAST | {"fall": 1}) for i in range(300)]
            said.clear()
            director.order(*targets)
            await director.until(lambda news: bool(news.verdicts) and all(v.state == "down" for v in news.verdicts))

    monkeypatch.setattr(process, "encode", counting)
    run(test)
    assert min(b - a for a, b in pairwise(said)) > 0.015
    assert len(said) < 30


def test_the_process_starts_says_so_and_ends_cleanly(run_folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(run_folder / "notify"))
        systemd.settimeout(20)

        async def test() -> None:
            env = os.environ | {"JEOUL_RUN": str(run_folder), "NOTIFY_SOCKET": str(run_folder / "notify")}
            command = [sys.executable, "-c", "from appliance.daemons.checker import main; main()"]
            child = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.PIPE)
            try:
                words = {await asyncio.to_thread(systemd.recv, 100) for _ in range(2)}
                assert words <= {b"READY=1", b"WATCHDOG=1"}
                assert b"READY=1" in words
                director = await connect()
                director.order(target(free_port()))
                await director.hear()
                child.send_signal(signal.SIGTERM)
                _, errors = await asyncio.wait_for(child.communicate(), 10)
                assert (child.returncode, errors) == (0, b"")
            finally:
                if child.returncode is None:
                    child.kill()

        run(test)
