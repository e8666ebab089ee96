"""Problems: what is wrong with a document, where, and what to do about it."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """One fault: its place (``/instances/default/services/shop/port``), a sentence, and a remedy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    sentence: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.sentence}" + (f" {self.hint}" if self.hint else "")


class Invalid(ValueError):
    """A document with problems, all of them, in order of their paths."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.path, p.sentence, p.hint))
        super().__init__("; ".join(str(problem) for problem in self.problems))


def join(*parts: str | int) -> str:
    """Return the path of nested names, escaped as in JSON pointers (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split(path: str) -> list[str]:
    """Return the nested names of a path."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
