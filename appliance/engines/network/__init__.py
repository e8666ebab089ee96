"""network: the box's ports, and each instance's namespace with its interfaces, addresses and routes."""

from appliance.engines.base import Engine
from appliance.engines.network.compiler import compile
from appliance.engines.network.rows import ROWS

ENGINE = Engine(name="network", needs=("system",), rows=ROWS, compile=compile)
