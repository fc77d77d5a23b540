"""What the writers of formats share: what is known of a sentence, and what they cannot say."""

import json
from collections.abc import Iterable
from typing import IO, Any

from spacy.tokens import Doc

from ..errors import DeepALError
from ..sentences import sentence_id, sentence_info


def is_labelled(doc: Doc, format: str) -> bool:
    """RETURNS (bool): Whether a sentence is labelled.

    format (str): The format to write, for the message.
    RAISES (DeepALError): It is labelled only in part.
    """
    if not len(doc) or not doc.has_annotation("ENT_IOB"):
        return False
    check_labelled_whole(doc, format)
    return True


def check_labelled_whole(doc: Doc, format: str) -> None:
    """RAISES (DeepALError): Some words are not labelled, and the format cannot say that."""
    if len(doc) and not doc.has_annotation("ENT_IOB", require_complete=True):
        others = "spacy" if format == "prodigy" else "spacy or prodigy"
        raise DeepALError(
            f"The format {format} cannot say that words are not labelled, as in sentence "
            f"{sentence_id(doc)}: {doc.text[:60]!r}. Write it as {others}."
        )


def iob2_tags_of(doc: Doc, format: str) -> list[str]:
    """RETURNS (list[str]): The IOB2 tags of a Doc. RAISES (DeepALError): As `is_labelled`."""
    check_labelled_whole(doc, format)
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc]


def described(doc: Doc) -> str:
    """RETURNS (str): The comments that describe a sentence: id, document, genre and text."""
    values: dict[str, object] = {**sentence_info(doc)}
    if not doc.has_unknown_spaces and "\n" not in doc.text and "\r" not in doc.text:
        values["text"] = doc.text
    return "".join(f"# {key} = {value}\n" for key, value in values.items() if value is not None)


def text_record(doc: Doc) -> dict[str, Any]:
    """RETURNS (dict): A sentence as a record: what is known of it, and its text."""
    info = {key: value for key, value in sentence_info(doc).items() if value is not None}
    return {**info, "text": doc.text}


def token_record(doc: Doc) -> dict[str, Any]:
    """RETURNS (dict): A sentence as a record: what is known of it, its text and its tokens."""
    tokens = [
        {
            "text": token.text,
            "start": token.idx,
            "end": token.idx + len(token),
            "id": token.i,
            "ws": bool(token.whitespace_),
        }
        for token in doc
    ]
    return {**text_record(doc), "tokens": tokens}


def spans_of(doc: Doc) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The entities of a sentence: start, end, label."""
    return [{"start": ent.start_char, "end": ent.end_char, "label": ent.label_} for ent in doc.ents]


def write_line(stream: IO[str], value: Any) -> None:
    """Write a line of JSON."""
    stream.write(json.dumps(value, ensure_ascii=False) + "\n")


def write_list(stream: IO[str], values: Iterable[Any]) -> None:
    """Write a JSON list, a value on each line, as a stream."""
    separator = "[\n"
    for value in values:
        stream.write(separator + json.dumps(value, ensure_ascii=False))
        separator = ",\n"
    stream.write("\n]\n" if separator.startswith(",") else "[]\n")
