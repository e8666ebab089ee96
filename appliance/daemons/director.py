"""director: owns the running revision, the signals and the loop that makes the machine agree with both."""

import asyncio
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from appliance.daemons._notify import notify
from appliance.daemons.checks import CheckerLink
from appliance.daemons.machine import Programmer
from appliance.engines.registry import ENGINES
from appliance.model.document import check
from appliance.model.problems import Invalid
from appliance.model.signals import Administrative, Signals, member_key
from appliance.reconcile import durable, running
from appliance.reconcile.loop import Reconciler, Report, Unobservable
from appliance.reconcile.signals import VerdictKey, keep, merge, operational, targets
from appliance.table import show
from appliance.wire.messages import (
    AnyMessage,
    AskRunning,
    AskStatus,
    Commit,
    Committed,
    Count,
    Counted,
    Done,
    Drift,
    Failed,
    MemberStatus,
    Plan,
    Planned,
    RunningDocument,
    SetMember,
    Status,
    Step,
    Verdict,
    WatchTarget,
)
from appliance.wire.places import runtime
from appliance.wire.server import answering, listen

log = logging.getLogger(__name__)

RESYNC = 5.0
"""Seconds between two full comparisons with the machine."""
DRIFT_KEPT = 50
"""Mended drifts that Status remembers."""
REPORT_KEPT = 1000
"""Steps and leftovers that one answer lists."""


