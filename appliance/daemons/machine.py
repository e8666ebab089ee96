"""The machine as the director sees it: the programmer, asked over its socket."""

from collections.abc import Sequence

from appliance.engines.base import Counters, Engine
from appliance.reconcile.loop import Unobservable
from appliance.table import Op, Path, Row
from appliance.wire.client import Client, Refusal, Unreachable
from appliance.wire.messages import Applied, Apply, Count, Counted, Observe, Observed, Step


class Programmer:
    """The three verbs over the wire; two connections, so that counting never waits for a long commit's turn."""

    def __init__(self) -> None:
        self._work = Client("programmer", timeout=120.0)
        self._counts = Client("programmer", timeout=10.0)
        self.alive = False

    async def observe(self, engine: Engine) -> dict[Path, Row]:
        """Return an engine's rows. Raises Unobservable."""
        try:
            answer = await self._work.ask(Observe(engine=engine.name), Observed)
            self.alive = True
            return {path: engine.row(path, row) for path, row in answer.rows}
        except Unreachable as error:
            self.alive = False
            raise Unobservable(str(error)) from error
        except (Refusal, ValueError, KeyError) as error:
            raise Unobservable(f"the machine could not be read: {error}") from error

    async def apply(self, engine: Engine, ops: Sequence[Op]) -> list[str | None]:
        """Take steps. Raises Unobservable when it is unknown how far they came."""
        request = Apply(engine=engine.name, steps=tuple(Step.of(engine.name, op) for op in ops))
        try:
            answer = await self._work.ask(request, Applied)
            self.alive = True
        except Unreachable as error:
            self.alive = False
            raise Unobservable(str(error)) from error
        except Refusal as error:
            raise Unobservable(str(error)) from error
        return list(answer.results)

    async def count(self, engine: Engine) -> Counters:
        """Return an engine's counters, none while the programmer is away."""
        try:
            answer = await self._counts.ask(Count(engine=engine.name), Counted)
        except (Unreachable, Refusal):
            return {}
        return dict(answer.counters)
