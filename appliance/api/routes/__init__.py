"""One file a resource."""

from fastapi import APIRouter

from appliance.api.routes import (
    audit,
    config,
    history,
    instances,
    members,
    objects,
    ports,
    revisions,
    sign_in,
    status,
    system,
    users,
)

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    users.router,
    config.router,
    system.router,
    ports.router,
    instances.router,
    *objects.ROUTERS,
    members.router,
    revisions.router,
    status.router,
    history.router,
    audit.router,
)
