"""From the document to rows of the engine ``system``."""

from appliance.engines.system.rows import HOSTNAME, Hostname
from appliance.model.config import Config
from appliance.model.signals import Signals
from appliance.table import Path, Row


def compile(config: Config, signals: Signals) -> dict[Path, Row]:
    """Return the rows of the box itself."""
    return {HOSTNAME: Hostname(name=config.system.hostname)}
