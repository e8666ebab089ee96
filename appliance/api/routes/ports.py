"""The box's data ports."""

from fastapi import APIRouter, Request, Response

from appliance.api import parts
from appliance.api.answers import Changed
from appliance.api.auth import Changer, Reader
from appliance.api.changes import With, body_of, commit, head_for, takes
from appliance.model.config import PortSettings

router = APIRouter(prefix="/ports", tags=["document"])


@router.get("", response_model=dict[str, PortSettings])
async def list_ports(request: Request, response: Response, who: Reader) -> object:
    """Every port, by device name."""
    return (await head_for(request, response)).document["ports"]


@router.get("/{name}", response_model=PortSettings)
async def get_port(request: Request, response: Response, who: Reader, name: str) -> object:
    """One port."""
    return parts.get((await head_for(request, response)).document, ["ports", name])


@router.put("/{name}", openapi_extra=takes("PortSettings"))
async def put_port(request: Request, response: Response, who: Changer, terms: With, name: str) -> Changed:
    """Add or replace a port."""
    body = await body_of(request)
    author = who.author(terms.comment or f"port {name}")
    return await commit(request, response, terms, author, lambda document: parts.put(document, ["ports", name], body))


@router.delete("/{name}")
async def delete_port(request: Request, response: Response, who: Changer, terms: With, name: str) -> Changed:
    """Remove a port."""
    author = who.author(terms.comment or f"port {name} removed")
    return await commit(request, response, terms, author, lambda document: parts.drop(document, ["ports", name]))
