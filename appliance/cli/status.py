"""jeoul status: how the box is."""

from appliance.cli import show
from appliance.cli.client import connect


def status(json: show.Json = False) -> None:
    """Show the running revision, what is left to do, drift, and every member."""
    found = connect().ask("GET", "/status").json()
    if json:
        show.as_json(found)
        return
    running = f"revision {found['revision']}" if found["revision"] else "nothing yet"
    settled = "settled" if found["settled"] else "not settled"
    show.say(f"Running {running}, committed {show.when(found['committed_at'])}; {settled}.")
    if not found["applied"]:
        show.say(f"The newest revision {found['head_revision']} is not running yet.")
    if found["source"] == "previous":
        show.say("ALARM: the running revision could not be read at start; this is the one before.")
    for process in ("programmer", "checker"):
        if not found[process]:
            show.say(f"ALARM: the process {process} does not answer.")
    for notice in found["notices"]:
        show.say(f"NOTICE: {notice}")
    for left in found["left"]:
        show.say(f"left: {left['verb']} {' / '.join(left['path'])}: {left['reason']} ({left['tries']} tries)")
    if found["drift_total"]:
        show.say(f"Mended {found['drift_total']} steps of drift; the last {show.when(found['drift'][-1]['at'])}.")
    rows = []
    for key, member in found["members"].items():
        said = "; ".join(f"{one['monitor']}: {one['detail']}" for one in member["verdicts"])
        rows.append([*key.split("/", 2), member["operational"], member["administrative"], said])
    show.table(["instance", "pool", "member", "monitors say", "operator says", "evidence"], rows, "No members yet.")
