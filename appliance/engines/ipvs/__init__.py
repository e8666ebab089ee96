"""ipvs: virtual services and their destinations in the kernel's IPVS."""

from appliance.engines.base import Engine
from appliance.engines.ipvs.compiler import compile
from appliance.engines.ipvs.rows import ROWS

ENGINE = Engine(name="ipvs", needs=("network",), rows=ROWS, compile=compile)
