"""The real API in front of a made-up machine, to look at the page: ``python webui/tests/serve.py FOLDER DIST``.

The director's place is taken by an actor on the same socket: it plans with the real compilers against a table in
memory, and tells of members in every state. Run from the repository; FOLDER takes the database and the sockets.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

FOLDER, DIST = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
os.environ |= {"JEOUL_RUN": str(FOLDER / "run"), "JEOUL_WEBUI": str(DIST)}
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import uvicorn  # noqa: E402

from appliance.api import first_password  # noqa: E402
from appliance.api.app import make_app  # noqa: E402
from appliance.api.box import make_box  # noqa: E402
from appliance.engines.ipvs.rows import service_path  # noqa: E402
from appliance.engines.registry import ENGINES  # noqa: E402
from appliance.model.config import Config  # noqa: E402
from appliance.model.signals import Signals, member_key  # noqa: E402
from appliance.store import database  # noqa: E402
from appliance.table import Op, Row, applied, diff  # noqa: E402
from appliance.table import Path as Place  # noqa: E402
from appliance.wire import messages as wire  # noqa: E402
from appliance.wire.server import answering, listen  # noqa: E402

PORT = int(os.environ.get("PORT", "8080"))
STATES = ("up", "up", "down", "degraded", "unknown")
DETAILS = {
    "up": "200 OK",
    "down": "no answer within 500 ms",
    "degraded": "200 OK, but slower than 200 ms",
    "unknown": "not asked yet",
}


class Actor:
    """A director without a machine."""

    def __init__(self) -> None:
        self.revision, self.digest, self.config, self.committed = 0, "", Config(), 0.0
        self.tables: dict[str, dict[Place, Row]] = {name: {} for name in ENGINES}
        self.words: dict[str, str] = {}
        self.began = time.time()
        self.trouble = bool(os.environ.get("TROUBLE"))

    def signals(self, config: Config) -> Signals:
        members = self.members(config)
        return Signals(
            unit="0123456789abcdef0123456789abcdef",
            operational={key: member.operational for key, member in members.items()},
            administrative={key: member.administrative for key, member in members.items()},
        )

    def members(self, config: Config) -> dict[str, wire.MemberStatus]:
        now, found, count = time.time(), {}, 0
        for instance, settings in config.instances.items():
            for pool, about in settings.pools.items():
                for name in about.members:
                    key, state = member_key(instance, pool, name), STATES[count % len(STATES)]
                    count += 1
                    verdicts = tuple(
                        wire.Verdict.model_validate(
                            {
                                "key": key,
                                "monitor": monitor,
                                "state": state,
                                "since": self.began - 300,
                                "detail": DETAILS[state],
                                "probed": now,
                                "latency": None if state in ("down", "unknown") else 0.0031,
                                "good": 0 if state in ("down", "unknown") else 151,
                                "bad": 27 if state == "down" else 0,
                            }
                        )
                        for monitor in about.monitors
                    )
                    found[key] = wire.MemberStatus.model_validate(
                        {
                            "operational": state if about.monitors else "up",
                            "administrative": self.words.get(key, "enabled"),
                            "verdicts": verdicts,
                        }
                    )
        return found

    def ops(self, config: Config) -> list[tuple[str, Op]]:
        signals = self.signals(config)
        return [
            (name, op)
            for name, engine in ENGINES.items()
            for op in diff(engine.compile(config, signals), self.tables[name])
        ]

    async def answer(self, message: Any) -> wire.AnyMessage:
        match message:
            case wire.AskStatus():
                return self.status()
            case wire.Plan():
                ops = self.ops(Config.model_validate(message.document))
                return wire.Planned(steps=tuple(wire.Step.of(name, op) for name, op in ops))
            case wire.Commit():
                self.config = Config.model_validate(message.document)
                ops = self.ops(self.config)
                for name, op in ops:
                    self.tables[name] = applied(self.tables[name], [op])
                self.revision, self.digest, self.committed = message.revision, message.digest, time.time()
                steps = tuple(wire.Step.of(name, op) for name, op in ops)
                return wire.Committed(revision=self.revision, digest=self.digest, steps=steps, left=self.left())
            case wire.SetMember():
                self.words[member_key(message.instance, message.pool, message.member)] = message.state
                return wire.Done()
            case wire.Count():
                return wire.Counted(counters=tuple(self.counters()))
        return wire.Failed(error=f"nobody asks a director for {message.kind}")

    def counters(self) -> list[tuple[Place, dict[str, int]]]:
        passed, found = time.time() - self.began, []
        for instance, settings in self.config.instances.items():
            for number, service in enumerate(settings.services.values(), 1):
                path = service_path(instance, service.protocol, service.address, service.port)
                values = {
                    "connections_total": 37.4,
                    "packets_in": 9e3,
                    "packets_out": 2e4,
                    "bytes_in": 9e5,
                    "bytes_out": 3e7,
                }
                found.append((path, {name: int(each * passed / number) for name, each in values.items()}))
        return found

    def left(self) -> tuple[wire.Left, ...]:
        if not self.trouble:
            return ()
        reason = "the port port2 has no link; plug in its cable or name another port"
        path = ("default", "link lan")
        return (wire.Left(engine="network", verb="make", path=path, reason=reason, since=self.began, tries=12),)

    def status(self) -> wire.Status:
        drift = ()
        if self.trouble and self.tables["ipvs"]:
            path, row = max(self.tables["ipvs"].items())
            drift = (wire.Drift(at=self.began, step=wire.Step.of("ipvs", Op("make", path, None, row))),)
        return wire.Status(
            revision=self.revision,
            digest=self.digest,
            committed_at=self.committed,
            source="running" if self.revision else "none",
            settled=not self.trouble,
            last_pass=time.time(),
            passes=10,
            steps_taken=20,
            left=self.left(),
            drift_total=3 if self.trouble else 0,
            drift=drift,
            programmer=True,
            checker=not self.trouble,
            members=self.members(self.config),
        )


async def main() -> None:
    """Serve until stopped."""
    actor = Actor()
    talk = await listen("director", answering(actor.answer))
    store = database.open_store(FOLDER / "jeoul.sqlite")
    first_password.prepare(store)
    box = make_box(store)
    print("admin", first_password.place().read_text().strip(), flush=True)
    config = uvicorn.Config(make_app(box), host="127.0.0.1", port=PORT, log_level="warning")
    async with talk:
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
