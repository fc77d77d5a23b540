"""Records of DataTurks and BigBio, as records with a text and spans.

DataTurks counts an end from 0 to the last character, and not to the one after it.
Source: https://github.com/bigscience-workshop/biomedical/blob/main/task_schemas.md
"""

from typing import Any

from .reading import BadLine

BETWEEN = 1000  # characters between two passages, at most


def plain_record(record: dict[str, Any], number: int) -> dict[str, Any]:
    """RETURNS (dict): A record with the keys "text" and "spans" in the place of those that only
    these tools use; other records as they are.

    number (int): Its line.
    RAISES (BadLine): It is one of these tools', and malformed.
    """
    if isinstance(record.get("content"), str) and _has_points(record.get("annotation")):
        return _of_dataturks(record, number)
    if isinstance(record.get("passages"), list) and isinstance(record.get("entities"), list):
        return _of_bigbio(record, number)
    return record


def _has_points(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(e, dict) and "points" in e for e in value)


def _of_dataturks(record: dict[str, Any], number: int) -> dict[str, Any]:
    spans = []
    for entry in record["annotation"]:
        points = entry.get("points") if isinstance(entry, dict) else None
        label = entry.get("label") if isinstance(entry, dict) else None
        if not isinstance(points, list) or not all(map(_is_point, points)):
            raise BadLine(
                number, "an annotation of DataTurks has no 'points' with 'start' and 'end'"
            )
        for point in points:
            spans.append({**point, "end": point["end"] + 1, "label": label})
    others = {key: value for key, value in record.items() if key not in ("content", "annotation")}
    return {**others, "text": record["content"], "spans": spans}


def _is_point(point: Any) -> bool:
    return isinstance(point, dict) and all(type(point.get(key)) is int for key in ("start", "end"))


def _of_bigbio(record: dict[str, Any], number: int) -> dict[str, Any]:
    """The passages stand in the document where their offsets say, with a line break between."""
    text = ""
    for passage in record["passages"]:
        for part, (start, end) in _parts_of(passage, "passage", number):
            if not 0 <= start - len(text) <= BETWEEN or end - start != len(part):
                message = f"a passage of {len(part)} characters is not where its offsets say"
                raise BadLine(number, f"{message}, from {start} to {end}", part)
            text += "\n" * (start - len(text)) + part
    spans = []
    for entity in record["entities"]:
        parts = _parts_of(entity, "entity", number)
        if len(parts) != 1:
            message = "an entity in several parts, which no tags can mark. Keep one part"
            raise BadLine(number, message, " ".join(part for part, _ in parts))
        ((part, (start, end)),) = parts
        spans.append({"start": start, "end": end, "label": entity.get("type"), "text": part})
    info = {"id": record.get("id"), "doc_id": record.get("document_id")}
    return {**{k: v for k, v in info.items() if v is not None}, "text": text, "spans": spans}


def _parts_of(value: Any, what: str, number: int) -> list[tuple[str, list[int]]]:
    """RETURNS (list): The texts of a passage or an entity, each with where it begins and ends."""
    given = value if isinstance(value, dict) else {}
    texts, offsets = given.get("text"), given.get("offsets")
    if not (
        isinstance(texts, list)
        and isinstance(offsets, list)
        and len(texts) == len(offsets)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(o, list) and [type(n) for n in o] == [int, int] for o in offsets)
    ):
        message = f"a {what} of BigBio must have 'text' and 'offsets', as in"
        raise BadLine(number, f'{message} "text": ["Mia"], "offsets": [[0, 3]]', str(value)[:80])
    return list(zip(texts, offsets, strict=True))
