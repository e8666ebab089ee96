"""Every fault leaves as one form: an error, a hint, and problems by place."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from appliance.api.answers import ErrorAnswer
from appliance.api.parts import Unknown
from appliance.model.compare import Change
from appliance.model.problems import Invalid, Problem, join
from appliance.model.translate import STRANGE, TABLE, Words, shown
from appliance.store.errors import StoreCorrupt, StoreError, StoreFull
from appliance.wire.client import Refusal, Unreachable

log = logging.getLogger(__name__)

WORDS: Mapping[int, tuple[str, str]] = {
    404: ("There is nothing at this address.", "The addresses are listed in /api/v1/openapi.json."),
    405: ("This address does not take that method.", "The methods are listed in /api/v1/openapi.json."),
    413: ("The request is too large.", "A document may have 16 MiB, everything else 64 KiB."),
}
"""Status -> sentence and hint for what the framework refuses by itself."""


WORDS_OF_FORMS: Mapping[str, Words] = {
    "int_parsing": lambda found: (f"{shown(found['input'])} is not a whole number.", ""),
    "float_parsing": lambda found: (f"{shown(found['input'])} is not a number.", ""),
    "bool_parsing": lambda found: (f"{shown(found['input'])} is neither true nor false.", ""),
    "int_parsing_size": lambda found: (f"{shown(found['input'])} is too large a number.", ""),
    "extra_forbidden": lambda found: ("is not known here.", "The description is at /api/v1/openapi.json."),
    "dict_type": lambda found: ("is not a JSON object.", "Send Content-Type: application/json."),
    "model_attributes_type": lambda found: ("is not a JSON object.", "Send Content-Type: application/json."),
}
"""pydantic's error type -> words, for what stands in a request and never in a document."""


class Trouble(Exception):
    """A refusal: status, sentence, hint."""

    def __init__(
        self,
        status: int,
        error: str,
        hint: str = "",
        *,
        problems: Sequence[Problem] = (),
        changes: Sequence[Change] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.headers = status, headers
        self.answer = ErrorAnswer(error=error, hint=hint, problems=tuple(problems), changes=tuple(changes))
        super().__init__(error)

    def response(self) -> JSONResponse:
        """Return it as it goes to the client."""
        return JSONResponse(self.answer.model_dump(mode="json"), self.status, headers=dict(self.headers or {}))


def request_problems(errors: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return what is wrong with a request's own fields, in the words that documents use."""
    found = []
    for detail in errors:
        where, *rest = detail["loc"] or ("body",)
        path = join(*rest) if where == "body" else f"{where}:{rest[0]}" if rest else str(where)
        context = detail.get("ctx", {})
        if detail["type"] == "json_invalid":
            path, sentence, hint = "", f"is not readable JSON: {context.get('error', 'it ends too early')}.", ""
        else:
            sentence, hint = WORDS_OF_FORMS.get(detail["type"], TABLE.get(detail["type"], STRANGE))(detail)
        found.append(Problem(path=path, sentence=sentence, hint=hint))
    return found


def as_trouble(error: Exception) -> Trouble:
    """Return any fault as a refusal."""
    match error:
        case Trouble():
            return error
        case Invalid():
            count = len(error.problems)
            said = "The document has a problem." if count == 1 else f"The document has {count} problems."
            return Trouble(422, said, "Nothing was changed. Mend them and send it again.", problems=error.problems)
        case Unknown():
            return Trouble(404, str(error), error.hint)
        case RequestValidationError():
            problems = request_problems(error.errors())
            return Trouble(422, "The request has problems.", "Nothing was changed.", problems=problems)
        case Unreachable():
            hint = "Nothing was changed. It may be starting again; try in a moment. Traffic goes on meanwhile."
            return Trouble(503, f"A part of the box cannot be reached: {error}.", hint, headers={"Retry-After": "3"})
        case Refusal():
            status = 422 if error.failed.problems else 503
            hint = "Nothing was changed."
            return Trouble(status, f"The director refused: {error}.", hint, problems=error.failed.problems)
        case StoreFull():
            return Trouble(507, str(error), "Nothing was stored and nothing was changed.")
        case StoreError():
            return Trouble(503, str(error), "Nothing was stored and nothing was changed.")
        case HTTPException():
            sentence, hint = WORDS.get(error.status_code, (f"{HTTPStatus(error.status_code).phrase}.", ""))
            return Trouble(error.status_code, sentence, hint, headers=error.headers)
        case _:
            return Trouble(
                500, "There is a fault in Jeoul itself.", "The log of jeoul-api says more; please report it."
            )


def install(app: FastAPI) -> None:
    """Make every fault of the application leave in the one form."""

    async def handle(request: Request, error: Exception) -> JSONResponse:
        trouble = as_trouble(error)
        if trouble.status == 500:
            log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        elif isinstance(error, StoreError):
            log.error("%s %s: %s", request.method, request.url.path, error)
        if isinstance(error, StoreCorrupt):
            request.app.state.box.fail(str(error))
        return trouble.response()

    for kind in (Trouble, Invalid, Unknown, RequestValidationError, Unreachable, Refusal, StoreError, HTTPException):
        app.add_exception_handler(kind, handle)
    app.add_exception_handler(Exception, handle)
