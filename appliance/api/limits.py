"""The outermost wall: how much a request may bring, and what every answer says to browsers."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.api.errors import as_trouble
from appliance.model.text import LARGEST

SMALL = 64 << 10
"""Bytes of a request that carries no part of the document; also before anybody is signed in."""
DOCUMENTS = re.compile(r"/api/v1/(config|system|ports|instances)(/|$)")
SECURITY = {
    # No inline scripts and nothing from elsewhere; PatternFly's styles carry small pictures as data.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # No Strict-Transport-Security: with the box's own certificate it would take away the way past the warning.
}


class Wall:
    """Counts a request's body while it comes, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = LARGEST if scope["method"] == "PUT" and DOCUMENTS.match(scope["path"]) else SMALL
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > largest:
                raise HTTPException(413)
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(("/api/", "/metrics", "/healthz")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > largest:
            await as_trouble(HTTPException(413)).response()(scope, receive, guarded)
            return
        await self.app(scope, counted, guarded)
