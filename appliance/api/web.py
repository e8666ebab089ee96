"""The built web page, as files; its addresses are all the page's own, so an unknown one is answered with the page."""

import os
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

MISSING = """Jeoul, an open load-balancer appliance.

The web page is not installed on this box ({folder} holds no index.html).
The REST API is at /api/v1, its description at /api/v1/openapi.json, and the command line is `jeoul`.
"""
NOT_PAGES = ("api/", "metrics", "healthz")


def folder() -> Path:
    """Return where the built page is."""
    return Path(os.environ.get("JEOUL_WEBUI", "/usr/share/jeoul/webui"))


@router.get("/{path:path}")
def page(path: str) -> Response:
    """Return a file of the page, or the page itself."""
    if path.startswith(NOT_PAGES) or path == "api":
        raise HTTPException(404)
    root = folder().resolve()
    index = root / "index.html"
    if not index.is_file():
        return PlainTextResponse(MISSING.format(folder=root), 200 if not path else 404)
    # Resolved, so that neither dots nor links lead out of the folder.
    wanted = (root / path).resolve() if "\0" not in path else root
    if wanted.is_relative_to(root) and wanted.is_file() and wanted != index:
        # The names of built files carry their hash.
        lasting = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return FileResponse(wanted, headers={"Cache-Control": lasting})
    if path.startswith("assets/"):
        raise HTTPException(404)
    return FileResponse(index, headers={"Cache-Control": "no-cache"})