class Director:
    """The loop and what it knows; everything happens on one event loop, so state changes between awaits only."""

    def __init__(self, state: Path, memory: Path, unit: str, machine: Programmer, reconciler: Reconciler) -> None:
        self.state, self.memory, self.unit = state, memory, unit
        self.machine, self.reconciler = machine, reconciler
        self.running, self.source, faults = running.load(state)
        for fault in faults:
            log.error("cannot be used: %s", fault)
        self.administrative: dict[str, Administrative] = _words(state / "operator.json")
        self.watched = targets(self.running.config)
        """What the checker watches under the running revision; made once a commit, for it is asked for all the time."""
        self.verdicts: dict[VerdictKey, Verdict] = keep(_verdicts(memory), self.watched, self.watched)
        self.checker = CheckerLink(self.hear)
        self.checker.order(self.watched)
        self.drift: deque[Drift] = deque(maxlen=DRIFT_KEPT)
        self.drift_total = self.passes = self.steps_taken = 0
        self.last_pass = 0.0
        self._observed_at = float("-inf")
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._held: tuple[str, Signals] | None = None
        """Revision and signals for which the last finished pass left nothing to do."""

    # ---- the loop

    async def run(self) -> None:
        """Run passes until cancelled: on every change, when a leftover is due, and to find drift."""
        while True:
            self._wake.clear()
            try:
                await self.one_pass()
            except Exception:
                # A fault of ours in one pass must not end the loop: the next pass starts from the machine again.
                log.exception("a pass failed")
                self._held = None
                self.reconciler.remembered.clear()
            due = self.reconciler.leftovers.next_due()
            pause = RESYNC if due is None else min(RESYNC, max(0.05, due - self.reconciler.clock()))
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def one_pass(self) -> Report:
        """Run one pass now."""
        async with self._turn:
            signals = self.signals()
            now = time.monotonic()
            observe = now - self._observed_at >= RESYNC
            calm = self._held == (self.running.digest, signals)
            report = await self.reconciler.run(self.running.config, signals, observe=observe)
            if observe:
                self._observed_at = now
            if calm and observe:
                self._note_drift(report)
            self._held = None if report.left else (self.running.digest, signals)
            self.passes += 1
            self.steps_taken += len(report.taken)
            self.last_pass = time.time()
            return report

    def _note_drift(self, report: Report) -> None:
        for engine, op in report.taken:
            log.warning("drift mended: %s %s", op.verb, show(op.path))
            self.drift.append(Drift(at=time.time(), step=Step.of(engine, op)))
            self.drift_total += 1

    def signals(self) -> Signals:
        """Return the signals of this moment."""
        return self._signals(self.verdicts, self.watched)

    def _signals(self, verdicts: Mapping[VerdictKey, Verdict], watched: Iterable[WatchTarget]) -> Signals:
        states = operational(verdicts.values(), watched)
        return Signals(unit=self.unit, operational=states, administrative=self.administrative)

    def hear(self, news: tuple[Verdict, ...]) -> None:
        """Take the checker's verdicts; a changed state is acted on at once and outlives a restart of this process."""
        before = {key: verdict.state for key, verdict in self.verdicts.items()}
        self.verdicts = keep(merge(self.verdicts, news), self.watched, self.watched)
        after = {key: verdict.state for key, verdict in self.verdicts.items()}
        if before != after:
            for key in after:
                if before.get(key) != after[key]:
                    log.info("%s under %s: %s, %s", *key, after[key], self.verdicts[key].detail)
            self._remember_verdicts()
            self._wake.set()

    def _remember_verdicts(self) -> None:
        payload = {"verdicts": [verdict.model_dump(mode="json") for verdict in self.verdicts.values()]}
        try:
            durable.write(self.memory / "verdicts.json", payload)
        except OSError as error:
            log.error("verdicts cannot be kept for a restart: %s", error)

    # ---- requests

    async def answer(self, request: AnyMessage) -> AnyMessage:
        """Answer one request."""
        match request:
            case AskStatus():
                return self.status()
            case AskRunning():
                now = self.running
                document = now.config.model_dump(mode="json")
                return RunningDocument(revision=now.revision, digest=now.digest, document=document)
            case Plan():
                return await self._plan(request.document)
            case Commit():
                return await self._commit(request)
            case SetMember():
                return await self._set_member(request)
            case Count():
                return await self._count()
        return Failed(error=f"the director does not understand {request.kind}")

    async def _plan(self, document: dict[str, Any]) -> AnyMessage:
        try:
            config = check(document)
            watched = targets(config)
            async with self._turn:
                signals = self._signals(keep(self.verdicts, self.watched, watched), watched)
                steps = await self.reconciler.plan(config, signals)
        except Invalid as error:
            return Failed(error="the document has problems", problems=tuple(error.problems))
        except Unobservable as error:
            return Failed(error=str(error))
        return Planned(steps=tuple(Step.of(engine, op) for engine, op in steps))

    async def _commit(self, request: Commit) -> AnyMessage:
        try:
            config = check(request.document)
        except Invalid as error:
            return Failed(error="the document has problems", problems=tuple(error.problems))
        if config.digest() != request.digest:
            return Failed(error="the document does not have the hash that came with it")
        async with self._turn:
            try:
                fresh = running.save(self.state, request.revision, request.digest, config)
            except OSError as error:
                return Failed(
                    error=f"the revision cannot be written to {self.state}: {error.strerror}; nothing was changed"
                )
            watched = targets(config)
            self.verdicts = keep(self.verdicts, self.watched, watched)
            self.running, self.source, self.watched = fresh, "running", watched
            self.checker.order(watched)
            self._prune_words()
            self.reconciler.leftovers.hurry()
            # A commit is compared with what the machine really holds, never with what is remembered of it.
            self._observed_at = float("-inf")
        log.info("revision %d is committed: %s", request.revision, request.digest)
        report = await self.one_pass()
        steps = tuple(Step.of(engine, op) for engine, op in report.taken[:REPORT_KEPT])
        left = report.left[:REPORT_KEPT]
        return Committed(revision=request.revision, digest=request.digest, steps=steps, left=left)

    def _prune_words(self) -> None:
        there = {
            member_key(name, pool, member)
            for name, instance in self.running.config.instances.items()
            for pool, settings in instance.pools.items()
            for member in settings.members
        }
        kept = {key: state for key, state in self.administrative.items() if key in there}
        if kept != self.administrative:
            self.administrative = kept
            try:
                self._write_words(kept)
            except OSError as error:
                log.error("the operator's words on members that are gone stay on disk: %s", error)

    async def _set_member(self, request: SetMember) -> AnyMessage:
        instance = self.running.config.instances.get(request.instance)
        pool = instance.pools.get(request.pool) if instance else None
        if pool is None or request.member not in pool.members:
            return Failed(
                error=f"there is no member {request.member!r} in pool {request.pool!r} of {request.instance!r}"
            )
        key = member_key(request.instance, request.pool, request.member)
        words: dict[str, Administrative] = {k: v for k, v in self.administrative.items() if k != key}
        if request.state != "enabled":
            words[key] = request.state
        try:
            self._write_words(words)
        except OSError as error:
            return Failed(error=f"the state cannot be written to {self.state}: {error.strerror}; nothing was changed")
        self.administrative = words
        log.info("%s is %s by the operator", key, request.state)
        await self.one_pass()
        return Done()

    def _write_words(self, words: dict[str, Administrative]) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        durable.write(self.state / "operator.json", {"administrative": words})

    async def _count(self) -> AnyMessage:
        counters = [await self.machine.count(engine) for engine in ENGINES.values()]
        return Counted(counters=tuple(item for table in counters for item in table.items()))

    def status(self) -> Status:
        """Return the whole view."""
        signals = self.signals()
        states = signals.operational
        members = {}
        for name, instance in self.running.config.instances.items():
            for pool_name, pool in instance.pools.items():
                for member in pool.members:
                    key = member_key(name, pool_name, member)
                    members[key] = MemberStatus(
                        operational=states.get(key, "unknown") if pool.monitors else "up",
                        administrative=self.administrative.get(key, "enabled"),
                        verdicts=tuple(v for m in pool.monitors if (v := self.verdicts.get((key, m)))),
                    )
        left = self.reconciler.leftovers.report()
        return Status(
            revision=self.running.revision,
            digest=self.running.digest,
            committed_at=self.running.committed_at,
            source=self.source,
            settled=self._held == (self.running.digest, signals),
            last_pass=self.last_pass,
            passes=self.passes,
            steps_taken=self.steps_taken,
            left=left[:REPORT_KEPT],
            drift_total=self.drift_total,
            drift=tuple(self.drift),
            programmer=self.machine.alive,
            checker=self.checker.alive(),
            members=members,
        )


