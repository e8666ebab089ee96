"""Changing the document: judged whole, planned, stored durably, and only then made the running one."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from appliance.api.answers import Changed
from appliance.api.director import Director
from appliance.api.errors import Trouble
from appliance.api.parts import Document
from appliance.model import document as documents
from appliance.model.compare import changes
from appliance.model.config import Config
from appliance.model.migrations import migrate
from appliance.store import audit, revisions
from appliance.store.database import Store
from appliance.store.errors import StoreError
from appliance.wire.client import Refusal, Unreachable
from appliance.wire.messages import Left, Status, Step

log = logging.getLogger(__name__)

STEPS_SHOWN = 1000
PAUSE = 3.0
"""Seconds between two looks at whether the director runs the newest revision."""

type Edit = Callable[[Document], Document]
type Move = Literal["nothing", "push", "import", "begin"]


@dataclass(frozen=True)
class Head:
    """The newest revision: its number, hash and document."""

    number: int
    digest: str
    document: Document


@dataclass(frozen=True)
class Author:
    """Who changes something, from where, and why."""

    name: str
    address: str
    comment: str = ""


def move(head: Head | None, running_is_known: bool, status: Status) -> Move:
    """Return what brings the database and the director together; what the box runs is never lost."""
    if status.source == "none":
        return "begin" if head is None else "push"
    if head is None:
        return "import"
    if (head.number, head.digest) == (status.revision, status.digest):
        return "nothing"
    return "push" if running_is_known or head.digest == status.digest else "import"


class Commits:
    """The one place where revisions are made; changes come one at a time."""

    def __init__(self, store: Store, director: Director) -> None:
        self.store, self.director = store, director
        self._notices: list[str] = []
        self._trouble = ""
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._head = self._load()
        self._running: tuple[int, str] | None = None

    # ---- what is there

    @property
    def head(self) -> Head | None:
        """The newest revision, or None before the director has said what it runs."""
        return self._head

    @property
    def notices(self) -> tuple[str, ...]:
        """What an operator should know: what happened since the start, and what keeps a revision from running."""
        return (*self._notices, self._trouble) if self._trouble else tuple(self._notices)

    def applied(self) -> bool:
        """Tell whether the director, when it last spoke, ran the newest revision."""
        return self._head is not None and self._running == (self._head.number, self._head.digest)

    async def need_head(self) -> Head:
        """Return the newest revision; a fresh database learns it from the director. Raises Trouble or Unreachable."""
        if self._head is None:
            async with self._turn:
                await self._join()
        if self._head is None:
            raise Trouble(
                503,
                "The database was lost, and the running document is not known here.",
                "Traffic goes on. Put a whole document with PUT /api/v1/config to manage the box again.",
            )
        return self._head

    # ---- changes

    async def change(
        self, edit: Edit, author: Author, *, expected: str | None, dry_run: bool, whole: bool = False
    ) -> Changed:
        """Change the document and return what that did. ``whole``: the edit does not look at the old document.

        Raises Invalid, Unknown, Unreachable, Refusal, StoreError and Trouble; in each case nothing was stored.
        """
        async with self._turn:
            if self._head is None:
                await self._join()
            head = self._head
            if head is None and not whole:
                raise Trouble(503, "The newest revision is not known yet.", "Put a whole document, or try again.")
            old: Document = {} if head is None else head.document
            await self._expect(expected, head)
            canonical = await asyncio.to_thread(_judge, edit, old)
            document: Document = json.loads(canonical)
            found = tuple(await asyncio.to_thread(changes, old, document))
            digest = hashlib.sha256(canonical).hexdigest()
            if head is not None and digest == head.digest:
                return self._answer(head.number, digest, (), (), (), applied=self.applied())
            steps = await self.director.plan(document)
            if dry_run:
                return self._answer(head.number if head else 0, digest, found, steps, (), applied=False)
            first = 1 if head is not None else (await self.director.status()).revision + 1
            fresh = await self._insert(canonical, document, author, first)
            return await self._commit(fresh, found, steps)

    async def _expect(self, expected: str | None, head: Head | None) -> None:
        if expected is None or (head is not None and expected == head.digest):
            return
        base = await asyncio.to_thread(self._document_with, expected)
        found = changes(base, head.document) if base is not None and head is not None else []
        raise Trouble(
            412,
            "Somebody committed in between.",
            "Look at the difference, then make your change on the newest revision.",
            changes=found,
            headers={"ETag": f'"{head.digest}"'} if head else None,
        )

    async def _insert(self, canonical: bytes, document: Document, author: Author, first: int = 1) -> Head:
        revision = await asyncio.to_thread(self._store, canonical, author, first)
        self._head = Head(revision.number, revision.digest, document)
        log.info("revision %d by %s: %s", revision.number, author.name, author.comment or "no comment")
        return self._head

    async def _commit(self, head: Head, found: tuple[Any, ...], planned: tuple[Step, ...]) -> Changed:
        try:
            done = await self.director.commit(head.number, head.digest, head.document)
        except (Unreachable, Refusal) as error:
            # It is stored, so it will be run: the look-out pushes it as soon as the director takes it.
            log.warning("revision %d is stored and not applied yet: %s", head.number, error)
            self._wake.set()
            note = f"It is stored and will be applied: {error}."
            return self._answer(head.number, head.digest, found, planned, (), applied=False, note=note)
        self._running = (done.revision, done.digest)
        return self._answer(head.number, head.digest, found, done.steps, done.left, applied=True, total=len(planned))

    def _answer(
        self,
        number: int,
        digest: str,
        found: tuple[Any, ...],
        steps: tuple[Step, ...],
        left: tuple[Left, ...],
        *,
        applied: bool,
        note: str = "",
        total: int = 0,
    ) -> Changed:
        return Changed(
            revision=number,
            digest=digest,
            changes=found,
            steps=steps[:STEPS_SHOWN],
            steps_total=max(total, len(steps)),
            left=left,
            applied=applied,
            note=note,
        )

    # ---- bringing the database and the director together

    async def look_out(self) -> None:
        """Hand the newest revision to a director that does not run it, until cancelled."""
        while True:
            self._wake.clear()
            try:
                async with self._turn:
                    await self._join()
                self._trouble = ""
            except Unreachable as error:
                self._trouble = f"The director cannot be reached: {error}."
            except (Refusal, StoreError) as error:
                if self._trouble != str(error):
                    log.error("%s", error)
                self._trouble = str(error)
            except Exception as error:
                log.exception("looking after the director failed")
                self._trouble = f"The newest revision cannot be handed to the director: {error}"
            try:
                async with asyncio.timeout(PAUSE):
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(PAUSE / 6)

    async def _join(self) -> None:
        status = await self.director.status()
        self._running = (status.revision, status.digest)
        known = await asyncio.to_thread(self._is_known, status.revision, status.digest)
        match move(self._head, known, status):
            case "import":
                await self._import(status)
            case "begin":
                config = Config()
                author = Author("jeoul", "", "first start")
                await self._insert(config.canonical(), config.model_dump(mode="json"), author)
        head = self._head
        if head is not None and self._running != (head.number, head.digest):
            head = await self._renew(head)
            log.info("handing revision %d to the director, which runs %d", head.number, status.revision)
            done = await self.director.commit(head.number, head.digest, head.document)
            self._running = (done.revision, done.digest)

    async def _renew(self, head: Head) -> Head:
        # Newer software may write out more defaults, and the director takes only what has the hash of its own spelling.
        config = Config.model_validate(migrate(dict(head.document)))
        if config.digest() == head.digest:
            return head
        author = Author("jeoul", "", f"revision {head.number} as this software writes it")
        return await self._insert(config.canonical(), config.model_dump(mode="json"), author)

    async def _import(self, status: Status) -> None:
        document = await self.director.running_document()
        # Judged by nobody: it runs already, and the hash says that it is what runs.
        config = Config.model_validate(document)
        comment = f"the running revision {status.revision}, found at start"
        await self._insert(
            config.canonical(), config.model_dump(mode="json"), Author("director", "", comment), status.revision
        )
        self.notice(f"The database did not know the running revision {status.revision}; it was taken over.")

    def notice(self, text: str) -> None:
        """Tell the operator something, until this process ends."""
        if text not in self._notices:
            log.warning("%s", text)
            self._notices.append(text)

    # ---- the store, from threads

    def _load(self) -> Head | None:
        with self.store.read() as connection:
            newest = revisions.head(connection)
            canonical = revisions.document(connection, newest.number) if newest else None
        if newest is None or canonical is None:
            return None
        return Head(newest.number, newest.digest, json.loads(canonical))

    def _store(self, canonical: bytes, author: Author, first: int) -> revisions.Revision:
        now = time.time()
        with self.store.write() as connection:
            revision = revisions.insert(
                connection, author=author.name, time=now, comment=author.comment, canonical=canonical, first=first
            )
            detail = f"revision {revision.number}: {author.comment or 'no comment'}"
            audit.add(connection, time=now, user=author.name, address=author.address, action="commit", detail=detail)
        return revision

    def _is_known(self, number: int, digest: str) -> bool:
        with self.store.read() as connection:
            revision = revisions.get(connection, number)
        return revision is not None and revision.digest == digest

    def _document_with(self, digest: str) -> Document | None:
        with self.store.read() as connection:
            revision = revisions.with_digest(connection, digest)
            canonical = revisions.document(connection, revision.number) if revision else None
        return None if canonical is None else dict(json.loads(canonical))


def _judge(edit: Edit, old: Document) -> bytes:
    return documents.check(edit(old)).canonical()
