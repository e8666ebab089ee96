"""The image boots, by BIOS after a power cut in its first boot, and by UEFI on the same disk; what holds then.

The tests of this file share a machine and run in order: each boot takes a minute or more under TCG.
"""

import json
import re

import pytest

from images.qemu import Machine

pytestmark = pytest.mark.image

_UP = "systemctl is-system-running --wait; udevadm settle --timeout=300; systemctl --failed --no-legend --plain"
# A boot takes a minute under TCG on a quiet machine, eight on one whose two cores do ten other things.
_PATIENCE = 1200.0


def _ask(machine: Machine, command: str) -> str:
    code, output = machine.run(command)
    assert code == 0, f"{command}: {output}"
    return output


@pytest.fixture(scope="module")
def cut(machine: Machine) -> Machine:
    """The machine after its first boot was cut while the initrd and systemd were at work."""
    machine.start()
    machine.wait_for_serial("slot A is read")
    # Any moment from the kernel's first lines to the first writes on the data partition will do.
    with pytest.raises(Exception, match="did not say"):
        machine.wait_for_serial("login:", timeout=15)
    machine.kill()
    return machine


@pytest.fixture(scope="module")
def bios(cut: Machine) -> Machine:
    """The machine, up by legacy BIOS."""
    return cut.start()


@pytest.fixture(scope="module")
def identity(bios: Machine) -> str:
    """The machine's identity as the BIOS boot saw it."""
    return _ask(bios, "cat /etc/machine-id").strip()


@pytest.fixture(scope="module")
def uefi(bios: Machine, identity: str) -> Machine:
    """The same disk in a machine with UEFI, after an orderly stop."""
    bios.stop()
    return bios.start(firmware="uefi")


def test_boots_by_bios_after_a_power_cut_without_a_failed_unit(bios: Machine) -> None:
    """Nothing failed and nothing waits."""
    assert bios.run(_UP, timeout=_PATIENCE) == (0, "running\n")


def test_root_is_read_only(bios: Machine) -> None:
    """The running system cannot be changed, by anybody."""
    assert _ask(bios, "findmnt -n -o FSTYPE /").strip() == "squashfs"
    code, output = bios.run("touch /usr/changed /etc/changed")
    assert code == 1
    assert output.count("Read-only file system") == 2


def test_data_partition_grew_to_the_disk(bios: Machine) -> None:
    """An image of 3 GB on a disk of 8 gives all the rest to /var."""
    found = json.loads(_ask(bios, "findmnt --json --bytes -o FSTYPE,SIZE,OPTIONS /var"))["filesystems"][0]
    assert found["fstype"] == "ext4"
    assert int(found["size"]) > 5_000_000_000
    assert {"rw", "nosuid", "nodev"} <= set(found["options"].split(","))


def test_ports_are_named_in_pci_order_and_left_alone(bios: Machine) -> None:
    """The first card is the management port; data ports are down, without address, nobody's but the programmer's."""
    links = {link["ifname"]: link for link in json.loads(_ask(bios, "ip -json address"))}
    assert {"mgmt", "port1", "port2"} <= set(links)
    assert links["mgmt"]["addr_info"], "the management port has no address"
    for number, name in enumerate(("mgmt", "port1", "port2")):
        assert links[name]["address"] == f"52:54:00:4a:65:{number:02x}"
    for name in ("port1", "port2"):
        assert links[name]["operstate"] == "DOWN"
        assert links[name]["addr_info"] == []
    assert re.search(r"port1 +ether +\S+ +unmanaged", _ask(bios, "networkctl --no-legend --no-pager"))


def test_only_the_manager_listens(bios: Machine) -> None:
    """HTTPS on the management port; DHCP's client; the box's own resolver on the loopback."""
    sockets = {tuple(line.split()[index] for index in (0, 4)) for line in _ask(bios, "ss -Hltun").splitlines()}
    outside = {(kind, address) for kind, address in sockets if not re.match(r"(127\.|\[::1\])", address)}
    strange = {item for item in outside if not re.search(r"^tcp .*:443$|^udp .*%mgmt:(68|546)$", " ".join(item))}
    assert strange == set()


def test_kernel_has_the_data_plane(bios: Machine) -> None:
    """IPVS with its schedulers, tunnels and macvlan are loaded before anything asks for them."""
    loaded = set(_ask(bios, "cut -d' ' -f1 /proc/modules").split())
    schedulers = {f"ip_vs_{name}" for name in ("rr", "wrr", "lc", "wlc", "sh", "mh")}
    assert {"ip_vs", "ipip", "ip6_tunnel", "macvlan", *schedulers} <= loaded


def test_python_starts_from_byte_code(bios: Machine) -> None:
    """Compiling at every start would cost each process seconds, and a read-only root keeps no result."""
    ours = "/opt/jeoul/lib/python3*/site-packages"
    _ask(bios, f"ls /usr/lib/python3*/__pycache__/argparse.*.pyc {ours}/pydantic/__pycache__/main.*.pyc")
    _ask(bios, f"ls {ours}/appliance/__pycache__/table.*.pyc")


def test_the_image_has_no_way_in_for_tests(bios: Machine) -> None:
    """The channel that these tests use came from QEMU; root has no password."""
    code, _ = bios.run("grep -rl jeoul.test /usr/lib/systemd /etc /opt /usr/lib/jeoul")
    assert code == 1
    assert _ask(bios, "grep '^root:' /etc/shadow").split(":")[1] in ("*", "!*", "!")


def test_slot_is_marked_good(bios: Machine) -> None:
    """GRUB counted the tries (two: one was cut); the appliance took the count back."""
    _ask(bios, "systemctl is-active multi-user.target")
    block = _ask(
        bios,
        "mkdir -p /run/esp; mount -o ro /dev/disk/by-partlabel/jeoul-esp /run/esp; cat /run/esp/grub/grubenv",
    )
    assert "\nA_OK=1\n" in block
    assert "\nA_TRY=0\n" in block


def test_boots_by_uefi_and_is_the_same_machine(uefi: Machine, identity: str) -> None:
    """Machine identity and port names live on the data partition, whatever firmware starts the box."""
    assert re.fullmatch("[0-9a-f]{32}", identity)
    assert uefi.run(_UP, timeout=_PATIENCE) == (0, "running\n")
    assert _ask(uefi, "cat /etc/machine-id").strip() == identity
    assert _ask(uefi, "test -d /sys/firmware/efi && cat /var/lib/jeoul-box/nics").split()[0::3] == [
        "mgmt",
        "port1",
        "port2",
    ]
