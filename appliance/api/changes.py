"""What every change of the document takes and answers."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response

from appliance.api.answers import Changed, Comment
from appliance.api.auth import box_of
from appliance.api.commits import Author, Edit, Head
from appliance.model.document import parse


class Terms:
    """The terms of a change: try only, why, and on which document it builds."""

    def __init__(
        self,
        dry_run: Annotated[bool, Query(description="Return the difference and the steps, and change nothing.")] = False,
        comment: Annotated[Comment, Query(description="Why, for the list of revisions.")] = "",
        if_match: Annotated[
            str | None,
            Header(description="Hash of the document that the change builds on; 412 when there is a newer one."),
        ] = None,
    ) -> None:
        self.dry_run, self.comment = dry_run, comment
        self.expected = None if if_match in (None, "", "*") else str(if_match).removeprefix("W/").strip('" ')


With = Annotated[Terms, Depends()]


async def commit(
    request: Request, response: Response, terms: Terms, author: Author, edit: Edit, *, whole: bool = False
) -> Changed:
    """Make a change under its terms and return what it did, with the new hash as ETag."""
    commits = box_of(request).commits
    done = await commits.change(edit, author, expected=terms.expected, dry_run=terms.dry_run, whole=whole)
    if commits.head is not None:
        stamp(response, commits.head)
    return done


async def head_for(request: Request, response: Response) -> Head:
    """Return the newest revision and stamp the answer with its hash."""
    head = await box_of(request).commits.need_head()
    stamp(response, head)
    return head


def stamp(response: Response, head: Head) -> None:
    """Write the revision's hash and number into the answer's headers."""
    response.headers["ETag"] = f'"{head.digest}"'
    response.headers["X-Jeoul-Revision"] = str(head.number)


async def body_of(request: Request) -> Any:
    """Return the body, JSON or YAML. Raises Invalid."""
    return parse(await request.body())


def takes(model: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body that is a part of the document."""
    schema = {"schema": {"$ref": f"#/components/schemas/{model}Input"}}
    return {"requestBody": {"required": True, "content": {"application/json": schema, "application/yaml": schema}}}
