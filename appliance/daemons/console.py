"""console: says on the box's own screen where the management page is, and while it is unused, the first password."""

import ipaddress
import socket
import time

import psutil

from appliance.api import first_password
from appliance.model.validate import MANAGEMENT

PORT = 443
PATIENCE = 30.0
"""Seconds to wait for an address."""
BANNER = "Jeoul load balancer"


def addresses(device: str = MANAGEMENT) -> list[str]:
    """Return the addresses of the management port, IPv4 first, as they stand in a URL; link-local ones last."""
    found = []
    for entry in psutil.net_if_addrs().get(device, []):
        if entry.family in (socket.AF_INET, socket.AF_INET6):
            parsed = ipaddress.ip_address(entry.address.partition("%")[0])
            found.append((parsed.is_link_local, parsed.version, str(parsed)))
    # Browsers take no link-local IPv6 address: it needs a zone.
    usable = [one for one in sorted(found) if not (one[0] and one[1] == 6)]
    return [f"[{text}]" if version == 6 else text for _, version, text in usable]


def password() -> str:
    """Return the first password, empty once it is used."""
    try:
        return first_password.place().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def screen(places: list[str], secret: str) -> str:
    """Return what the screen says; the line for programs stands by itself."""
    lines = ["", BANNER]
    if not places:
        lines.append(f"The management port ({MANAGEMENT}) has no address yet; it asks for one by DHCP.")
    lines.extend(f"Management page: https://{place}/" for place in places)
    if secret:
        lines.append(f"First sign-in: user {first_password.ADMIN}, one-time password {secret}")
        where = places[0] if places else "ADDRESS"
        user = first_password.ADMIN
        lines.append(f"JEOUL first sign-in: https://{where}:{PORT} user={user} one-time-password={secret}")
    return "\n".join([*lines, ""])


def main() -> None:
    """Say it once, after waiting for the first address: at boot DHCP takes a while."""
    end = time.monotonic() + PATIENCE
    while not addresses() and time.monotonic() < end:
        time.sleep(0.5)
    print(screen(addresses(), password()), flush=True)


if __name__ == "__main__":
    main()
