"""The golden documents: where they are, and what is expected of each."""

import json
from collections.abc import Iterator
from pathlib import Path

from appliance.engines.registry import ENGINES
from appliance.model.config import Config
from appliance.model.document import read
from appliance.model.problems import Invalid
from appliance.model.signals import Signals, member_key
from appliance.table import Row, Table, Verb, diff, show

HERE = Path(__file__).parent
WRONG = sorted(path for path in (HERE / "wrong").iterdir() if path.suffix in (".yaml", ".json"))
RIGHT = sorted((HERE / "right").glob("*.yaml"))
EXAMPLE = HERE.parent.parent / "examples" / "first-service.yaml"
CHAIN = [EXAMPLE, *RIGHT]
"""Each right document is reached from the one before it."""
UNIT = "golden"
SIGNS: dict[Verb, str] = {"make": "+", "change": "~", "break": "-"}


def refusal(path: Path) -> str:
    """Return the problems of a wrong document, three lines each."""
    try:
        read(path.read_bytes())
    except Invalid as wrong:
        return "".join(
            f"{problem.path or '(the document)'}\n    {problem.sentence}\n"
            + (f"    -> {problem.hint}\n" if problem.hint else "")
            for problem in wrong.problems
        )
    return "(none: it was taken)\n"


def all_up(config: Config) -> Signals:
    """Return signals that say of every member that it is up."""
    return Signals(
        unit=UNIT,
        operational={
            member_key(instance, pool, member): "up"
            for instance, settings in config.instances.items()
            for pool, held in settings.pools.items()
            for member in held.members
        },
    )


def tables(config: Config) -> dict[str, Table]:
    """Return every engine's rows with all members up."""
    return {name: engine.compile(config, all_up(config)) for name, engine in ENGINES.items()}


def rows(config: Config) -> str:
    """Return every engine's rows as text, a line each."""
    return "".join(
        f"{engine}: {show(path)} {_values(table[path])}\n"
        for engine, table in tables(config).items()
        for path in sorted(table)
    )


def steps(before: Config, after: Config) -> str:
    """Return the steps from one document to another as text, a line each."""
    old, new = tables(before), tables(after)
    return "".join(f"{engine}: {line}\n" for engine in ENGINES for line in _steps(new[engine], old[engine]))


def _steps(desired: Table, observed: Table) -> Iterator[str]:
    for op in diff(desired, observed):
        now = "" if op.new is None else " " + _values(op.new)
        yield f"{SIGNS[op.verb]} {show(op.path)}{now}"


def _values(row: Row) -> str:
    plain = row.model_dump(mode="json")
    if "parameters" in plain:
        # They are the same in every document; the engine's own tests read them one by one.
        plain["parameters"] = [*sorted(plain["parameters"])[:1], "..."]
    return json.dumps(plain, ensure_ascii=False)


def expected() -> Iterator[tuple[Path, str]]:
    """Return each file of expectations with what it should hold now."""
    for path in WRONG:
        yield path.with_suffix(path.suffix + ".problems"), refusal(path)
    before = Config()
    for path in CHAIN:
        config = read(path.read_bytes())
        place = HERE / "right" / path.name
        yield place.with_suffix(".rows"), rows(config)
        yield place.with_suffix(".steps"), steps(before, config)
        before = config
