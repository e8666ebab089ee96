"""Power cuts: QEMU is killed at random moments during commits; each boot must forward by a committed revision."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.images.appliance import Appliance
from tests.lab.client import spread
from tests.lab.hosts import Lab
from tests.lab.site import SERVERS, document, vip
from tools.rest import RestError


def texts() -> Iterator[str]:
    """Yield documents that differ in their weights, for ever."""
    turn = 0
    while True:
        turn += 1
        yield document({"s1": 1 + turn % 7, "s2": 1 + turn % 5, "s3": 1 + turn % 3}, interval="2s")


def cut_and_boot(image: Path, folder: Path, cuts: int, seed: int) -> list[str]:
    """Cut the power ``cuts`` times; return a line for each. Raises AssertionError where a boot is not as promised."""
    chance = random.Random(seed)
    lines = []
    with Lab() as lab, Appliance(lab, image, folder) as appliance:
        appliance.first_boot()
        appliance.rest.put_config(document(interval="2s"))
        appliance.rest.wait_all_up()
        for number in range(1, cuts + 1):
            reboot = number % 5 == 0
            answered, sent = _commit_until(appliance, chance.uniform(0.2, 6.0), reboot=reboot)
            began = time.monotonic()
            appliance.boot_again()
            appliance.rest.wait_all_up(timeout=300)
            took = time.monotonic() - began
            status = appliance.rest.ask("GET", "/status")
            known = {revision["digest"] for revision in appliance.rest.ask("GET", "/revisions")}
            assert status["source"] == "running", status["source"]
            assert status["digest"] == status["head_digest"]
            assert status["digest"] in known
            assert answered <= status["revision"] <= sent, (answered, status["revision"], sent)
            seen = spread(appliance.site.client, f"http://{vip('nat', 4)}/", 120, concurrency=10, timeout=20)
            assert set(seen) == set(SERVERS), seen
            kind = "reboot" if reboot else "power cut"
            lines.append(
                f"{number:3} {kind:9} answered {answered:4} running {status['revision']:4} forwards after {took:5.1f} s"
            )
            print(lines[-1], flush=True)
    return lines


def _commit_until(appliance: Appliance, after: float, *, reboot: bool) -> tuple[int, int]:
    """Commit revisions until the power goes; return the last one that was answered, and the last that may be stored."""
    revisions = [int(appliance.rest.ask("GET", "/status")["revision"])]
    gone = threading.Event()

    def commit() -> None:
        for text in texts():
            if gone.is_set():
                return
            try:
                revisions.append(int(appliance.rest.put_config(text)["revision"]))
            except (RestError, httpx.TransportError):
                return

    committing = threading.Thread(target=commit)
    committing.start()
    time.sleep(after)
    if reboot:
        appliance.machine.stop()
    else:
        appliance.machine.kill()
    gone.set()
    committing.join()
    return revisions[-1], revisions[-1] + 1
