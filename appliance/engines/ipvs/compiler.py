"""From the document and the signals to rows of the engine ``ipvs``."""

from appliance.engines.ipvs.rows import IpvsRow, MemberRow, ServiceRow, member_path, service_path
from appliance.model.config import Config, Member, Pool
from appliance.model.signals import Signals, member_key
from appliance.table import Path, Row

PARAMETERS = {
    # Packets of connections to a member that is gone free the connection, so the client is balanced anew or reset
    # at once; without it they vanish until the client gives up.
    "expire_nodest_conn": "1",
    # A client port that is used again is a new connection: it is scheduled, and not sent to a member that has left.
    "conn_reuse_mode": "1",
    # dr and tun see half of a conversation; the state of both halves is right only when connections start here.
    "sloppy_tcp": "0",
}


def compile(config: Config, signals: Signals) -> dict[Path, Row]:
    """Return the rows of all services; members that must get no traffic are not in them."""
    rows: dict[Path, Row] = {}
    for name, instance in config.instances.items():
        rows[(name, "ipvs")] = IpvsRow(parameters=PARAMETERS)
        for service in instance.services.values():
            if not service.enabled:
                continue
            path = service_path(name, service.protocol, service.address, service.port)
            rows[path] = ServiceRow(scheduler=service.scheduler)
            pool = instance.pools[service.pool]
            for key, member in pool.members.items():
                weight = weight_of(member, pool, member_key(name, service.pool, key), signals)
                if weight is not None:
                    row = MemberRow(forwarding=service.forwarding, weight=weight)
                    rows[member_path(path, member.address, member.port)] = row
    return rows


def weight_of(member: Member, pool: Pool, key: str, signals: Signals) -> int | None:
    """Return the weight of a member in the kernel now, or None where it must not be there at all."""
    administrative = signals.administrative.get(key, "enabled")
    operational = signals.operational.get(key, "unknown") if pool.monitors else "up"
    if administrative == "disabled" or operational in ("unknown", "down"):
        return None
    return 0 if administrative == "draining" else member.weight
