"""Errors that the user can put right, and pydantic's errors in words."""

from typing import Any

PROBLEMS_SHOWN = 20  # how many problems one message lists


class DeepALError(ValueError):
    """Something the user can put right. The message names the place and the remedy; the command
    line prints it without a traceback."""


class LabelsAwaited(DeepALError):
    """No failure: a run goes on when people have labelled. The message says what and where."""


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
