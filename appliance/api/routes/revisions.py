"""Revisions: who changed what, when and why, and the way back."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from appliance.api.answers import Changed, Difference, Revision, RevisionDocument
from appliance.api.auth import Changer, Reader, box_of
from appliance.api.box import Box
from appliance.api.changes import With, commit
from appliance.api.errors import Trouble
from appliance.model.compare import changes
from appliance.store import revisions

router = APIRouter(prefix="/revisions", tags=["revisions"])


@router.get("")
async def list_revisions(
    request: Request,
    who: Reader,
    before: Annotated[int | None, Query(description="Only those below this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[Revision]:
    """Revisions, newest first."""
    await box_of(request).commits.need_head()
    return await asyncio.to_thread(_list, box_of(request), before, limit)


@router.get("/{number}")
async def get_revision(request: Request, who: Reader, number: int) -> RevisionDocument:
    """One revision with its document."""
    found, document = await asyncio.to_thread(_get, box_of(request), number)
    return RevisionDocument(**asdict(found), document=document)


@router.get("/{number}/diff")
async def diff_revisions(
    request: Request,
    who: Reader,
    number: int,
    to: Annotated[int | None, Query(description="The other revision; without it, what this one changed.")] = None,
) -> Difference:
    """The difference from this revision to another, or what this revision changed."""
    return await asyncio.to_thread(_diff, box_of(request), number, to)


@router.post("/{number}/rollback")
async def rollback(request: Request, response: Response, who: Changer, terms: With, number: int) -> Changed:
    """Make an older document the newest revision."""
    _, document = await asyncio.to_thread(_get, box_of(request), number)
    author = who.author(terms.comment or f"rollback to revision {number}")
    return await commit(request, response, terms, author, lambda _: document)


def _list(box: Box, before: int | None, limit: int) -> list[Revision]:
    with box.store.read() as connection:
        return [Revision(**asdict(one)) for one in revisions.listing(connection, before, limit)]


def _get(box: Box, number: int) -> tuple[revisions.Revision, dict[str, Any]]:
    with box.store.read() as connection:
        # SQLite's integers have 64 bits.
        found = revisions.get(connection, number) if 0 < number < 2**63 else None
        newest = revisions.head(connection)
        canonical = revisions.document(connection, number) if found else None
    if found is None:
        hint = f"The newest is {newest.number}." if newest else "There is none yet."
        raise Trouble(404, f"There is no revision {number}.", hint)
    if canonical is None:
        hint = "Who, when and why is kept; the oldest documents make room for new ones."
        raise Trouble(410, f"The document of revision {number} is not kept any more.", hint)
    return found, json.loads(canonical)


def _diff(box: Box, number: int, to: int | None) -> Difference:
    found, document = _get(box, number)
    if to is not None:
        return Difference(old=number, new=to, changes=tuple(changes(document, _get(box, to)[1])))
    before = {} if found.parent is None else _get(box, found.parent)[1]
    return Difference(old=found.parent, new=number, changes=tuple(changes(before, document)))
