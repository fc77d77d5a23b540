"""Entities as annotation tools write them: spans of characters, checked against their text."""

import json
import re
from collections.abc import Sequence
from typing import Any

from .docs import CharSpan
from .reading import BadLine, Offsets, ReadOptions

# Keys under which the entities of a record are; those of suggestions by a model are not read.
SPAN_KEYS = ("spans", "entities", "ents", "label", "labels", "annotation", "annotations")
NO_SPANS = "none"  # as the option --spans-key: no entities are read
SUGGESTED = ("prediction", "predictions", "suggestions")
# Keys with what has places in the text, or labels, and is no entity.
OTHER_KEYS = ("tokens", "sents", "sentences", "relations", "options")
# How tools name the parts of a span.
START_KEYS = ("start", "start_offset", "start_char", "begin", "startOffset", "offset")
END_KEYS = ("end", "end_offset", "end_char", "endOffset")
LENGTH = "length"
LABEL_KEYS = ("label", "labels", "type", "tag", "entity_type", "entity_group", "category", "entity")
SURFACE_KEYS = ("text", "surface", "entity_text")
NAME_KEYS = ("word", "mention", "value", "name")  # those that may differ from the text
# How the parts of a span may be named by tools that are not known.
START_LIKE = re.compile("start|begin|from|offset", re.IGNORECASE)
ENTITY_LIKE = re.compile(r"(?<![a-z])ner(?![a-z])|entit|mention|annot|span", re.IGNORECASE)
END_LIKE = re.compile("end|stop|to$|length", re.IGNORECASE)


def looks_like_spans(value: Any) -> bool:
    """RETURNS (bool): Whether a value is a list of what begins and ends somewhere, by any names."""
    return isinstance(value, list) and any(map(_is_place, value))


def _is_place(entry: Any) -> bool:
    if isinstance(entry, dict):
        return any(map(START_LIKE.match, entry)) and any(map(END_LIKE.match, entry))
    kinds = [type(part) for part in entry] if isinstance(entry, list) else []
    return kinds.count(int) == 2 and kinds.count(str) == len(kinds) - 2 > 0


def parse_spans(
    record: dict[str, Any],
    text: str,
    number: int,
    options: ReadOptions = ReadOptions(),  # noqa: B008 (it is frozen)
) -> list[CharSpan] | None:
    """Take the entities out of a record.

    text (str): The text of the record.
    number (int): Its line.
    RETURNS (list | None): The entities; None if the record has no key for them, so that it is not
        labelled.
    RAISES (BadLine): An entry is not a span of the text; several keys have different entities; or
        only a key that is not known has any.
    """
    if key := options.spans_key:
        if key == NO_SPANS:
            return None
        value = value_at(record, key)
        return None if value is None else _parse_list(value, key, text, number, options)
    given = {key: record[key] for key in SPAN_KEYS if record.get(key) is not None}
    if not any(given.values()):
        _check_unknown_keys(record, number)
    found = {key: _parse_list(value, key, text, number, options) for key, value in given.items()}
    full = {key: set(spans) for key, spans in found.items() if spans}
    if full and (others := _unknown_keys(record)):
        message = (
            f"spans are under {next(iter(full))!r} and under {others[0]!r}, which is not known"
        )
        raise BadLine(number, f"{message}. Choose with --spans-key KEY", text)
    if len(set(map(frozenset, full.values()))) > 1:
        keys = " and ".join(map(repr, full))
        raise BadLine(number, f"{keys} have different entities. Choose with --spans-key KEY", text)
    return next((found[key] for key in full), [] if found else None)


def value_at(record: dict[str, Any], key: str) -> Any:
    """RETURNS (Any): What is under a key, or under one in an object: "meta.spans"."""
    if key in record:
        return record[key]
    outer, _, inner = key.partition(".")
    value = record.get(outer)
    return value_at(value, inner) if isinstance(value, dict) and inner else None


def values_inside(record: dict[str, Any]) -> dict[str, Any]:
    """RETURNS (dict): What is in the objects of a record, by keys as `value_at` takes them."""
    return {
        f"{outer}.{key}": value
        for outer, values in record.items()
        if isinstance(values, dict)
        for key, value in values.items()
    }


def _check_unknown_keys(record: dict[str, Any], number: int) -> None:
    """RAISES (BadLine): What seems to be entities is under a key that is not known."""
    if others := _unknown_keys(record):
        raise BadLine(
            number,
            f"spans are under the key {others[0]!r}, which is not known. Read them with "
            f"--spans-key {others[0]}, if they are entities",
            json.dumps(value_at(record, others[0]), ensure_ascii=False),
        )
    for key, value in _of_unknown_keys(record).items():
        if _looks_like_entities(key, value):
            raise BadLine(
                number,
                f"{key!r} seems to have entities, but does not say where they stand. Write them as "
                "[start, end, label]; or, if they are others, read none with --spans-key none",
                json.dumps(value, ensure_ascii=False),
            )


