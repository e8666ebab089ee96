"""What the API asks of the director and the monitor process."""

from collections.abc import Mapping
from typing import Any

from appliance.model.signals import Administrative
from appliance.wire.client import Client
from appliance.wire.messages import (
    AskRunning,
    AskStatus,
    Commit,
    Committed,
    Count,
    Counted,
    Done,
    Plan,
    Planned,
    RunningDocument,
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

    async def running_document(self) -> Mapping[str, Any]:
        """Return the running document. Raises Refusal and Unreachable."""
        said = await self._questions.ask(AskRunning(), RunningDocument)
        return said.document

    def close(self) -> None:
        """Drop the connections."""
        self._changes.close()
        self._questions.close()
