"""Records: JSON objects with text and spans, or tokens and tags, as annotation tools write them."""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, Any

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from ..sentences import INFO_KEYS
from .docs import CharSpan, rules_of, set_spans, tagged_doc
from .json_values import as_record, first_records, parse_each
from .known_records import plain_record
from .names_beside import with_names_beside
from .reading import (
    LINES_TO_DETECT,
    AnnotatedText,
    BadLine,
    Reading,
    ReadOptions,
    Sentence,
)
from .record_parts import (
    TAG_KEYS,
    TEXT_KEYS,
    check_other_labels,
    doc_of_record,
    record_text,
    tags_of,
    token_texts,
)
from .sources import Source
from .span_places import SPAN_KEYS, looks_like_spans, value_at
from .spans import NO_SPANS, parse_spans, units_note
from .writing import iob2_tags_of, is_labelled, spans_of, text_record, token_record, write_line

VIEW, YES_NO_VIEW = "_view_id", "ner"  # how Prodigy says that it asked about single spans
WHOLE_VIEW = "ner_manual"
ACCEPTED_NOTE = "accepted sentences without a key 'spans' are read as not labelled"
NOT_ACCEPTED = ("reject", "ignore")  # answers of Prodigy
DISCARDED = ("Discarded", "discarded")  # status of Argilla


def record_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read a file of records; none if it is another one."""
    records = first_records(source, LINES_TO_DETECT)
    if not records and source.suffix not in (".jsonl", ".json"):
        return []
    check_spans_key(source, records, options)
    options, named = with_names_beside(source, records, options)
    used = _used_keys(records, options)
    how = f"keys {', '.join(used) or '-'}{named}"
    if others := _lists_not_read(records, used):
        how += f"; not read: {', '.join(others)}"
    return [Reading("jsonl", how, "--format jsonl", partial(read_records, options))]


def check_spans_key(source: Source, records: list[dict[str, Any]], options: ReadOptions) -> None:
    """RAISES (DeepALError): None of a file's first records has the key of --spans-key."""
    key = options.spans_key
    if key and key != NO_SPANS and not any(value_at(r, key) is not None for r in records):
        known = ", ".join(dict.fromkeys(name for record in records for name in record))
        raise DeepALError(
            f"{source.path}: no record has anything under {key!r}. The keys are: {known}. With "
            f"--spans-key {NO_SPANS}, no entities are read."
        )


def _used_keys(records: list[dict[str, Any]], options: ReadOptions) -> list[str]:
    used = (
        options.text_key,
        *TEXT_KEYS,
        "tokens",
        options.spans_key,
        *TAG_KEYS,
        *SPAN_KEYS,
        "answer",
        *INFO_KEYS,
    )
    keys = [key for key in dict.fromkeys(used) if key]
    return [key for key in keys if any(value_at(record, key) is not None for record in records)]


def _lists_not_read(records: list[dict[str, Any]], used: list[str]) -> list[str]:
    """RETURNS (list[str]): The keys of lists that are not read, which may be annotations."""
    lists = (k for record in records for k, v in record.items() if isinstance(v, list) and v)
    outer = {key.partition(".")[0] for key in used}
    return [key for key in dict.fromkeys(lists) if key not in {*outer, "words", "passages"}]


