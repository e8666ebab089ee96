"""The messages, each whole in itself, so that a lost or repeated one does no harm. Times are Unix seconds."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from appliance.model.problems import Problem
from appliance.model.signals import Administrative, Operational
from appliance.table import Op, Path, Verb


class Message(BaseModel):
    """A message; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Message):
    """An op as it travels: rows are plain JSON, read by the engine that owns them."""

    engine: str
    verb: Verb
    path: tuple[str, ...]
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None

    @classmethod
    def of(cls, engine: str, op: Op) -> "Step":
        """Return an op of an engine as a step."""
        old = None if op.old is None else op.old.model_dump()
        new = None if op.new is None else op.new.model_dump()
        return cls(engine=engine, verb=op.verb, path=op.path, old=old, new=new)


class Left(Message):
    """A step that could not be taken yet, and why."""

    engine: str
    verb: Verb | Literal["observe"]
    path: tuple[str, ...]
    reason: str
    since: float
    tries: int


class Failed(Message):
    """The answer to a request that could not be served."""

    kind: Literal["failed"] = "failed"
    error: str
    problems: tuple[Problem, ...] = ()


# ---- to the programmer


class Observe(Message):
    """What does the machine hold?"""

    kind: Literal["observe"] = "observe"
    engine: str


class Observed(Message):
    """The rows that the machine holds."""

    kind: Literal["observed"] = "observed"
    rows: tuple[tuple[Path, dict[str, Any]], ...]


class Apply(Message):
    """Take these steps in order."""

    kind: Literal["apply"] = "apply"
    engine: str
    steps: tuple[Step, ...]


class Applied(Message):
    """For each step None, or why it was refused."""

    kind: Literal["applied"] = "applied"
    results: tuple[str | None, ...]


class Count(Message):
    """What has passed? Asked of the programmer per engine, of the director for all."""

    kind: Literal["count"] = "count"
    engine: str = ""


class Counted(Message):
    """Counters by path."""

    kind: Literal["counted"] = "counted"
    counters: tuple[tuple[Path, dict[str, int]], ...]


# ---- to the checker


class WatchTarget(Message):
    """One member under one monitor; ``key`` is the member's key, ``settings`` the monitor's."""

    key: str
    monitor: str
    instance: str
    address: str
    port: int
    settings: dict[str, Any]


class Watch(Message):
    """Everything that is to be watched from now on."""

    kind: Literal["watch"] = "watch"
    targets: tuple[WatchTarget, ...]
    order: int = 0
    """Number of this order; verdicts carry it back, so that those of an earlier order are known as such."""


class Verdict(Message):
    """What a monitor says of a member, with its evidence: the last probe; latency in seconds."""

    key: str
    monitor: str
    state: Operational
    since: float
    detail: str
    probed: float
    latency: float | None
    good: int
    bad: int
    """Good or bad probes in a row."""


class Verdicts(Message):
    """Every verdict that stands; sent on each change and at least once a second."""

    kind: Literal["verdicts"] = "verdicts"
    verdicts: tuple[Verdict, ...]
    order: int = 0
    """Number of the ``Watch`` that they answer."""


# ---- to the director


class Commit(Message):
    """Make this revision the running one: durably first, then in the machine."""

    kind: Literal["commit"] = "commit"
    revision: int
    digest: str
    document: dict[str, Any]


class Committed(Message):
    """The revision is on disk and will be run after every restart; the steps and what is left are of its first pass."""

    kind: Literal["committed"] = "committed"
    revision: int
    digest: str
    steps: tuple[Step, ...]
    left: tuple[Left, ...]


class Plan(Message):
    """Which steps would this document take now?"""

    kind: Literal["plan"] = "plan"
    document: dict[str, Any]


class Planned(Message):
    """The steps, none of them taken."""

    kind: Literal["planned"] = "planned"
    steps: tuple[Step, ...]


class AskRunning(Message):
    """Which document do you run? Asked by an api whose database was lost."""

    kind: Literal["ask_running"] = "ask_running"


class RunningDocument(Message):
    """The running revision, whole."""

    kind: Literal["running_document"] = "running_document"
    revision: int
    digest: str
    document: dict[str, Any]


class SetMember(Message):
    """The operator's word on one member; it outlives restarts, and is no part of the document."""

    kind: Literal["set_member"] = "set_member"
    instance: str
    pool: str
    member: str
    state: Administrative


class AskStatus(Message):
    """How is the box?"""

    kind: Literal["ask_status"] = "ask_status"


class MemberStatus(Message):
    """A member now."""

    operational: Operational
    administrative: Administrative
    verdicts: tuple[Verdict, ...] = ()


class Drift(Message):
    """A step that mended what somebody else had changed in the machine."""

    at: float
    step: Step


class Status(Message):
    """The director's whole view."""

    kind: Literal["status"] = "status"
    revision: int
    digest: str
    committed_at: float
    source: Literal["running", "previous", "none"]
    """Which file was read at start; anything but ``running`` is an alarm."""
    settled: bool
    """True when the last pass was for this revision and these states, and the machine holds what it should."""
    last_pass: float
    passes: int
    steps_taken: int
    left: tuple[Left, ...]
    drift_total: int
    drift: tuple[Drift, ...]
    """The latest few."""
    programmer: bool
    checker: bool
    members: dict[str, MemberStatus]


# ---- to the monitor process


class AskHistory(Message):
    """Samples of one series, oldest first."""

    kind: Literal["ask_history"] = "ask_history"
    path: tuple[str, ...]
    metric: str
    start: float
    step: Annotated[int, Field(ge=1, le=86400)] = 1


class History(Message):
    """(time, value) pairs; a value is the mean of its step, of rates for counters."""

    kind: Literal["history"] = "history"
    samples: tuple[tuple[float, float], ...]


class AskSeries(Message):
    """Which series are there?"""

    kind: Literal["ask_series"] = "ask_series"


class Series(Message):
    """Every series: path and metric."""

    kind: Literal["series"] = "series"
    series: tuple[tuple[Path, str], ...]


class Done(Message):
    """The answer to a request that returns nothing."""

    kind: Literal["done"] = "done"


AnyMessage = (
    Failed | Observe | Observed | Apply | Applied | Count | Counted | Watch | Verdicts | Commit | Committed | Plan
    | Planned | AskRunning | RunningDocument | SetMember | AskStatus | Status | AskHistory | History | AskSeries
    | Series | Done
)  # fmt: skip

MESSAGES: TypeAdapter[AnyMessage] = TypeAdapter(Annotated[AnyMessage, Field(discriminator="kind")])
