"""system: the box itself. So far its host name."""

from appliance.engines.base import Engine
from appliance.engines.system.compiler import compile
from appliance.engines.system.rows import ROWS

ENGINE = Engine(name="system", needs=(), rows=ROWS, compile=compile)
