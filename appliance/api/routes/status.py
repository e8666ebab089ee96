"""How the box is."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Request

from appliance.api.answers import Status
from appliance.api.auth import Reader, box_of

router = APIRouter(tags=["status"])


@router.get("/status")
async def get_status(request: Request, who: Reader) -> Status:
    """The running revision, what is left to do, drift, and every member's state with its evidence."""
    box = box_of(request)
    status = await box.director.status()
    head = box.commits.head
    return Status(
        **dict(status),
        head_revision=head.number if head else 0,
        head_digest=head.digest if head else "",
        applied=head is not None and (head.number, head.digest) == (status.revision, status.digest),
        notices=box.commits.notices,
        software=software(),
    )


def software() -> str:
    """Return the version of this software."""
    try:
        return version("jeoul")
    except PackageNotFoundError:
        return "unpacked"
