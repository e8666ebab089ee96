"""People: their roles and passwords."""

import asyncio
import re
import time
from typing import Annotated

from fastapi import APIRouter, Path, Request

from appliance.api import first_password
from appliance.api.answers import (
    Done,
    NewPassword,
    NewPerson,
    OneTimePassword,
    Person,
    Session,
    UserSettings,
)
from appliance.api.auth import Anyone, Keeper, Who, box_of
from appliance.api.box import Box
from appliance.api.errors import Trouble
from appliance.api.routes.sign_in import claim, note_failure
from appliance.fields import Name
from appliance.model.problems import Problem
from appliance.store import audit, secrets, sessions, users

router = APIRouter(prefix="/users", tags=["users"])

GOOD_FOR = 72 * 3600
"""Seconds for which a one-time password of another person is good."""
RESERVED = ("me", "jeoul", "director")
"""Names that stand for something else: oneself in addresses, and the box in the lists of revisions."""

COMMON = ("password", "passwort", "jeoul", "admin", "qwerty", "123456", "letmein", "welcome")
"""What guessers try first."""

Named = Annotated[Name, Path()]


@router.get("")
async def list_users(request: Request, who: Keeper) -> list[Person]:
    """Everybody."""
    return await asyncio.to_thread(_list, box_of(request))


@router.put("/me/password")
async def change_password(request: Request, who: Anyone, body: NewPassword) -> Session:
    """Choose a password; other sessions of the person end."""
    box = box_of(request)
    await claim(box, who.name, who.address)
    user = await asyncio.to_thread(_get, box, who.name)
    if not await box.passwords.verify(user.hash, body.old):
        await asyncio.to_thread(note_failure, box, who.name, who.address, "password refused")
        problem = Problem(path="/old", sentence="is not your password.")
        raise Trouble(422, "The old password is wrong.", problems=[problem])
    box.throttle.clear(who.name, who.address)
    problems = weak(body.new, body.old, who.name)
    if problems:
        raise Trouble(422, "The new password is not good enough.", "Three or four random words are.", problems=problems)
    hash = await box.passwords.hash(body.new)
    await asyncio.to_thread(_set_own, box, who, hash)
    if who.name == first_password.ADMIN:
        first_password.forget()
    return Session(user=who.name, role=who.role, must_change_password=False, expires=who.expires)


@router.put("/{name}")
async def set_user(request: Request, who: Keeper, name: Named, body: UserSettings) -> NewPerson:
    """Add a person, who gets a one-time password, or change a person's role."""
    box = box_of(request)
    if name in RESERVED:
        raise Trouble(422, f"The name {name} stands for something else.", "Choose another name.")
    password = secrets.one_time_password()
    hash = await box.passwords.hash(password)
    return await asyncio.to_thread(_put, box, who, name, body, password, hash)


@router.delete("/{name}")
async def remove_user(request: Request, who: Keeper, name: Named) -> Done:
    """Remove a person; the person's sessions end."""
    await asyncio.to_thread(_remove, box_of(request), who, name)
    return Done()


@router.post("/{name}/one-time-password")
async def reset_password(request: Request, who: Keeper, name: Named) -> OneTimePassword:
    """Make a new one-time password for a person, whose sessions end."""
    box = box_of(request)
    await asyncio.to_thread(_get, box, name)
    password = secrets.one_time_password()
    hash = await box.passwords.hash(password)
    until = await asyncio.to_thread(_reset, box, who, name, hash)
    return OneTimePassword(user=name, password=password, until=until)


def weak(new: str, old: str, name: str) -> list[Problem]:
    """Return what is wrong with a password that somebody chose."""
    found = []
    if len(new) < secrets.SHORTEST:
        found.append(Problem(path="/new", sentence=f"is shorter than {secrets.SHORTEST} characters."))
    if new == old:
        found.append(Problem(path="/new", sentence="is the old password."))
    if len(set(new)) < 5:
        found.append(Problem(path="/new", sentence="has fewer than 5 different characters."))
    common = "|".join(re.escape(word) for word in (name.lower(), *COMMON))
    if len(re.sub(f"{common}|[^\\w]|_", "", new.lower())) < 6:
        found.append(Problem(path="/new", sentence="is little more than a name or a common word."))
    return found


def _get(box: Box, name: str) -> users.User:
    with box.store.read() as connection:
        user = users.get(connection, name)
        known = [] if user else [one.name for one in users.listing(connection)]
    if user is None:
        raise Trouble(404, f"There is no user {name!r}.", f"Known: {', '.join(known)}.")
    return user


def _list(box: Box) -> list[Person]:
    with box.store.read() as connection:
        return [_person(user) for user in users.listing(connection)]


def _person(user: users.User) -> Person:
    return Person.model_validate(
        {
            "name": user.name,
            "role": user.role,
            "must_change_password": user.must_change_password,
            "created": user.created,
        }
    )


def _set_own(box: Box, who: Who, hash: str) -> None:
    with box.store.write() as connection:
        users.set_password(connection, who.name, hash, one_time=False)
        sessions.remove_all(connection, who.name, but=who.token_hash)
        audit.add(connection, time=time.time(), user=who.name, address=who.address, action="password changed")


def _put(box: Box, who: Who, name: str, settings: UserSettings, password: str, hash: str) -> NewPerson:
    now = time.time()
    with box.store.write() as connection:
        user = users.get(connection, name)
        if user is None:
            fresh = users.User(name, hash, settings.role, True, True, now + GOOD_FOR, now)
            users.add(connection, fresh)
            one_time = OneTimePassword(user=name, password=password, until=now + GOOD_FOR)
            action, answer = "user added", NewPerson(person=_person(fresh), one_time=one_time)
        else:
            if user.role == "admin" and settings.role != "admin" and users.count(connection, "admin") == 1:
                raise Trouble(409, f"{name} is the only admin.", "Make another person admin first.")
            users.set_role(connection, name, settings.role)
            person = _person(user).model_copy(update={"role": settings.role})
            action, answer = "role changed", NewPerson(person=person)
        detail = f"{name}: {settings.role}"
        audit.add(connection, time=now, user=who.name, address=who.address, action=action, detail=detail)
    return answer


def _remove(box: Box, who: Who, name: str) -> None:
    user = _get(box, name)
    with box.store.write() as connection:
        if user.role == "admin" and users.count(connection, "admin") == 1:
            raise Trouble(409, f"{name} is the only admin.", "Make another person admin first.")
        users.remove(connection, name)
        audit.add(connection, time=time.time(), user=who.name, address=who.address, action="user removed", detail=name)


def _reset(box: Box, who: Who, name: str, hash: str) -> float:
    now = time.time()
    with box.store.write() as connection:
        users.set_password(connection, name, hash, one_time=True, until=now + GOOD_FOR)
        sessions.remove_all(connection, name)
        audit.add(connection, time=now, user=who.name, address=who.address, action="one-time password", detail=name)
    return now + GOOD_FOR
