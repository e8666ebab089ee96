"""The operator's word on single members: at once, kept over restarts, and no revision."""

import asyncio
import time

from fastapi import APIRouter, Request

from appliance.api import parts
from appliance.api.answers import MemberState
from appliance.api.auth import Changer, Who, box_of
from appliance.api.box import Box
from appliance.store import audit

router = APIRouter(prefix="/instances/{instance}/pools/{pool}/members/{member}", tags=["members"])


@router.put("/state")
async def set_member_state(
    request: Request, who: Changer, instance: str, pool: str, member: str, body: MemberState
) -> MemberState:
    """Enable a member, drain it (connections stay, new ones go elsewhere), or disable it."""
    box = box_of(request)
    head = await box.commits.need_head()
    parts.get(head.document, ["instances", instance, "pools", pool, "members", member])
    await box.director.set_member(instance, pool, member, body.state)
    await asyncio.to_thread(_note, box, who, f"{instance}/{pool}/{member}: {body.state}")
    return body


def _note(box: Box, who: Who, detail: str) -> None:
    with box.store.write() as connection:
        audit.add(
            connection, time=time.time(), user=who.name, address=who.address, action="member state", detail=detail
        )
