"""Entities as annotation tools write them: spans of characters, checked against their text."""

import json
from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc

from .docs import CharSpan
from .reading import BadLine, Offsets, ReadOptions
from .span_places import (
    LABEL_NAMES,
    SPACY2_KEY,
    SPAN_KEYS,
    SURFACE_KEYS,
    entries_of,
    find_other_places,
    places_of_spans,
    plain_name,
    value_at,
)

NO_SPANS = "none"  # as the option --spans-key: no entities are read
# How tools name the parts of a span, in the spelling of `plain_name`.
START_NAMES = ("start", "startoffset", "startchar", "begin", "beginoffset", "offset")
END_NAMES = ("end", "endoffset", "endchar")
LENGTH = "length"
SURFACE_NAMES = tuple(map(plain_name, SURFACE_KEYS))
SHAPE = (
    '. Write it as {"start": 0, "end": 3, "label": "PER"}, with the end after the last character'
)
UNITS_NOTE = (
    "sentences with emoji, whose entities are whole tokens also if offsets count UTF-16 units. "
    "They are read as counting characters; if a tool in JavaScript made them, use --offsets utf16"
)


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
    others = find_other_places(record, number)
    found = {key: _parse_list(value, key, text, number, options) for key, value in given.items()}
    full = {key: set(spans) for key, spans in found.items() if spans}
    if full and others:
        message = (
            f"spans are under {next(iter(full))!r} and under {others[0]!r}, which is not known"
        )
        raise BadLine(number, f"{message}. Choose with --spans-key KEY", text)
    if len(set(map(frozenset, full.values()))) > 1:
        keys = " and ".join(map(repr, full))
        raise BadLine(number, f"{keys} have different entities. Choose with --spans-key KEY", text)
    return next((found[key] for key in full), [] if found else None)


def _parse_list(
    value: Any, key: str, text: str, number: int, options: ReadOptions
) -> list[CharSpan]:
    """RETURNS (list[CharSpan]): A list of entities; or those of several lists, if they agree."""
    if isinstance(value, dict) and isinstance(value.get(SPACY2_KEY), list):
        value = value[SPACY2_KEY]
    value = entries_of(_unpacked(value))
    entries = value if isinstance(value, list) else [value]
    try:
        if not (entries and all(map(_is_list_of_entries, entries))):
            return [_parse_span(entry, text, number, options) for entry in entries]
        lists = [[_parse_span(each, text, number, options) for each in part] for part in entries]
    except BadLine as error:
        raise BadLine(number, f"under {key!r}: {error.message}", error.text) from None
    if len(set(map(frozenset, lists))) > 1:
        message = f"{len(lists)} lists under {key!r}, which are not the same. Keep one of them"
        raise BadLine(number, message, text)
    return lists[0]


def _unpacked(value: Any) -> Any:
    """RETURNS (Any): A list in a string, as in a cell of Label Studio's CSV; others as they are."""
    if isinstance(value, str) and value.startswith("[{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_list_of_entries(value: Any) -> bool:
    """RETURNS (bool): Whether an entry of a list is one annotator's list of entities."""
    return isinstance(value, list) and all(isinstance(each, list | dict) for each in value)


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
    if type(label) is int and 0 <= label < len(options.tag_names):
        label = options.tag_names[label]
    if not isinstance(label, str) or label != label.strip() or not label:
        problem = "it has no label" if label is None else f"{label!r} is not a label"
        message = f"{shown} is not [start, end, label]: {problem}"
        raise BadLine(number, f"{message}{_label_hint(entry, label)}", text)
    if type(start) is not int or type(end) is not int:
        message = f"{shown} is not [start, end, label]: two numbers are needed"
        raise BadLine(number, f"{message}{SHAPE * isinstance(entry, dict)}", text)
    span = _in_characters(text, start, end, options.offsets)
    if span is None:
        hint = _other_offsets(text, start, end, surface, options.offsets)
        raise BadLine(number, f"{shown} is not [start, end, label] in the text{hint}", text)
    if isinstance(surface, str) and not _is_same(text[span[0] : span[1]], surface):
        hint = _other_offsets(text, start, end, surface, options.offsets)
        message = f"{shown}: the text has {text[span[0] : span[1]]!r} there, not {surface!r}{hint}"
        raise BadLine(number, message, text)
    return (*span, label)


def _label_hint(entry: Any, label: Any) -> str:
    """RETURNS (str): What to do about a span without a label."""
    if type(label) is int:
        return ". Name the labels in the order of their numbers, as in --tag-names PER,LOC"
    return SHAPE if label is None and isinstance(entry, dict) else ""


def _is_same(text: str, surface: str) -> bool:
    """RETURNS (bool): Whether a span's own text is that of its place. Label Studio's page writes a
    line break as a backslash and n."""
    return surface in (text, text.replace("\n", "\\n"))


def _parts(entry: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """RETURNS (tuple): Start, end, label and own text of a span, by whatever names."""
    given = {plain_name(key): value for key, value in entry.items() if value is not None}

    def first(names: Sequence[str]) -> Any:
        return next((given[name] for name in names if name in given), None)

    start, end, label = first(START_NAMES), first(END_NAMES), first(LABEL_NAMES)
    if end is None and type(start) is int and type(given.get(LENGTH)) is int:
        end = start + given[LENGTH]
    if isinstance(label, list) and len(label) == 1:
        label = label[0]  # as in Label Studio
    return start, end, label, first(SURFACE_NAMES)


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
    """RETURNS (str): What else the offsets can count, as the span's own text tells it; or, if it
    has none and is not in the text, what they may count."""
    units: tuple[Offsets, ...] = ("characters", "utf16", "bytes")
    for offsets in units:
        place = _in_characters(text, start, end, offsets) if offsets != used else None
        if place and not isinstance(surface, str):
            return f". If the offsets count {offsets}, read the file with --offsets {offsets}"
        if place and text[place[0] : place[1]] == surface:
            return f". The offsets count {offsets}: read the file with --offsets {offsets}"
    if isinstance(surface, str) and text[start : end + 1] == surface:
        return ". The end seems to be the last character, and should be the one after it"
    return ""


def units_note(record: dict[str, Any], doc: Doc, spans: Sequence[CharSpan]) -> str | None:
    """RETURNS (str | None): A note if the offsets of a record may count UTF-16 units: one of its
    spans, which do not say their own text, is whole tokens either way."""
    if max(doc.text, default="") < "\U00010000" or _say_their_text(record):
        return None
    for start, end, _ in spans:
        place = _in_characters(doc.text, start, end, "utf16")
        if place and place != (start, end) and doc.char_span(*place) and doc.char_span(start, end):
            return UNITS_NOTE
    return None


def _say_their_text(record: dict[str, Any]) -> bool:
    keys = [key for found in places_of_spans(record) for key in found]
    lists = [entries_of(value_at(record, key)) for key in keys]
    entries = [entry for value in lists if isinstance(value, list) for entry in value]
    return any(_parts(entry)[3] is not None for entry in entries if isinstance(entry, dict))
