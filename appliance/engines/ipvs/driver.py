"""Virtual services and destinations in the kernel's IPVS, over generic netlink."""

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence

from appliance.engines import _parameters
from appliance.engines._namespace import Kept, inside, instances
from appliance.engines.base import Counters, Driver, Refused, kind_of
from appliance.engines.ipvs import codec
from appliance.engines.ipvs.compiler import PARAMETERS
from appliance.engines.ipvs.rows import IpvsRow, MemberRow, ServiceRow
from appliance.table import Op, Path, Row

FOLDER = "net/ipv4/vs/"
WINDOW = 100
"""Requests sent before their answers are read: more would overrun the socket's buffer."""
BUFFER = 4 << 20
NETLINK_GENERIC = 16
"""linux/netlink.h; Python has no name for it."""

REASONS = {
    errno.ENOENT: "what it stands on is not there, or this kernel lacks the scheduler",
    errno.ESRCH: "its service is not there",
    errno.EEXIST: "it exists already",
    errno.EINVAL: "IPVS does not accept it",
    errno.ERANGE: "the weight or a limit is out of IPVS's range",
    errno.EPERM: "the programmer lacks the right to do it",
    errno.ENOMEM: "the kernel has no memory left for it",
    errno.ENOBUFS: "the kernel has no memory left for it",
    errno.EAFNOSUPPORT: "this kernel's IPVS lacks that IP version",
    errno.EPROTONOSUPPORT: "this kernel's IPVS lacks that protocol",
    errno.EOPNOTSUPP: "this kernel's IPVS cannot do it",
    errno.EBUSY: "IPVS is being stopped",
}
"""The kernel's errors in the operator's words."""

COMMANDS = {
    ("service", "make"): codec.NEW_SERVICE,
    ("service", "change"): codec.SET_SERVICE,
    ("service", "break"): codec.DEL_SERVICE,
    ("member", "make"): codec.NEW_DEST,
    ("member", "change"): codec.SET_DEST,
    ("member", "break"): codec.DEL_DEST,
}