def _unknown_keys(record: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The keys that are not known and seem to have spans."""
    return [key for key, value in _of_unknown_keys(record).items() if looks_like_spans(value)]


def _of_unknown_keys(record: dict[str, Any]) -> dict[str, Any]:
    """RETURNS (dict): What is under keys that are not known, also in an object: "meta.spans"."""
    known = {*SPAN_KEYS, *SUGGESTED, *OTHER_KEYS}
    others = {key: value for key, value in record.items() if key not in known}
    return {**others, **values_inside(others)}


def _looks_like_entities(key: str, value: Any) -> bool:
    """RETURNS (bool): Whether a value has texts with labels, but not their places:
    [["Mia", "PER"]], {"PER": ["Mia"]}, or [{"text": "Mia", "type": "PER"}]."""
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        return any(name in value[0] for name in LABEL_KEYS) and any(
            isinstance(value[0].get(name), str) for name in (*SURFACE_KEYS, *NAME_KEYS)
        )
    if not ENTITY_LIKE.search(key):
        return False
    entries = [*value.values()] if isinstance(value, dict) else value
    return isinstance(entries, list) and bool(entries) and all(map(_is_list_of_text, entries))


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _parse_list(
    value: Any, key: str, text: str, number: int, options: ReadOptions
) -> list[CharSpan]:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("entities"), list):
        value = value["entities"]  # as in spaCy 2
    entries = value if isinstance(value, list) else [value]
    try:
        return [_parse_span(entry, text, number, options) for entry in entries]
    except BadLine as error:
        raise BadLine(number, f"under {key!r}: {error.message}", error.text) from None


def _parse_span(entry: Any, text: str, number: int, options: ReadOptions) -> CharSpan:
    shown = json.dumps(entry, ensure_ascii=False)[:120]
    if isinstance(entry, dict):
        start, end, label, surface = _parts(entry)
    elif isinstance(entry, list) and len(entry) == 3:
        start, end, label, surface = *entry, None
    else:
        message = f"{shown} is not [start, end, label] in the text. If it says of what kind the "
        message += "text is, pass over it with --spans-key none"
        raise BadLine(number, message, text)
    if not isinstance(label, str) or label != label.strip() or not label:
        raise BadLine(number, f"{shown} is not [start, end, label]: {label!r} is no label", text)
    if type(start) is not int or type(end) is not int:
        raise BadLine(number, f"{shown} is not [start, end, label]: two numbers are needed", text)
    span = _in_characters(text, start, end, options.offsets)
    if span is None:
        hint = _other_offsets(text, start, end, surface, options.offsets)
        raise BadLine(number, f"{shown} is not [start, end, label] in the text{hint}", text)
    if isinstance(surface, str) and not _is_same(text[span[0] : span[1]], surface):
        hint = _other_offsets(text, start, end, surface, options.offsets)
        message = f"{shown}: the text has {text[span[0] : span[1]]!r} there, not {surface!r}{hint}"
        raise BadLine(number, message, text)
    return (*span, label)


def _is_same(text: str, surface: str) -> bool:
    """RETURNS (bool): Whether a span's own text is that of its place. Label Studio's page writes a
    line break as a backslash and n."""
    return surface in (text, text.replace("\n", "\\n"))


def _parts(entry: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """RETURNS (tuple): Start, end, label and own text of a span, by whatever names."""

    def first(names: Sequence[str]) -> Any:
        return next((entry[name] for name in names if entry.get(name) is not None), None)

    start, end, label = first(START_KEYS), first(END_KEYS), first(LABEL_KEYS)
    if end is None and type(start) is int and type(entry.get(LENGTH)) is int:
        end = start + entry[LENGTH]
    if isinstance(label, list) and len(label) == 1:
        label = label[0]  # as in Label Studio
    return start, end, label, first(SURFACE_KEYS)


def _in_characters(text: str, start: int, end: int, offsets: Offsets) -> tuple[int, int] | None:
    """RETURNS (tuple | None): The place of a span in characters; None if it is not in the text."""
    if not 0 <= start < end:
        return None
    if offsets == "characters":
        return (start, end) if end <= len(text) else None
    encoding, unit = ("utf-16-le", 2) if offsets == "utf16" else ("utf-8", 1)
    data = text.encode(encoding)
    if end * unit > len(data):
        return None
    try:
        begins = len(data[: start * unit].decode(encoding))
        return begins, begins + len(data[start * unit : end * unit].decode(encoding))
    except UnicodeDecodeError:
        return None


def _other_offsets(text: str, start: int, end: int, surface: Any, used: Offsets) -> str:
    """RETURNS (str): What else the offsets can count, if the span's own text tells it."""
    units: tuple[Offsets, ...] = ("characters", "utf16", "bytes")
    for offsets in units:
        place = _in_characters(text, start, end, offsets) if offsets != used else None
        if place and isinstance(surface, str) and text[place[0] : place[1]] == surface:
            return f". The offsets count {offsets}: read the file with --offsets {offsets}"
    if isinstance(surface, str) and text[start : end + 1] == surface:
        return ". The end seems to be the last character, and should be the one after it"
    return ""
