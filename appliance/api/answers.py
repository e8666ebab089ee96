"""What the API answers; the web page's types are made from these."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from appliance.api.roles import Role
from appliance.model.compare import Change
from appliance.model.problems import Problem
from appliance.model.signals import Administrative
from appliance.table import Path
from appliance.wire import messages
from appliance.wire.messages import Left, Step


class Form(BaseModel):
    """What comes or goes; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorAnswer(Form):
    """Why a request was refused, and what to do about it."""

    error: Annotated[str, Field(description="One sentence.")]
    hint: Annotated[str, Field(description="What to do about it.")] = ""
    problems: Annotated[tuple[Problem, ...], Field(description="Everything that is wrong, by place.")] = ()
    changes: Annotated[tuple[Change, ...], Field(description="With 412: what somebody committed in between.")] = ()


Password = Annotated[str, StringConstraints(max_length=1024)]
Comment = Annotated[str, StringConstraints(max_length=500)]


class Login(Form):
    """Who signs in."""

    user: Annotated[str, StringConstraints(max_length=63)]
    password: Password
    lifetime: Annotated[
        int | None,
        Field(ge=60, le=366 * 86400, description="Seconds, for programs; without it 12 hours, or 2 without a request."),
    ] = None


class Session(Form):
    """A session."""

    user: str
    role: Role
    must_change_password: bool
    expires: Annotated[float, Field(description="Unix seconds.")]


class SignedIn(Session):
    """A new session with its token, which is told only here."""

    token: str


class NewPassword(Form):
    """The old password and the one that a person chooses."""

    old: Password
    new: Password


class OneTimePassword(Form):
    """A password that must be changed at once, told only here."""

    user: str
    password: str
    until: Annotated[float | None, Field(description="Unix seconds; after it the password is no good.")]


class UserSettings(Form):
    """What a person may do."""

    role: Role


class Person(UserSettings):
    """A person."""

    name: str
    must_change_password: bool
    created: float


class NewPerson(Form):
    """A person, and for a new one the password to hand over."""

    person: Person
    one_time: OneTimePassword | None = None


class Changed(Form):
    """What a change did, or would do."""

    revision: Annotated[int, Field(description="Number of the revision that now is the newest.")]
    digest: Annotated[str, Field(description="Hash of the document after the change.")]
    changes: Annotated[tuple[Change, ...], Field(description="Difference of the documents.")]
    steps: Annotated[tuple[Step, ...], Field(description="Steps on the machine: taken, or to be taken; 1,000 at most.")]
    steps_total: Annotated[int, Field(description="How many steps there are in all.")]
    left: Annotated[tuple[Left, ...], Field(description="Steps that could not be taken yet; they are tried again.")]
    applied: Annotated[bool, Field(description="False while the director has not taken the revision yet.")]
    note: Annotated[str, Field(description="Why it is not applied.")] = ""


class MemberState(Form):
    """The operator's word on one member."""

    state: Administrative


class Revision(Form):
    """Who changed something, when and why."""

    number: int
    parent: int | None
    author: str
    time: float
    comment: str
    digest: str
    kept: Annotated[bool, Field(description="False when the document was dropped to make room.")]


class RevisionDocument(Revision):
    """A revision with its document."""

    document: Annotated[dict[str, Any], Field(description="The document, as it was committed.")]


class Difference(Form):
    """The difference between two revisions."""

    old: int | None
    new: int
    changes: tuple[Change, ...]


class Status(messages.Status):
    """The director's view, and the newest revision beside the running one."""

    head_revision: int
    head_digest: str
    applied: Annotated[bool, Field(description="True when the newest revision is the running one.")]
    notices: Annotated[tuple[str, ...], Field(description="What an operator should know, for example a lost database.")]
    software: str


class CounterRow(Form):
    """Counters of one path."""

    path: Path
    counters: dict[str, int]


class SeriesRow(Form):
    """One series of the history."""

    path: Path
    metric: str


class HistoryAnswer(Form):
    """Samples of one series: (Unix seconds, value)."""

    samples: tuple[tuple[float, float], ...]


class AuditEntry(Form):
    """Who did what, when and from where."""

    number: int
    time: float
    user: str
    address: str
    action: str
    detail: str


class Done(Form):
    """It is done."""

    done: bool = True
