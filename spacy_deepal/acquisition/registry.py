"""How an acquisition function is called: `BALD:samples=20` by people, a block in a config."""

import json
from typing import Any

from spacy.util import registry

from ..errors import DeepALError
from .functions import AcquisitionFunction

NAME = "@acquisition"
OURS = "spacy_deepal.", ".v1"  # around the short name of one of this package's functions


def acquisition_name(name: str) -> str:
    """RETURNS (str): The full name of a registered acquisition function.

    name (str): Its full name, or this package's short one: "MNLP" for "spacy_deepal.MNLP.v1".
    RAISES (DeepALError): For an unknown name, with those there are.
    """
    names = sorted(registry.acquisition.get_all())
    full = name if name in names else name.join(OURS)
    if full not in names:
        raise DeepALError(
            f"There is no acquisition function {name!r}. Registered: {', '.join(names)}. Your own "
            "is found when its file is given with --code."
        )
    return full


def acquisition_block(text: str) -> dict[str, Any]:
    """RETURNS (dict): A function and its arguments as [active_learning.acquisition] has them.

    text (str): A name as for `acquisition_name`, where there are arguments a colon and these:
        "BALD:samples=20".
    RAISES (DeepALError): For an unknown name; for arguments that the function does not take.
    """
    name, _, arguments = text.partition(":")
    block: dict[str, Any] = {NAME: acquisition_name(name)}
    for argument in filter(None, arguments.split(",")):
        key, _, value = argument.partition("=")
        if not (key and value):
            raise DeepALError(
                f"{text}: {argument!r} is no argument with a value. Write them as in "
                "BALD:samples=20, more than one with commas between."
            )
        try:
            block[key] = json.loads(value)
        except ValueError:  # a word without quotes
            block[key] = value
    if len(block) > 1:  # without any, the arguments may be those of a config
        resolve_acquisition(block, text)
    return block


def make_acquisition(text: str, *, samples: int | None = None) -> AcquisitionFunction:
    """Make a registered acquisition function.

    text (str): As for `acquisition_block`: "MNLP", "BALD:samples=20".
    samples (int | None): MC dropout samples, for a function that takes them. None: its own number.
    RAISES (DeepALError): The name is unknown, or the function does not take the arguments.
    """
    block = acquisition_block(text)
    if samples is not None:
        block["samples"] = samples
    return resolve_acquisition(block, text)


def resolve_acquisition(block: dict[str, Any], text: str) -> AcquisitionFunction:
    """RETURNS (AcquisitionFunction): The function of a block.

    text (str): How the user called it.
    RAISES (DeepALError): For arguments that the function does not take.
    """
    try:
        return registry.resolve({"acquisition": block})["acquisition"]
    except ValueError as error:
        raise DeepALError(f"{text}: {str(error).strip()}") from error


def short_name(name: str) -> str:
    """RETURNS (str): "MNLP" for "spacy_deepal.MNLP.v1", what `acquisition_name` takes; the full
    name of a function of other packages."""
    short = name.removeprefix(OURS[0]).removesuffix(OURS[1])
    return short if short.join(OURS) == name else name


def acquisition_label(block: dict[str, Any]) -> str:
    """RETURNS (str): What `acquisition_block` reads; arguments in the order of their names."""
    values = {key: block[key] for key in sorted(block) if key != NAME}
    arguments = (
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in values.items()
    )
    return ":".join(filter(None, (short_name(block[NAME]), ",".join(arguments))))
