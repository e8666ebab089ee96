"""Virtual instances."""

from fastapi import APIRouter, Request, Response

from appliance.api import parts
from appliance.api.auth import Reader
from appliance.api.changes import head_for
from appliance.model.config import Instance

router = APIRouter(prefix="/instances", tags=["document"])


@router.get("", response_model=dict[str, Instance])
async def list_instances(request: Request, response: Response, who: Reader) -> object:
    """Every instance, by name."""
    return (await head_for(request, response)).document["instances"]


@router.get("/{instance}", response_model=Instance)
async def get_instance(request: Request, response: Response, who: Reader, instance: str) -> object:
    """One instance."""
    return parts.get((await head_for(request, response)).document, ["instances", instance])
