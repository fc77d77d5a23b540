"""The registry of acquisition functions: `BALD:samples=20` for people, a block in a config."""

import json
from collections.abc import Iterator
from typing import Any

from spacy.util import registry

from ..errors import DeepALError
from .functions import AcquisitionFunction

NAME = "@acquisition"
OURS = "spacy_deepal.", ".v1"  # what surrounds the short name of a function of this package


def acquisition_block(text: str) -> dict[str, Any]:
    """RETURNS (dict): A function and its arguments as in [active_learning.acquisition].

    text (str): The name of a registered function, or the short one of a function of this package:
        "MNLP" for "spacy_deepal.MNLP.v1". Arguments follow after a colon: "BALD:samples=20".
    RAISES (DeepALError): The name is unknown, or the function does not take the arguments.
    """
    name, _, arguments = text.partition(":")
    names = sorted(registry.acquisition.get_all())  # type: ignore[attr-defined]  # see __init__
    full = name if name in names else name.join(OURS)
    if full not in names:
        raise DeepALError(
            f"There is no acquisition function {name!r}. Registered: {', '.join(names)}. Name the "
            "file of your own function with --code."
        )
    block: dict[str, Any] = {NAME: full}
    block |= _arguments(text, arguments)
    if len(block) > 1:  # a config may give the arguments that are not given here
        resolve_acquisition(block)
    return block


def _arguments(text: str, arguments: str) -> Iterator[tuple[str, Any]]:
    """YIELDS (tuple): The names and values of arguments: JSON, or a word without quotes."""
    while arguments:
        key, _, rest = arguments.partition("=")
        try:
            value, end = json.JSONDecoder().raw_decode(rest)
            is_json = rest[end : end + 1] in ("", ",")
        except ValueError:
            is_json = False
        if not is_json:
            value, end = (word := rest.partition(",")[0]), len(word)
        if not end or not key.isidentifier():
            argument = arguments.partition(",")[0]
            raise DeepALError(
                f"{text}: {argument!r} is not an argument with a value. Write BALD:samples=20, and "
                "a comma between two arguments."
            )
        yield key, value
        arguments = rest[end + 1 :]


def make_acquisition(text: str) -> AcquisitionFunction:
    """Make the function of an `acquisition_block`: "MNLP", "BALD:samples=20"."""
    return resolve_acquisition(acquisition_block(text))


def resolve_acquisition(block: dict[str, Any]) -> AcquisitionFunction:
    """RETURNS (AcquisitionFunction): The function of an `acquisition_block`.

    RAISES (DeepALError): It is not registered, or does not take these arguments.
    """
    try:
        return registry.resolve({"acquisition": block})["acquisition"]
    except ValueError as error:
        label, problem = acquisition_label(block), " ".join(str(error).split())
        raise DeepALError(f"Correct the acquisition function {label}: {problem}") from error


def acquisition_label(block: dict[str, Any]) -> str:
    """RETURNS (str): The text from which `acquisition_block` makes a block: the short name if it
    has one, and the arguments in alphabetical order."""
    name = block[NAME]
    short = name.removeprefix(OURS[0]).removesuffix(OURS[1])
    arguments = (f"{key}={_shown(block[key])}" for key in sorted(block.keys() - {NAME}))
    parts = short if short.join(OURS) == name else name, ",".join(arguments)
    return ":".join(filter(None, parts))


def _shown(value: Any) -> str:
    """RETURNS (str): A value as `_arguments` reads it."""
    if isinstance(value, str) and value and "," not in value:
        try:
            json.loads(value)
        except ValueError:
            return value
    return json.dumps(value)
