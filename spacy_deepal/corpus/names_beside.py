"""The names of tags that Hugging Face's `datasets` keep in a file beside the data."""

from dataclasses import replace
from typing import Any

from ..errors import DeepALError
from ..files import read_json
from .reading import ReadOptions
from .record_parts import TAG_KEYS
from .sources import Source
from .span_places import value_at

NAMES_FILE = "dataset_info.json"


def with_names_beside(
    source: Source, records: list[dict[str, Any]], options: ReadOptions
) -> tuple[ReadOptions, str]:
    """RETURNS (ReadOptions, str): The options with names of tags, and for the summary where they
    come from, if the records have the numbers of tags and nothing names them but the file beside.

    records (list[dict]): The first records of the source.
    """
    file = source.path.parent / NAMES_FILE
    keys = [options.spans_key] if options.spans_key else TAG_KEYS
    if options.tag_names or not file.is_file():
        return options, ""
    for key in keys:
        values = next((v for r in records if (v := value_at(r, key))), None)
        are_numbers = isinstance(values, list) and all(type(value) is int for value in values)
        if are_numbers and (names := _names_of(key, file)):
            return replace(options, tag_names=names), f", tags named by {NAMES_FILE}"
    return options, ""


def _names_of(key: str, file: Any) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): The names of the numbers under a key, if the file has them."""
    try:
        feature = read_json(file)["features"][key]
        names = feature.get("feature", feature)["names"]
    except (DeepALError, LookupError, TypeError, AttributeError):
        return ()  # it is another file, or this key has no names
    is_right = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return tuple(names) if is_right else ()
