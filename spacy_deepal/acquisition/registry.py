"""The registry of acquisition functions: `BALD:samples=20` for people, a block in a config."""

import json
from typing import Any

from spacy.util import registry

from ..errors import DeepALError
from .functions import AcquisitionFunction

NAME = "@acquisition"
OURS = "spacy_deepal.", ".v1"  # what surrounds the short name of a function of this package


def acquisition_name(name: str) -> str:
    """RETURNS (str): The full name of a registered acquisition function.

    name (str): Its full name, or the short one of a function of this package: "MNLP" for
        "spacy_deepal.MNLP.v1".
    RAISES (DeepALError): The name is unknown. Those that there are are listed.
    """
    names = sorted(registry.acquisition.get_all())  # type: ignore[attr-defined]  # see __init__
    full = name if name in names else name.join(OURS)
    if full not in names:
        raise DeepALError(
            f"There is no acquisition function {name!r}. Registered: {', '.join(names)}. Name the "
            "file of your own function with --code."
        )
    return full


def acquisition_block(text: str) -> dict[str, Any]:
    """RETURNS (dict): A function and its arguments as in [active_learning.acquisition].

    text (str): A name as for `acquisition_name`. Arguments follow after a colon: "BALD:samples=20".
    RAISES (DeepALError): The name is unknown, or the function does not take the arguments.
    """
    name, _, arguments = text.partition(":")
    block: dict[str, Any] = {NAME: acquisition_name(name)}
    for argument in filter(None, arguments.split(",")):
        key, _, value = argument.partition("=")
        if not (key and value):
            raise DeepALError(
                f"{text}: {argument!r} is not an argument with a value. Write BALD:samples=20, and "
                "a comma between two arguments."
            )
        try:
            block[key] = json.loads(value)
        except ValueError:  # a word without quotes
            block[key] = value
    if len(block) > 1:  # a config may give the arguments that are not given here
        resolve_acquisition(block, text)
    return block


def make_acquisition(text: str) -> AcquisitionFunction:
    """Make the function of an `acquisition_block`: "MNLP", "BALD:samples=20"."""
    return resolve_acquisition(acquisition_block(text), text)


def resolve_acquisition(block: dict[str, Any], text: str) -> AcquisitionFunction:
    """RETURNS (AcquisitionFunction): The function of a block.

    RAISES (DeepALError): It does not take the arguments. The message begins with the text.
    """
    try:
        return registry.resolve({"acquisition": block})["acquisition"]
    except ValueError as error:
        raise DeepALError(f"{text}: {str(error).strip()}") from error


def short_name(name: str) -> str:
    """RETURNS (str): The short name of a function of this package, "MNLP" for
    "spacy_deepal.MNLP.v1"; the full name of any other function."""
    short = name.removeprefix(OURS[0]).removesuffix(OURS[1])
    return short if short.join(OURS) == name else name


def acquisition_label(block: dict[str, Any]) -> str:
    """RETURNS (str): The text from which `acquisition_block` makes a block, with the arguments in
    alphabetical order."""
    arguments = (
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in sorted(block.items())
        if key != NAME
    )
    return ":".join(filter(None, (short_name(block[NAME]), ",".join(arguments))))
