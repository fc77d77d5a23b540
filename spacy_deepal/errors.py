"""Errors that the user can put right, and pydantic's errors in words."""

from collections.abc import Sequence
from typing import Any
from unicodedata import category

CONTROLS = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # categories of characters that are not printed
KEPT = "What is finished is kept. To go on, give the same command again."
ANEW = "To begin anew, give the same command again."
NO_MEMORY = ("can't allocate memory", "out of memory")  # in torch's errors
PROBLEMS_SHOWN = 20  # how many problems one message lists


class DeepALError(ValueError):
    """Something the user can put right. The message names the place and the remedy; the command
    line prints it without a traceback."""


class Unsettled(DeepALError):
    """A batch cannot be labelled now, but may be later without a new start: an answer contradicts
    another one, or a server is down."""


class LabelsAwaited(Unsettled):
    """No failure: a run goes on when people have labelled. The message says what and where.

    answered, total (int): The sentences that are labelled, and those of the batch.
    batch (str): Which batch it is: the folder of its round.
    """

    def __init__(self, message: str, answered: int, total: int, batch: object) -> None:
        super().__init__(message)
        self.answered, self.total, self.batch = answered, total, str(batch)


def describe_error(error: Any) -> str:
    """RETURNS (str): One of pydantic's `ValidationError.errors()` in words: the key, its value, and
    what it must be."""
    place = ".".join(str(part) for part in error["loc"]) or "the value"
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"{place} is unknown"
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    value = "" if isinstance(error["input"], dict) else f" = {error['input']!r}"[:80]
    return f"{place}{value}: {message.strip()}"


def list_problems(problems: Sequence[str], most: int = PROBLEMS_SHOWN) -> str:
    """RETURNS (str): The first of some problems, a line for each, to stand below a message; and how
    many more there are. most (int): How many are shown."""
    lines = [f"\n- {problem}" for problem in problems[:most]]
    if rest := problems[most:]:
        lines.append(f"\n… and {len(rest):,} more")
    return "".join(lines)


def plural(count: int, noun: str) -> str:
    """RETURNS (str): A number of things: "1 sentence", "1,200 sentences", "2 entities"."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"


def count_waiting(waiting: int, total: int) -> str:
    """RETURNS (str): How many sentences of a batch people have to label, and that they have to."""
    count = plural(total, "sentence")
    count = count if waiting == total else f"{waiting:,} of the {count}"
    return f"{count} {'waits' if waiting == 1 else 'wait'} to be labelled"


def describe_failure(error: Exception, how_on: str = KEPT) -> str:
    """RETURNS (str): What stopped a command, in words for the user; empty for a fault of ours.

    how_on (str): What becomes of what the command has done: KEPT or ANEW.
    """
    if isinstance(error, DeepALError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}. {how_on}"
    if isinstance(error, MemoryError) or any(text in str(error) for text in NO_MEMORY):
        return f"There is not enough memory. {how_on} Make batches or models smaller, if it recurs."
    return ""


def printable(text: str) -> str:
    """RETURNS (str): A text without what a terminal would obey: escapes, and marks that change the
    direction of writing, are spelled out. Line ends stay."""
    return "".join(
        ascii(char)[1:-1] if category(char) in CONTROLS and char != "\n" else char for char in text
    )
