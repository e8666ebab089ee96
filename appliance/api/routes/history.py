"""What has passed: counters now, and samples over time."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from appliance.api.answers import CounterRow, HistoryAnswer, SeriesRow
from appliance.api.auth import Reader, box_of
from appliance.wire.messages import AskHistory, AskSeries, History, Series

router = APIRouter(tags=["status"])


@router.get("/counters")
async def get_counters(request: Request, who: Reader) -> list[CounterRow]:
    """Counters by path."""
    counted = await box_of(request).director.counters()
    return [CounterRow(path=path, counters=counters) for path, counters in counted.counters]


@router.get("/series")
async def get_series(request: Request, who: Reader) -> list[SeriesRow]:
    """Which series the history holds."""
    series = await box_of(request).monitor.ask(AskSeries(), Series)
    return [SeriesRow(path=path, metric=metric) for path, metric in series.series]


@router.get("/history")
async def get_history(
    request: Request,
    who: Reader,
    path: Annotated[list[str], Query(description="The series' path: one path= for each of its segments.")],
    metric: Annotated[str, Query(max_length=200)],
    start: Annotated[float, Query(description="Unix seconds of the oldest sample.")],
    step: Annotated[int, Query(ge=1, le=86400, description="Seconds that one sample stands for.")] = 1,
) -> HistoryAnswer:
    """Samples of one series, oldest first; a value is the mean of its step, of rates for counters."""
    ask = AskHistory(path=tuple(path), metric=metric, start=start, step=step)
    history = await box_of(request).monitor.ask(ask, History)
    return HistoryAnswer(samples=history.samples)
