"""Where in a record its entities are: under which key, in which objects and lists, or nowhere."""

import json
import re
from collections.abc import Set
from typing import Any

from .reading import BadLine

# Keys under which the entities of a record are; those of suggestions by a model are not read.
SPAN_KEYS = ("spans", "entities", "ents", "label", "labels", "annotation", "annotations")
SUGGESTED = ("prediction", "predictions", "suggestion", "suggestions")
# Keys with what has places in the text, or labels, and is not an entity; and what was reviewed.
OTHER_KEYS = ("tokens", "sents", "sentences", "relations", "options", "versions")
NO_ENTITIES = frozenset((*SUGGESTED, *OTHER_KEYS))
NOT_SUBMITTED = ("discarded", "draft")  # status of an answer of Argilla
SPACY2_KEY = "entities"  # spaCy 2 has a list under this key in an object
LABEL_KEYS = (
    *("label", "labels", "type", "tag", "entity_type", "entity_group", "entity_label"),
    *("category", "entity", "display_name"),
)
SURFACE_KEYS = ("text", "surface", "entity_text")
NAME_KEYS = ("word", "mention", "value", "name")  # those that may differ from the text
# How the parts of a span may be named by tools that are not known.
START_LIKE = re.compile("start|begin|from|offset", re.IGNORECASE)
ENTITY_LIKE = re.compile(r"(?<![a-z])ner(?![a-z])|entit|mention|annot|span", re.IGNORECASE)
END_LIKE = re.compile("end|stop|to$|length", re.IGNORECASE)
NESTED = 3  # lists in lists: those of sentences, of annotators


def plain_name(key: str) -> str:
    """RETURNS (str): What the spellings of a key share: startOffset, StartOffset, start_offset."""
    return key.replace("_", "").lower()


LABEL_NAMES = tuple(map(plain_name, LABEL_KEYS))


def looks_like_spans(value: Any) -> bool:
    """RETURNS (bool): Whether a value is a list of what begins and ends somewhere, by any names;
    such lists in a list; the same as an object of lists; or one entity."""
    if isinstance(value, dict):
        has_label = any(plain_name(key) in LABEL_NAMES for key in value)
        return (has_label and _is_place(value)) or _has_places(entries_of(value), NESTED)
    return _has_places(value, NESTED)


def _has_places(value: Any, nested: int) -> bool:
    return isinstance(value, list) and any(
        _is_place(entry)
        or (isinstance(entry, dict) and any(map(_is_place, entry.values())))
        or (nested > 0 and _has_places(entry, nested - 1))
        for entry in value
    )


def _is_place(entry: Any) -> bool:
    if isinstance(entry, dict):
        numbers = [key for key, value in entry.items() if _is_number(value)]
        return any(map(START_LIKE.match, numbers)) and any(map(END_LIKE.match, numbers))
    kinds = [type(part) for part in entry] if isinstance(entry, list) else []
    return kinds.count(int) == 2 and kinds.count(str) == len(kinds) - 2 > 0


def _is_number(value: Any) -> bool:
    return type(value) is int or (isinstance(value, str) and value.isdecimal())


def entries_of(value: Any) -> Any:
    """RETURNS (Any): A list in the place of an object of lists, as Hugging Face's `datasets` write
    it: {"start": [0], "end": [3], "label": ["PER"]}. Other values as they are."""
    if not isinstance(value, dict) or not value:
        return value
    columns = list(value.values())
    if not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return value
    if not any(map(START_LIKE.match, value)):
        return value
    return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]


def value_at(record: dict[str, Any], key: str) -> Any:
    """RETURNS (Any): What is under a key, or under one in an object: "meta.spans". In a list of
    objects, a list of what each of them has there: "responses.value". Answers that were not
    submitted are passed over. None: nothing is there."""
    if key in record:
        return record[key]
    for outer, value in record.items():
        if not key.startswith(f"{outer}."):
            continue
        inner = key[len(outer) + 1 :]
        if isinstance(value, dict):
            found = value_at(value, inner)
        elif isinstance(value, list):
            objects = [entry for entry in value if isinstance(entry, dict)]
            answers = [each for each in objects if each.get("status") not in NOT_SUBMITTED]
            parts = [value_at(each, inner) for each in answers]
            found = [part for part in parts if part is not None] or None
        else:
            continue
        if found is not None:
            return found
    return None


