"""Network namespaces with a name, and threads and processes that live in them."""

import ctypes
import functools
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

NAMES = Path("/run/netns")  # where iproute2 keeps them, so `ip -n NAME` works by hand
MS_REC, MS_SHARED = 0x4000, 0x100000
MS_BIND = 0x1000
MNT_DETACH = 2
# Ties a process to this one for life; the shell looks whether we had died before the tie held.
TIED = ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"']
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A new network namespace, gone again after `close`, with every process that was started in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = NAMES / name
        self._processes: list[subprocess.Popen[bytes]] = []
        _in_new_thread(lambda: _create(self.path))
        # Threads stay in the namespace for life: what they open belongs to it, without a process being started.
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix=name, initializer=self._enter)

    def _enter(self) -> None:
        with self.path.open() as namespace:
            os.setns(namespace.fileno(), os.CLONE_NEWNET)

    def submit[**P, R](self, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Starts the function in a thread inside the namespace."""
        return self._threads.submit(func, *args, **kwargs)

    def call[**P, R](self, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs the function in a thread inside the namespace and returns what it returns."""
        return self.submit(func, *args, **kwargs).result()

    def popen(
        self,
        command: Sequence[str],
        *,
        stdin: int | None = subprocess.DEVNULL,
        stdout: int | None = None,
        stderr: int | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Starts a process inside the namespace; it dies with the namespace or with this process."""

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [*TIED, str(os.getpid()), *command],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=env,
                pass_fds=pass_fds,
                bufsize=0,
            )

        process = self.call(start)
        self._processes = [p for p in self._processes if p.returncode is None] + [process]
        return process

    def run(
        self, command: Sequence[str], *, text: str = "", check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command inside the namespace, with `text` as its input; a failure shows what it said."""
        pipe = subprocess.PIPE
        process = self.popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            out, err = process.communicate(text.encode(), timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        done = subprocess.CompletedProcess(list(command), process.returncode, out.decode(), err.decode())
        if check and done.returncode:
            raise RuntimeError(
                f"{self.name}: {' '.join(command)}: exit {done.returncode}\n{text}{done.stdout}{done.stderr}"
            )
        return done

    def ip(self, *lines: str) -> None:
        """Runs `ip` once for all the lines; the first that fails raises."""
        self.run(["ip", "-batch", "-"], text="\n".join(lines) + "\n")

    def sysctl(self, **values: int | str) -> None:
        """Sets values below /proc/sys/net: `sysctl(ipv4__ip_forward=1)`, with __ for a slash."""

        def write() -> None:
            for key, value in values.items():
                Path("/proc/sys/net", key.replace("__", "/")).write_text(str(value))

        self.call(write)

    def close(self) -> None:
        """Ends what runs inside and removes the namespace; calling it twice is harmless."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        self._processes = []
        self._threads.shutdown(wait=True, cancel_futures=True)
        remove(self.path)


def remove(path: Path) -> None:
    """Takes the namespace's name away; the kernel takes the rest when nothing uses it any more."""
    if path.exists():
        _libc.umount2(os.fsencode(path), MNT_DETACH)
        path.unlink()


def _create(path: Path) -> None:
    _prepare_names()
    path.touch(exist_ok=False)
    os.unshare(os.CLONE_NEWNET)
    try:
        _mount(b"/proc/thread-self/ns/net", path, MS_BIND)
    except OSError:
        path.unlink()
        raise


@functools.cache
def _prepare_names() -> None:
    """Makes the folder of names a shared mount of its own, as `ip netns` and the appliance do.

    Were it done later, names made before could not be taken away; were it done twice, mounts would multiply.
    """
    NAMES.mkdir(parents=True, exist_ok=True)
    # Not is_mount(): a folder bound to itself is on the same device as its parent.
    mounted = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    if str(NAMES) not in mounted:
        _mount(os.fsencode(NAMES), NAMES, MS_BIND | MS_REC)
        _mount(b"", NAMES, MS_SHARED | MS_REC)


def _mount(source: bytes, target: Path, flags: int) -> None:
    if _libc.mount(source, os.fsencode(target), b"none", flags, None):
        error = ctypes.get_errno()
        raise OSError(error, f"cannot name network namespaces: {os.strerror(error)}", str(target))


def _in_new_thread(func: Callable[[], None]) -> None:
    """Runs the function in a thread that ends with it: a thread that left our namespace must not be used again."""
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            func()
        except BaseException as problem:
            failed.append(problem)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
