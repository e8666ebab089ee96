"""The box itself."""

from fastapi import APIRouter, Request, Response

from appliance.api import parts
from appliance.api.answers import Changed
from appliance.api.auth import Changer, Reader
from appliance.api.changes import With, body_of, commit, head_for, takes
from appliance.model.config import System

router = APIRouter(tags=["document"])


@router.get("/system", response_model=System)
async def get_system(request: Request, response: Response, who: Reader) -> object:
    """The box's own settings."""
    return (await head_for(request, response)).document["system"]


@router.put("/system", openapi_extra=takes("System"))
async def put_system(request: Request, response: Response, who: Changer, terms: With) -> Changed:
    """Replace the box's own settings."""
    body = await body_of(request)
    author = who.author(terms.comment)
    return await commit(request, response, terms, author, lambda document: parts.put(document, ["system"], body))
