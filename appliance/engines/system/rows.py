"""Rows of the engine ``system``: ``(box, "hostname")``."""

from appliance.table import BOX, Row

HOSTNAME = (BOX, "hostname")


class Hostname(Row):
    """The box's host name, as the kernel holds it."""

    name: str


ROWS: dict[str, type[Row]] = {"hostname": Hostname}
