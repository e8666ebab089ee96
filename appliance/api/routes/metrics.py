"""For machines that watch: Prometheus, and whoever asks whether this process lives."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from appliance.api.auth import Reader, box_of
from appliance.api.box import Box
from appliance.api.metrics import render
from appliance.wire.client import Refusal, Unreachable
from appliance.wire.messages import AskSeries, Counted, Series, Status

router = APIRouter(tags=["status"])


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(request: Request, who: Reader) -> Response:
    """Everything for Prometheus; it signs in with a bearer token of a viewer."""
    box = box_of(request)
    status, counted, monitor = await asyncio.gather(_status(box), _counters(box), _monitor(box))
    document = box.commits.head.document if box.commits.head else None
    text = await asyncio.to_thread(render, status, counted, monitor, document)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get("/healthz", response_class=PlainTextResponse)
async def get_healthz() -> str:
    """Alive; no details, since nobody is asked who they are."""
    return "alive\n"


async def _status(box: Box) -> Status | None:
    try:
        return await box.director.status()
    except (Unreachable, Refusal):
        return None


async def _counters(box: Box) -> Counted | None:
    try:
        return await box.director.counters()
    except (Unreachable, Refusal):
        return None


async def _monitor(box: Box) -> bool:
    try:
        await box.monitor.ask(AskSeries(), Series)
    except (Unreachable, Refusal):
        return False
    return True
