"""What the checker costs: 2,000 targets every 2 s in a namespace of its own, run by hand as root.

python -m tests.checks.bench_checker [tcp|http|dead] [targets] [seconds]
"""

import asyncio
import os
import sys
import tempfile
import time

from tests.lab.hosts import Lab


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "0.0.0.0", 8080, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


async def _main(kind: str, count: int, seconds: float, namespace: str) -> None:
    from appliance.checks._namespaces import Namespaces
    from appliance.daemons.checker import Checker
    from appliance.wire.frames import encode
    from appliance.wire.messages import Watch, WatchTarget
    from appliance.wire.server import listen

    spaces = Namespaces(lambda instance: f"/run/netns/{namespace}")
    checker = Checker(spaces.open_socket)
    settings = {"kind": "http" if kind == "http" else "tcp", "interval": 2.0, "timeout": 1.0}
    port = 8080 if kind != "dead" else 8081
    targets = tuple(
        WatchTarget(
            key=f"default/pool{i // 10}/m{i}",
            monitor="health",
            instance="default",
            address=f"127.0.{i // 250}.{i % 250 + 1}",
            port=port,
            settings=settings,
        )
        for i in range(count)
    )
    async with await listen("checker", checker.talk) as server:
        running = asyncio.create_task(checker.run())
        # The director's part of the work is not the checker's.
        command = [sys.executable, "-m", "tests.checks.bench_checker", "listen"]
        director = await asyncio.create_subprocess_exec(*command)
        checker.watch(Watch(targets=targets, order=1))
        await asyncio.sleep(4)
        begun, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        spent, wall = time.process_time() - cpu, time.monotonic() - begun
        states: dict[str, int] = {}
        for one in checker.verdicts().verdicts:
            states[one.state] = states.get(one.state, 0) + 1
        mean = sum(one.latency or 0 for one in checker.verdicts().verdicts) / count
        print(
            f"{kind}: {count} targets every 2 s: {100 * spent / wall:.1f}% of a core; {states}; "
            f"mean latency {mean * 1000:.2f} ms"
        )
        at = time.process_time()
        size = max(len(encode(checker.verdicts())) for _ in range(20))
        print(f"one message of {size} bytes costs {(time.process_time() - at) / 20 * 1000:.1f} ms")
        running.cancel()
        director.kill()
        await director.wait()
        server.close_clients()


async def _listen() -> None:
    from appliance.wire.frames import LARGEST, receive
    from appliance.wire.places import address

    reader, _ = await asyncio.open_unix_connection(str(address("checker")), limit=LARGEST)
    while await receive(reader) is not None:
        pass


if __name__ == "__main__":
    kind = sys.argv[1] if len(sys.argv) > 1 else "tcp"
    if kind == "serve":
        asyncio.run(_serve())
    elif kind == "listen":
        asyncio.run(_listen())
    else:
        os.environ["JEOUL_RUN"] = tempfile.mkdtemp()
        with Lab() as lab:
            host = lab.host("members")
            server = host.popen([sys.executable, "-m", "tests.checks.bench_checker", "serve"], stdout=-1)
            assert server.stdout is not None
            server.stdout.readline()
            count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
            seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
            asyncio.run(_main(kind, count, seconds, host.namespace.name))
