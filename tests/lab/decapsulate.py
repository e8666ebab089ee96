"""Unpacks IP-in-IP where the kernel cannot: raw sockets in, a TUN device out; nothing but the standard library."""

import fcntl
import os
import select
import socket
import struct
import subprocess

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x1, 0x1000
IPPROTO_IPIP, IPPROTO_IPV6 = 4, 41
DEVICE = "untun0"


def main() -> None:
    """Makes the device, says `ready`, and unpacks for ever."""
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", DEVICE, "up"], check=True)
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        for inner in (IPPROTO_IPIP, IPPROTO_IPV6):
            sock = socket.socket(family, socket.SOCK_RAW, inner)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sockets[sock.fileno()] = sock
            poll.register(sock, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for fd, _ in poll.poll():
            sock = sockets[fd]
            try:
                packet = sock.recv(65535)
            except BlockingIOError:
                continue
            # IPv4's raw sockets give the outer header too, IPv6's do not.
            outer = (packet[0] & 15) * 4 if sock.family == socket.AF_INET else 0
            os.write(tun, packet[outer:])


if __name__ == "__main__":
    main()
