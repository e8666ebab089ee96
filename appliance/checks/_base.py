"""What every monitor has: when it runs, when it believes, and the way to the member."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.fields import Description, Duration

type OpenSocket = Callable[[int, int], socket.socket]
"""(address family, socket type) -> a non-blocking socket in the instance's namespace."""


class Target(BaseModel):
    """Whom to ask: a member's address and port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    port: int


class Answer(BaseModel):
    """What a good probe saw, in the operator's words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detail: str


class CheckFailed(Exception):
    """A probe that went wrong; its text says how, in the operator's words."""


class NotAsked(Exception):
    """The box itself could not ask, which says nothing of the member: its state stays; the text says why."""


class Check(BaseModel, ABC):
    """Settings that every monitor has; durations in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: Description = ""
    interval: Annotated[Duration, Field(ge=0.1, le=3600, description="Time between two probes of a member.")] = 5.0
    timeout: Annotated[Duration, Field(ge=0.05, le=300, description="Time that a probe may take.")] = 2.0
    rise: Annotated[int, Field(ge=1, le=100, strict=True, description="Good probes in a row until a member is up.")] = 2
    fall: Annotated[int, Field(ge=1, le=100, strict=True, description="Bad probes in a row until it is down.")] = 3
    jitter: Annotated[
        float,
        Field(
            ge=0,
            le=0.5,
            strict=True,
            allow_inf_nan=False,
            description="Part of the interval by which probes are spread, so that they do not march.",
        ),
    ] = 0.05

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.timeout > self.interval:
            raise ValueError("has a timeout longer than its interval, so probes would overlap")
        return self

    @abstractmethod
    async def probe(self, target: Target, open_socket: OpenSocket) -> Answer:
        """Ask the target once; the caller holds the time limit, and cancels.

        Raises CheckFailed with the reason, or NotAsked. Closes what it opened on every way out.
        """