def _words(path: Path) -> dict[str, Administrative]:
    try:
        return dict(durable.read(path)["administrative"])
    except durable.Missing:
        return {}
    except durable.Unreadable as error:
        log.error("the operator's words on members are lost: %s", error)
        return {}


def _verdicts(memory: Path) -> dict[VerdictKey, Verdict]:
    try:
        found = [Verdict.model_validate(item) for item in durable.read(memory / "verdicts.json")["verdicts"]]
    except (durable.Unreadable, KeyError, ValueError):
        return {}  # the box has just booted, or this is the first start: every member is unknown
    return {(verdict.key, verdict.monitor): verdict for verdict in found}


def unit_id() -> str:
    """Return this unit's identity: the machine id."""
    return Path("/etc/machine-id").read_text(encoding="ascii").strip()


async def serve() -> None:
    """Serve until told to stop."""
    state = Path(os.environ.get("JEOUL_STATE", "/var/lib/jeoul")) / "director"
    machine = Programmer()
    memory = runtime("director")
    memory.mkdir(parents=True, exist_ok=True)
    director = Director(state, memory, unit_id(), machine, Reconciler(ENGINES, machine))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with await listen("director", answering(director.answer)), asyncio.TaskGroup() as group:
        tasks = [group.create_task(director.run()), group.create_task(director.checker.run())]
        notify("READY=1")
        await stop.wait()
        for task in tasks:
            task.cancel()


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(serve())