def read_records(
    options: ReadOptions, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read JSON objects with "text" and "spans", or with "tokens" and "ner_tags".

    A span is {"start", "end", "label"} or [start, end, label]. "entities", "ents", "label",
    "labels", "annotation" and "annotations" are read like "spans". A record without spans is not
    labelled; a record with an empty list is labelled and has no entity. A record that an annotator
    rejected or ignored (Prodigy's "answer") is not labelled. "id", "doc_id" and "genre" are kept,
    from the object or from its "meta". The record's own "tokens" are the tokens of the Doc. A
    record becomes one Doc, even if its text has several sentences.
    """
    return parse_each(source, parse_sentence, options, nlp)


def parse_sentence(options: ReadOptions, nlp: Language, number: int, record: Any) -> Sentence:
    """RETURNS (Sentence): That of one record. RAISES (BadLine): The record is malformed."""
    record = as_record(number, record)
    if record.get(VIEW) == YES_NO_VIEW:
        raise BadLine(number, "an answer about one span: read the file with --format prodigy")
    record = plain_record(record, number)
    if isinstance(record.get("words"), list):
        record = {"tokens": record["words"], **record}
    text = record_text(record, number, options.text_key)
    info = record_info(record, number)
    is_accepted = accepted(record, number)
    tags = tags_of(record, number, options)
    if text is None or tags is not None:
        words = token_texts(record, number)
        if tags is None:
            check_other_labels(record, text, number, options)
        keys = [options.spans_key] if options.spans_key else {*SPAN_KEYS} - {*TAG_KEYS}
        if tags is None and any(value_at(record, key) == [] for key in keys):
            tags = ["O"] * len(words)
        doc = tagged_doc(nlp, words, tags if is_accepted else None, text, number)
        if text is not None and is_accepted:
            _compare_spans(record, doc, text, number, options)
        return Sentence(doc, number, **info)
    doc, note = doc_of_record(record, text, number, nlp)
    spans = parse_spans(record, text, number, options)
    if not spans:
        check_other_labels(record, text, number, options)
    _compare_tokens(record, spans, number)
    dropped: tuple[str, ...] = ()
    if spans is None and record.get("answer") == "accept" and options.spans_key != NO_SPANS:
        spans, note = ([], note) if asked_for_all(record) else (None, ACCEPTED_NOTE)
    if spans is not None and is_accepted:
        dropped = set_spans(doc, spans, number, **rules_of(options))
        if options.offsets == "characters":
            note = note or units_note(record, doc, spans)
    kind = Sentence if spans is None or not is_accepted else AnnotatedText
    return kind(doc, number, note=note, dropped=dropped, **info)


def record_info(record: dict[str, Any], number: int) -> dict[str, Any]:
    """RETURNS (dict): The id, document and genre of a record, for a `Sentence`.

    RAISES (BadLine): One of them is neither a string nor a whole number.
    """
    meta = record.get("meta")
    given = {**meta, **record} if isinstance(meta, dict) else record
    info: dict[str, Any] = {}
    for key in INFO_KEYS:
        value = given.get(key)
        if value is None:
            continue
        if type(value) not in (str, int) or not str(value).strip():
            raise BadLine(number, f"{key!r} is {value!r}, and not a string or a number")
        info[key] = str(value)
    return {**info, "names_document": "doc_id" in info}


def asked_for_all(record: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether Prodigy asked for all spans of a text. If there are none, an accepted
    record may have no key for them."""
    return record.get(VIEW) in (WHOLE_VIEW, "spans_manual")


def accepted(record: dict[str, Any], number: int = 0) -> bool:
    """RETURNS (bool): Whether no annotator rejected or ignored the record.

    RAISES (BadLine): The answer is not one of Prodigy's.
    """
    answer = record.get("answer", "accept")
    if answer not in ("accept", *NOT_ACCEPTED):
        raise BadLine(number, f"the answer {answer!r} is none of accept, reject and ignore")
    return answer == "accept" and record.get("status") not in DISCARDED


def _compare_spans(
    record: dict[str, Any], doc: Doc, text: str, number: int, options: ReadOptions
) -> None:
    """RAISES (BadLine): A record has tags and spans, and these are other entities."""
    given = {key: value for key, value in record.items() if looks_like_spans(value)}
    found = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
    if options.spans_key or not any(key in given for key in SPAN_KEYS):
        return
    if {*(parse_spans({**given, "tokens": []}, text, number, options) or [])} != found:
        message = "tags and spans that are different entities. Choose with --spans-key KEY"
        raise BadLine(number, message, text)


def _compare_tokens(record: dict[str, Any], spans: list[CharSpan] | None, number: int) -> None:
    """RAISES (BadLine): A span's numbers of tokens contradict its characters."""
    tokens, marked = record.get("tokens"), record.get("spans")
    if not spans or not isinstance(tokens, list) or not looks_like_spans(marked):
        return
    for span in marked or []:
        if not isinstance(span, dict) or not {"token_start", "token_end"} <= span.keys():
            continue
        first, last = span["token_start"], span["token_end"]
        try:
            place = tokens[first]["start"], tokens[last]["end"]
        except (IndexError, KeyError, TypeError):
            continue  # the tokens are a part, or have no places
        if place != (span.get("start"), span.get("end")):
            message = f"{json.dumps(span)}: its tokens are at {place[0]} to {place[1]}"
            raise BadLine(number, message)


def write_records(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a line for each sentence: text, tokens and spans; no spans if it is not labelled.

    RAISES (DeepALError): A sentence is labelled only in part.
    """
    for doc in docs:
        spans = {"spans": spans_of(doc)} if is_labelled(doc, "jsonl") else {}
        write_line(stream, {**token_record(doc), **spans})


def write_doccano(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a line for each sentence as doccano does: text, and label as [start, end, label].

    RAISES (DeepALError): A sentence is labelled only in part.
    """
    for doc in docs:
        label = {"label": [[*span.values()] for span in spans_of(doc)]}
        write_line(stream, {**text_record(doc), **(label if is_labelled(doc, "doccano") else {})})


def write_hugging_face(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a line for each sentence: tokens, and ner_tags by name.

    RAISES (DeepALError): A sentence is labelled only in part.
    """
    for doc in docs:
        info = {key: value for key, value in text_record(doc).items() if key != "text"}
        tags = (
            {"ner_tags": iob2_tags_of(doc, "hugging_face")} if doc.has_annotation("ENT_IOB") else {}
        )
        write_line(stream, {**info, "tokens": [token.text for token in doc], **tags})
