"""Prodigy: whole sentences that were annotated, and yes-or-no answers about single spans."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

from spacy.language import Language
from spacy.tokens import Doc

from .docs import CharSpan, rules_of, set_spans
from .json_values import as_record, first_records, read_values
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence, attempt
from .record_parts import TEXT_KEYS, doc_of_record, record_text
from .records import (
    VIEW,
    WHOLE_VIEW,
    YES_NO_VIEW,
    accepted,
    check_spans_key,
    parse_sentence,
    record_info,
)
from .sources import Source
from .spans import parse_spans
from .writing import spans_of, token_record, write_line

WHOLE, YES_NO = "prodigy", "prodigy_yes_no"


def prodigy_readings(
    source: Source, options: ReadOptions, format: str | None = None
) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read a file of Prodigy: two, if the records do not say
    what was asked and have one suggested span each.

    format (str | None): The format that is asked for. None: the records tell.
    """
    records = first_records(source, LINES_TO_DETECT)
    if not records:
        return []
    if format is None and not any("answer" in record for record in records):
        return []
    check_spans_key(source, records, options)
    if format or any(VIEW in record for record in records):
        formats = [format or WHOLE]
    else:
        formats = [WHOLE, YES_NO] if _may_be_yes_no(records) else [WHOLE]
    how = {
        WHOLE: "text and spans with answers, to be told by _view_id",
        YES_NO: "yes-or-no answers about single spans",
    }
    return [
        Reading(name, how[name], f"--format {name}", partial(_read, name == YES_NO, options))
        for name in formats
    ]


def _may_be_yes_no(records: list[dict[str, Any]]) -> bool:
    """RETURNS (bool): Whether all records have one span each, and texts come again, spans have
    scores or some are rejected."""
    spans = [record.get("spans") for record in records]
    if not all(isinstance(given, list) and len(given) == 1 for given in spans):
        return False
    scored = any(
        isinstance(span, dict) and "score" in span for given in spans for span in given or []
    )
    again = len({_sentence_of(record) for record in records}) < len(records)
    return scored or again or any(record.get("answer") == "reject" for record in records)


@dataclass
class Answers:
    """All yes-or-no answers about the spans of one text.

    first (tuple): The line and the record of the first one.
    yes, no (dict): The spans that were accepted and rejected, with their lines.
    """

    first: tuple[int, dict[str, Any]]
    yes: dict[CharSpan, int] = field(default_factory=dict)
    no: dict[CharSpan, int] = field(default_factory=dict)


def _read(
    yes_no: bool, options: ReadOptions, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read annotated records as `read_records` does. The answers about single spans of a text, told
    by "_view_id", become one sentence, after all others of the file: accepted spans are entities,
    and all other words are not labelled. So a rejected span is not an entity, and the tagger trains
    on nothing that nobody has said.

    yes_no (bool): All records are such answers, whatever their "_view_id".
    """
    whole: dict[str, tuple[int, str]] = {}
    answers: dict[str, Answers] = {}
    for item in read_values(source):
        if isinstance(item, BadLine):
            yield item
            continue
        number, record = item
        try:
            if yes_no or (isinstance(record, dict) and record.get(VIEW) == YES_NO_VIEW):
                _note_answer(answers, number, record, options)
                continue
            sentence = parse_sentence(options, nlp, number, record)
            if not _said_before(whole, number, record):
                yield sentence
        except BadLine as error:
            yield error
    for name, about in answers.items():
        if name in whole:
            message = f"yes-or-no answers about a text that line {whole[name][0]} has as a whole"
            yield BadLine(about.first[0], message, str(about.first[1].get("text")))
        else:
            yield attempt(_partly_labelled, about, options, nlp)


def _sentence_of(record: dict[str, Any]) -> str:
    """RETURNS (str): What two records of one sentence share: the id and the text."""
    text = (record[key] for key in (*TEXT_KEYS, "tokens") if record.get(key) is not None)
    return json.dumps([record.get("id"), next(text, None)])


def _said_before(whole: dict[str, tuple[int, str]], number: int, record: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether an earlier record says the same.

    whole (dict): The line and the content of the first record of each sentence; this is added.
    RAISES (BadLine): An earlier record of the sentence says something else.
    """
    content = json.dumps([record.get("answer"), record.get("spans")], sort_keys=True)
    line, before = whole.setdefault(_sentence_of(record), (number, content))
    if before == content:
        return line != number
    answers = record.get("answer"), json.loads(before)[0]
    raise BadLine(
        number,
        f"the text has other labels or another answer ({answers[0]}) than on line {line} "
        f"({answers[1]}). Keep one of them; or, if these are answers about single spans, read the "
        f"file with --format {YES_NO}",
        str(record.get("text")),
    )


def _note_answer(
    answers: dict[str, Answers], number: int, record: Any, options: ReadOptions
) -> None:
    record = as_record(number, record)
    text = record_text(record, number, options.text_key) or ""
    if "answer" not in record:
        raise BadLine(number, "a question about a span, without an answer", text)
    spans = parse_spans(record, text, number, options) or []
    about = answers.setdefault(_sentence_of(record), Answers((number, record)))
    if accepted(record, number):
        about.yes |= dict.fromkeys(spans, number)
    elif record["answer"] == "reject" and len(spans) == 1:
        about.no |= dict.fromkeys(spans, number)
    for span in about.yes.keys() & about.no.keys():
        message = f"the span {list(span)} is accepted on line {about.yes[span]} and rejected on "
        raise BadLine(number, message + f"line {about.no[span]}. Keep one of the answers", text)


def _partly_labelled(about: Answers, options: ReadOptions, nlp: Language) -> Sentence:
    number, record = about.first
    text = record_text(record, number, options.text_key) or ""
    doc, note = doc_of_record(record, text, number, nlp)
    dropped = set_spans(doc, list(about.yes), number, **rules_of(options), partial=True)
    return Sentence(doc, number, note=note, dropped=dropped, **record_info(record, number))


def write_prodigy(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a record for each sentence: its tokens and spans with the answer "accept", or no answer
    if it is not labelled. A sentence that is labelled in part becomes one accepted yes-or-no answer
    for each of its entities; without an entity, it is written as not labelled."""
    for doc in docs:
        record = token_record(doc)
        if not doc.has_annotation("ENT_IOB"):
            answers: list[dict[str, Any]] = [{}]
        elif doc.has_annotation("ENT_IOB", require_complete=True):
            answers = [{"spans": spans_of(doc), "answer": "accept", VIEW: WHOLE_VIEW}]
        else:
            answers = [
                {"spans": [span], "answer": "accept", VIEW: YES_NO_VIEW} for span in spans_of(doc)
            ] or [{}]
        for answer in answers:
            write_line(stream, {**record, **answer})