class IpvsDriver(Driver):
    """One generic netlink socket in each instance's namespace, kept while the namespace lives."""

    def __init__(self) -> None:
        self._sockets = Kept(self._open)
        self._sequence = 0
        self._family_number = 0

    def observe(self) -> dict[Path, Row]:
        """Return parameters, services and destinations of every instance."""
        rows: dict[Path, Row] = {}
        try:
            for instance in instances():
                with inside(instance):
                    values = _parameters.read(FOLDER + name for name in PARAMETERS)
                parameters = {name.removeprefix(FOLDER): value for name, value in values.items()}
                if not parameters:
                    raise Refused("the kernel has no IPVS: the module ip_vs is not loaded")
                root = (instance, "ipvs")
                rows[root] = IpvsRow(parameters=parameters)
                for segment, row, _, members in self._dump(instance):
                    rows[(*root, segment)] = row
                    for name, member, _ in members:
                        rows[(*root, segment, name)] = member
        except OSError as error:
            raise Refused(f"IPVS cannot be read: {error}") from error
        return rows

    def apply(self, ops: Sequence[Op]) -> list[str | None]:
        """Take the steps in order, many in one message."""
        results: list[str | None] = []
        while len(results) < len(ops):
            instance, several = _run(ops, len(results))
            try:
                results.extend(self._several(instance, several))
            except OSError as error:
                reason = REASONS.get(error.errno or 0, str(error))
                # Nobody knows how far it came: all are said to be refused, and the loop asks the kernel.
                results.extend(reason for _ in several)
        return results

    def count(self) -> Counters:
        """Return connections, packets and bytes of services and members; bytes as on the wire without link headers."""
        counters: Counters = {}
        try:
            for instance in instances():
                for segment, _, counts, members in self._dump(instance):
                    counters[(instance, "ipvs", segment)] = counts
                    for name, _, own in members:
                        counters[(instance, "ipvs", segment, name)] = own
        except OSError as error:
            raise Refused(f"IPVS cannot be read: {error}") from error
        return counters

    # ----

    def _several(self, instance: str, ops: Sequence[Op]) -> list[str | None]:
        if kind_of(ops[0].path) == "ipvs":
            row = ops[0].new
            if isinstance(row, IpvsRow):
                with inside(instance):
                    _parameters.write({FOLDER + name: value for name, value in row.parameters.items()})
            return [None]  # IPVS itself goes with its namespace; there is nothing to break
        sock = self._sockets.get(instance)
        results: list[str | None] = []
        for start in range(0, len(ops), WINDOW):
            results.extend(self._window(sock, ops[start : start + WINDOW]))
        return results

    def _window(self, sock: socket.socket, ops: Sequence[Op]) -> list[str | None]:
        first = self._sequence + 1
        self._sequence += len(ops)
        sock.send(b"".join(self._request(op, first + index) for index, op in enumerate(ops)))
        errors: dict[int, int] = {}
        while len(errors) < len(ops):
            for kind, sequence, payload in codec.messages(sock.recv(BUFFER)):
                if kind == codec.NLMSG_ERROR and sequence >= first:
                    errors[sequence] = -struct.unpack_from("=i", payload)[0]
        codes = [errors[first + index] for index in range(len(ops))]
        return [REASONS.get(code, os.strerror(code)) if code else None for code in codes]

    def _request(self, op: Op, sequence: int) -> bytes:
        kind = kind_of(op.path)
        service_row = op.new if isinstance(op.new, ServiceRow) else None
        payload = codec.service(op.path[2], service_row)
        if kind == "member":
            payload += codec.member(op.path[3], op.new if isinstance(op.new, MemberRow) else None)
        return codec.message(self._family_number, COMMANDS[kind, op.verb], codec.NLM_F_ACK, sequence, payload)

    def _dump(
        self, instance: str
    ) -> Iterator[tuple[str, ServiceRow, dict[str, int], list[tuple[str, MemberRow, dict[str, int]]]]]:
        sock = self._sockets.get(instance)
        found = [codec.read_service(payload) for payload in self._ask(sock, codec.GET_SERVICE, b"")]
        for service in found:
            if service is None:
                continue
            segment, row, counters = service
            family = socket.AF_INET6 if "[" in segment else socket.AF_INET
            answers = self._ask(sock, codec.GET_DEST, codec.service(segment, None))
            yield segment, row, counters, [codec.read_member(payload, family) for payload in answers]

    def _ask(self, sock: socket.socket, command: int, payload: bytes) -> Iterable[bytes]:
        self._sequence += 1
        sock.send(codec.message(self._family_number, command, codec.NLM_F_DUMP, self._sequence, payload))
        answers: list[bytes] = []
        while True:
            for kind, sequence, body in codec.messages(sock.recv(BUFFER)):
                if sequence != self._sequence:
                    continue
                if kind == codec.NLMSG_DONE:
                    return answers
                if kind == codec.NLMSG_ERROR:
                    code = -struct.unpack_from("=i", body)[0]
                    if code in (errno.ESRCH, errno.ENOENT):
                        return answers  # the service went away between two questions
                    raise OSError(code, os.strerror(code))
                answers.append(body)

    def _open(self) -> socket.socket:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_GENERIC)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        sock.settimeout(30)
        sock.bind((0, 0))
        if not self._family_number:
            self._family_number = _family(sock)
        return sock


def _family(sock: socket.socket) -> int:
    """Return the number that the kernel gave to IPVS's messages. Raises OSError when it has none."""
    sock.send(codec.message(0x10, 3, codec.NLM_F_ACK, 1, codec.attribute(2, b"IPVS\0")))
    while True:
        for kind, _, payload in codec.messages(sock.recv(BUFFER)):
            if kind == codec.NLMSG_ERROR and (code := -struct.unpack_from("=i", payload)[0]):
                raise OSError(code, "the kernel has no IPVS: the module ip_vs is not loaded")
            if kind == 0x10:
                number = dict(codec.attributes(payload[4:]))[1]
                sock.recv(BUFFER)  # the acknowledgement
                return int(struct.unpack("=H", number)[0])


def _run(ops: Sequence[Op], start: int) -> tuple[str, Sequence[Op]]:
    """Return the instance and the longest run of steps from ``start`` that can go in one stream."""
    instance, parameters = ops[start].path[0], kind_of(ops[start].path) == "ipvs"
    end = start + 1
    while not parameters and end < len(ops) and ops[end].path[0] == instance and kind_of(ops[end].path) != "ipvs":
        end += 1
    return instance, ops[start:end]


def open_driver() -> Driver:
    """Return the driver."""
    return IpvsDriver()