def all_values(
    record: dict[str, Any], passed_over: Set[str] = frozenset(), *, lists: bool = True
) -> dict[str, Any]:
    """RETURNS (dict): What is in a record and in its objects at any depth, by keys as `value_at`
    takes them. What is inside a list of spans is not among it.

    passed_over (Set): Keys that are left out, with what is in them.
    lists (bool): Look into lists of objects too. Of equal keys, the first one counts.
    """
    found: dict[str, Any] = {}
    left = [("", record)]
    for before, values in left:  # which grows meanwhile
        for key, value in values.items():
            if key in passed_over or key.rpartition(".")[2] in passed_over:
                continue
            found.setdefault(before + key, value)
            if not looks_like_spans(value):
                inner = value if isinstance(value, list) and lists else [value]
                left += [(f"{before}{key}.", each) for each in inner if isinstance(each, dict)]
    return found


def places_of_spans(record: dict[str, Any]) -> tuple[list[str], list[str]]:
    """RETURNS (tuple[list[str], list[str]]): The keys under which a record seems to have spans:
    those that are known, and all others."""
    return _places_among(all_values(record, NO_ENTITIES))


def _places_among(values: dict[str, Any]) -> tuple[list[str], list[str]]:
    keys = [key for key, value in values.items() if looks_like_spans(value)]
    known = {*SPAN_KEYS, *(f"{key}.{SPACY2_KEY}" for key in SPAN_KEYS)}
    return [key for key in keys if key in known], [key for key in keys if key not in known]


def find_other_places(record: dict[str, Any], number: int) -> list[str]:
    """RETURNS (list[str]): The keys, other than the known ones, under which a record seems to have
    spans beside those that are known.

    RAISES (BadLine): A record without spans under a known key seems to have entities elsewhere:
        under another key, or without their places.
    """
    values = all_values(record, NO_ENTITIES)
    known, others = _places_among(values)
    if others and not known:
        raise BadLine(
            number,
            f"spans are under the key {others[0]!r}, which is not known. Read them with "
            f"--spans-key {others[0]}, if they are entities",
            json.dumps(value_at(record, others[0]), ensure_ascii=False),
        )
    if any(record.get(key) for key in SPAN_KEYS):
        return others
    for key, value in values.items():
        if _looks_like_entities(key, value):
            raise BadLine(
                number,
                f"{key!r} seems to have entities, but does not say where they stand. Write them as "
                "[start, end, label]; or, if they are others, read none with --spans-key none",
                json.dumps(value, ensure_ascii=False),
            )
    return others


def labels_in_tokens(tokens: list[Any]) -> tuple[str, Any] | None:
    """RETURNS (tuple[str, Any] | None): The key under which tokens have labels of entities, and the
    first label; None if they have none."""
    for token in tokens:
        for key, value in token.items() if isinstance(token, dict) else ():
            is_label = ENTITY_LIKE.search(key) or key in ("label", "labels", "ent_type")
            if is_label and (value if isinstance(value, list) else _is_label(value)):
                return key, value
    return None


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and value not in ("", "O")


def _looks_like_entities(key: str, value: Any) -> bool:
    """RETURNS (bool): Whether a value has texts with labels, but not their places:
    [["Mia", "PER"]], {"PER": ["Mia"]}, or [{"text": "Mia", "type": "PER"}]."""
    named = bool(ENTITY_LIKE.search(key))
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        if named and any(map(START_LIKE.match, value[0])):
            return True
        return (
            (named or key.count(".") < 2)
            and any(name in value[0] for name in LABEL_KEYS)
            and any(isinstance(value[0].get(name), str) for name in (*SURFACE_KEYS, *NAME_KEYS))
        )
    if not named:
        return False
    entries = [*value.values()] if isinstance(value, dict) else value
    return isinstance(entries, list) and bool(entries) and all(map(are_strings, entries))


def are_strings(value: Any) -> bool:
    """RETURNS (bool): Whether a value is a list of strings, and not an empty one."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
