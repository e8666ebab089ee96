"""The audit trail."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request

from appliance.api.answers import AuditEntry
from appliance.api.auth import Keeper, box_of
from appliance.api.box import Box
from appliance.store import audit

router = APIRouter(tags=["users"])


@router.get("/audit")
async def get_audit(
    request: Request,
    who: Keeper,
    before: Annotated[int | None, Query(description="Only those below this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AuditEntry]:
    """Who did what, when and from where; newest first."""
    return await asyncio.to_thread(_list, box_of(request), before, limit)


def _list(box: Box, before: int | None, limit: int) -> list[AuditEntry]:
    with box.store.read() as connection:
        return [AuditEntry(**asdict(entry)) for entry in audit.listing(connection, before, limit)]
