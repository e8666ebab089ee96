"""What the API asks of the director and the monitor process."""

from collections.abc import Mapping
from typing import Any

from appliance.model.signals import Administrative
from appliance.wire import messages
from appliance.wire.client import Client, Refusal
from appliance.wire.messages import (
    AskStatus,
    Commit,
    Committed,
    Count,
    Counted,
    Done,
    Message,
    Plan,
    Planned,
    SetMember,
    Status,
    Step,
)


class Director:
    """The director, on two connections, so that a long commit does not keep questions waiting."""

    def __init__(self) -> None:
        self._changes = Client("director", timeout=120.0)
        self._questions = Client("director", timeout=15.0)

    async def status(self) -> Status:
        """Return its view."""
        return await self._questions.ask(AskStatus(), Status)

    async def counters(self) -> Counted:
        """Return every counter."""
        return await self._questions.ask(Count(), Counted)

    async def plan(self, document: dict[str, Any]) -> tuple[Step, ...]:
        """Return the steps that a document would take now."""
        return (await self._changes.ask(Plan(document=document), Planned)).steps

    async def commit(self, revision: int, digest: str, document: dict[str, Any]) -> Committed:
        """Make a revision the running one."""
        return await self._changes.ask(Commit(revision=revision, digest=digest, document=document), Committed)

    async def set_member(self, instance: str, pool: str, member: str, state: Administrative) -> None:
        """Say the operator's word on a member."""
        word = SetMember(instance=instance, pool=pool, member=member, state=state)
        await self._questions.ask(word, Done)

    async def running_document(self) -> Mapping[str, Any] | None:
        """Return the running document, or None from a director that cannot hand it over."""
        ask: type[Message] | None = getattr(messages, "AskRunning", None)
        answer: type[Message] | None = getattr(messages, "RunningDocument", None)
        if ask is None or answer is None:
            return None
        try:
            said: Any = await self._questions.ask(ask(), answer)  # type: ignore[arg-type]
        except Refusal:
            return None
        return dict(said.document)

    def close(self) -> None:
        """Drop the connections."""
        self._changes.close()
        self._questions.close()
