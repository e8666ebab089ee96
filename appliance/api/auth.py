"""Who asks: the session behind a cookie or a bearer token, and whether its person may do this."""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from appliance.api.box import Box
from appliance.api.commits import Author
from appliance.api.errors import Trouble
from appliance.api.roles import Right, Role, may, needed
from appliance.store import sessions, users
from appliance.store.database import Store
from appliance.store.secrets import hash_token

COOKIE = "jeoul_session"
GUARD = "x-jeoul"
"""Header that a foreign page cannot send with the session cookie."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Who:
    """The person behind a request, and the session."""

    name: str
    role: Role
    must_change_password: bool
    token_hash: str
    expires: float
    address: str

    def author(self, comment: str = "") -> Author:
        """Return the person as the author of a change."""
        return Author(self.name, self.address, comment)


def box_of(request: Request) -> Box:
    """Return the application's box."""
    return cast(Box, request.app.state.box)


def address_of(request: Request) -> str:
    """Return where a request comes from, IPv4 written as IPv4."""
    host = request.client.host if request.client else ""
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


async def signed_in(request: Request) -> Who:
    """Return who asks, also with a one-time password. Raises Trouble 401 or 403."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    by_cookie = scheme.lower() != "bearer"
    token = request.cookies.get(COOKIE, "") if by_cookie else bearer.strip()
    found = await asyncio.to_thread(_look_up, box_of(request).store, token) if token else None
    if found is None:
        hint = "Sign in with POST /api/v1/login."
        raise Trouble(401, "You are not signed in.", hint, headers={"WWW-Authenticate": "Bearer"})
    if by_cookie and request.method not in SAFE and request.headers.get(GUARD) != "1":
        raise Trouble(403, "The request does not come from Jeoul's own page.", "Send the header X-Jeoul: 1.")
    session, user = found
    return Who(
        user.name, cast(Role, user.role), user.must_change_password, session.token_hash, session.expires,
        address_of(request),
    )  # fmt: skip


def allow(right: Right) -> Callable[[Who], Awaitable[Who]]:
    """Return a dependency that lets only those pass who have a right."""

    async def check(who: Annotated[Who, Depends(signed_in)]) -> Who:
        if who.must_change_password:
            hint = "Choose your own with PUT /api/v1/users/me/password; everything else is open after that."
            raise Trouble(403, "This password was made for signing in once.", hint)
        if not may(who.role, right):
            roles = " or ".join(needed(right))
            raise Trouble(403, f"Your role {who.role} may not do this.", f"It needs the role {roles}.")
        return who

    return check


Reader = Annotated[Who, Depends(allow("read"))]
Changer = Annotated[Who, Depends(allow("change"))]
Keeper = Annotated[Who, Depends(allow("people"))]
Anyone = Annotated[Who, Depends(signed_in)]


def _look_up(store: Store, token: str) -> tuple[sessions.Session, users.User] | None:
    now, hash = time.time(), hash_token(token)
    with store.read() as connection:
        session = sessions.get(connection, hash)
        user = users.get(connection, session.user) if session else None
    if session is None or user is None or not session.alive(now):
        return None
    if now - session.last_seen > sessions.SEEN_STEP:
        with store.write() as connection:
            sessions.seen(connection, hash, now)
    return session, user
