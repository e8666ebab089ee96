"""Frames and sockets: what arrives is what was sent, strangers and nonsense are turned away, and nothing hangs."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.wire import server
from appliance.wire.client import Client, Refusal, Unreachable
from appliance.wire.messages import AnyMessage, AskStatus, Count, Counted, Done, Failed
from appliance.wire.places import address

type Handler = Callable[[AnyMessage], Awaitable[AnyMessage]]


@pytest.fixture(autouse=True)
def _run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEOUL_RUN", str(tmp_path))


async def counting(request: AnyMessage) -> AnyMessage:
    if isinstance(request, AskStatus):
        return Failed(error="not now")
    if isinstance(request, Done):
        raise RuntimeError("a fault of ours")
    return Counted(counters=((("default", "ipvs"), {"packets_in": 2**60}),))


def serve(test: Callable[[], Awaitable[None]], handler: Handler = counting) -> None:
    async def both() -> None:
        async with await server.listen("director", server.answering(handler)):
            async with asyncio.timeout(10):
                await test()

    asyncio.run(both())


def test_an_answer_arrives_whole() -> None:
    async def test() -> None:
        client = Client("director")
        for _ in range(3):
            answer = await client.ask(Count(), Counted)
            assert answer.counters == ((("default", "ipvs"), {"packets_in": 2**60}),)
        client.close()

    serve(test)


def test_a_refusal_and_a_fault_reach_the_asker_and_the_connection_lives() -> None:
    async def test() -> None:
        client = Client("director")
        with pytest.raises(Refusal, match="not now"):
            await client.ask(AskStatus(), Counted)
        with pytest.raises(Refusal, match="a fault of ours"):
            await client.ask(Done(), Counted)
        await client.ask(Count(), Counted)
        client.close()

    serve(test)


def test_an_answer_of_another_kind_is_no_answer() -> None:
    async def test() -> None:
        with pytest.raises(Unreachable, match="answered counted"):
            await Client("director").ask(Count(), Done)

    serve(test)


def test_nobody_there_is_said_at_once() -> None:
    with pytest.raises(Unreachable, match="director"):
        asyncio.run(Client("director").ask(Count(), Counted))


def test_a_restarted_process_is_found_again() -> None:
    async def both() -> None:
        client = Client("director")
        for _ in range(2):
            listening = await server.listen("director", server.answering(counting))
            await client.ask(Count(), Counted)
            listening.close()
            listening.close_clients()
            await asyncio.sleep(0.05)
        client.close()

    asyncio.run(both())


def test_a_slow_answer_is_given_up_and_does_not_meet_the_next_question() -> None:
    async def slow(request: AnyMessage) -> AnyMessage:
        if isinstance(request, Count) and request.engine == "slow":
            await asyncio.sleep(0.3)
            return Done()
        return await counting(request)

    async def test() -> None:
        client = Client("director", timeout=0.1)
        with pytest.raises(Unreachable, match="no answer in time"):
            await client.ask(Count(engine="slow"), Counted)
        await asyncio.sleep(0.4)
        await client.ask(Count(), Counted)
        client.close()

    serve(test, slow)


@pytest.mark.parametrize(
    "nonsense",
    [
        struct.pack(">I", 2**31),
        struct.pack(">I", 4) + b"null",
        struct.pack(">I", 19) + b'{"kind":"no_such_"}',
        struct.pack(">I", 33) + b'{"kind":"count","more":"unknown"}',
        struct.pack(">I", 100) + b"cut off",
    ],
)
def test_nonsense_ends_the_connection_and_not_the_process(nonsense: bytes) -> None:
    async def test() -> None:
        reader, writer = await asyncio.open_unix_connection(str(address("director")))
        writer.write(nonsense)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await Client("director").ask(Count(), Counted)

    serve(test)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_stranger_is_turned_away() -> None:
    async def test() -> None:
        code = (
            "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
            "s.settimeout(5); sys.exit(0 if s.recv(1) == b'' else 1)"
        )
        for folder in [address("director").parent, *address("director").parents]:
            if folder != Path("/"):
                os.chmod(folder, 0o755)
        process = await asyncio.create_subprocess_exec(
            "python3", "-c", code, str(address("director")), user="nobody", stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        assert process.returncode == 0, said

    serve(test)
