"""Signing in and out."""

import asyncio
import time

from fastapi import APIRouter, Request, Response

from appliance.api.answers import Done, Login, Session, SignedIn
from appliance.api.auth import COOKIE, Anyone, Who, address_of, box_of
from appliance.api.box import Box
from appliance.api.errors import Trouble
from appliance.store import audit, secrets, sessions, users

router = APIRouter(tags=["session"])

LIFETIME, IDLE = 12 * 3600, 2 * 3600
"""Seconds of a session, and without a request; a program may ask for another lifetime and is then never idle."""


@router.post("/login")
async def login(request: Request, response: Response, body: Login) -> SignedIn:
    """Sign in; the token is also set as a cookie for the web page."""
    box, address = box_of(request), address_of(request)
    await claim(box, body.user, address)
    user = await asyncio.to_thread(_user, box, body.user)
    good = await box.passwords.verify(user.hash if user else None, body.password)
    late = user is not None and user.one_time_until is not None and time.time() > user.one_time_until
    if user is None or not good or late:
        await asyncio.to_thread(note_failure, box, body.user, address, "login failed")
        raise Trouble(401, "User or password is wrong.", "After some wrong tries each next one has to wait.")
    box.throttle.clear(body.user, address)
    token, lifetime = secrets.new_token(), body.lifetime or LIFETIME
    session = await asyncio.to_thread(_begin, box, user, token, lifetime, body.lifetime is None, address)
    response.set_cookie(COOKIE, token, max_age=lifetime, path="/", secure=True, httponly=True, samesite="strict")
    return SignedIn(
        token=token,
        user=user.name,
        role=user.role,
        must_change_password=user.must_change_password,
        expires=session.expires,
    )


@router.post("/logout")
async def logout(request: Request, response: Response, who: Anyone) -> Done:
    """End this session."""
    await asyncio.to_thread(_end, box_of(request), who)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return Done()


@router.get("/session")
async def session(who: Anyone) -> Session:
    """Who am I?"""
    return Session(user=who.name, role=who.role, must_change_password=who.must_change_password, expires=who.expires)


async def claim(box: Box, user: str, address: str) -> None:
    """Count a try with a password. Raises Trouble 429 while the next has to wait."""
    wait = box.throttle.claim(user, address)
    if wait > 0:
        seconds = int(wait) + 1
        hint = f"Try again in {seconds} s."
        raise Trouble(429, "Too many wrong passwords.", hint, headers={"Retry-After": str(seconds)})


def note_failure(box: Box, user: str, address: str, action: str) -> None:
    """Write a wrong password into the audit trail; of many in a row only some, so that they do not push it out."""
    count = box.throttle.failures("", address)
    if count <= 16 or count & (count - 1) == 0:
        detail = f"{count} wrong tries from there in a row" if count > 1 else ""
        with box.store.write() as connection:
            audit.add(connection, time=time.time(), user=user, address=address, action=action, detail=detail)


def _user(box: Box, name: str) -> users.User | None:
    with box.store.read() as connection:
        return users.get(connection, name)


def _begin(box: Box, user: users.User, token: str, lifetime: int, browser: bool, address: str) -> sessions.Session:
    now = time.time()
    idle = IDLE if browser else None
    session = sessions.Session(secrets.hash_token(token), user.name, now, now + lifetime, idle, now, address)
    with box.store.write() as connection:
        sessions.add(connection, session)
        audit.add(connection, time=now, user=user.name, address=address, action="login")
    return session


def _end(box: Box, who: Who) -> None:
    with box.store.write() as connection:
        sessions.remove(connection, who.token_hash)
        audit.add(connection, time=time.time(), user=who.name, address=who.address, action="logout")
