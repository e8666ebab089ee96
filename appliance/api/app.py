"""The application: routes, walls, and the look-out for the director."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from appliance.api import errors, web
from appliance.api.answers import ErrorAnswer
from appliance.api.box import Box
from appliance.api.limits import Wall
from appliance.api.openapi import describe
from appliance.api.routes import ROUTERS, metrics
from appliance.api.routes.status import software

BASE = "/api/v1"
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorAnswer, "description": text}
    for code, text in {
        401: "Not signed in.",
        403: "Not allowed.",
        404: "No such thing.",
        412: "Somebody committed in between.",
        413: "Too large.",
        422: "There are problems.",
        503: "A part of the box does not answer.",
    }.items()
}


def make_app(box: Box | None) -> FastAPI:
    """Return the application on a box; without one it can only describe itself."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        if box is None:
            yield
            return
        look_out = asyncio.create_task(box.commits.look_out())
        try:
            yield
        finally:
            look_out.cancel()
            with suppress(asyncio.CancelledError):
                await look_out
            box.close()

    app = FastAPI(
        title="Jeoul",
        version=software(),
        description="The REST API of a Jeoul load balancer. Every error has one form: ErrorAnswer.",
        openapi_url=f"{BASE}/openapi.json",
        # The pages that explain an API would come from a foreign network.
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        responses=REFUSALS,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.box = box
    for router in ROUTERS:
        app.include_router(router, prefix=BASE)
    app.include_router(metrics.router)
    app.include_router(web.router)
    errors.install(app)
    app.add_middleware(Wall)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app
