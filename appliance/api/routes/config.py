"""The whole document."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from appliance.api.answers import Changed
from appliance.api.auth import Changer, Reader
from appliance.api.changes import With, body_of, commit, head_for, takes
from appliance.model.config import Config
from appliance.model.document import write_yaml
from appliance.model.problems import Invalid, Problem

router = APIRouter(tags=["document"])

Form = Annotated[Literal["json", "yaml"], Query(description="yaml: for people, without what is left at its default.")]
YAML = {200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}}


@router.get("/config", response_model=Config, responses=YAML)  # type: ignore[arg-type]
async def get_config(request: Request, response: Response, who: Reader, format: Form = "json") -> object:
    """The newest revision's document; its hash is in the header ETag."""
    head = await head_for(request, response)
    if format == "json":
        return head.document
    text = await asyncio.to_thread(lambda: write_yaml(Config.model_validate(head.document)))
    return Response(text, media_type="application/yaml", headers=dict(response.headers))


@router.put("/config", openapi_extra=takes("Config"))
async def put_config(request: Request, response: Response, who: Changer, terms: With) -> Changed:
    """Replace the whole document."""
    body = await body_of(request)
    if not isinstance(body, dict):
        hint = "Start with 'version: 1' and 'instances:'."
        raise Invalid([Problem(path="", sentence="is not a document.", hint=hint)])
    return await commit(request, response, terms, who.author(terms.comment), lambda _: body, whole=True)
