"""The training data of spaCy 2: a list of texts, each with its entities."""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, Any

from spacy.language import Language
from spacy.tokens import Doc

from .json_values import first_values, read_values
from .reading import BadLine, Reading, ReadOptions, Sentence, attempt
from .records import parse_sentence
from .sources import Source
from .writing import check_labelled_whole, spans_of, write_list

SPACY2 = "spacy2"


def spacy2_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read such a file; none if it is another."""
    values = first_values(source, 1)
    if not values or not _is_pair(values[0]):
        return []
    how = "lists of a text and its entities"
    return [Reading(SPACY2, how, f"--format {SPACY2}", partial(_read, options))]


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and [type(part) for part in value] == [str, dict]
        and "entities" in value[1]
    )


def _read(options: ReadOptions, source: Source, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read [text, {"entities": [[start, end, label], ...]}], in one list or on one line each."""
    for item in read_values(source):
        yield item if isinstance(item, BadLine) else attempt(_parse, options, nlp, *item)


def _parse(options: ReadOptions, nlp: Language, number: int, value: Any) -> Sentence:
    if not _is_pair(value):
        shown = json.dumps(value, ensure_ascii=False)[:80]
        raise BadLine(number, 'not [text, {"entities": [...]}]', shown)
    record = {"text": value[0], "entities": value[1]["entities"]}
    return parse_sentence(options, nlp, number, record)


def write_spacy2(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write one list of texts and entities.

    RAISES (DeepALError): A sentence is not labelled as a whole.
    """

    def pair(doc: Doc) -> list[Any]:
        check_labelled_whole(doc, SPACY2)
        return [doc.text, {"entities": [[*span.values()] for span in spans_of(doc)]}]

    write_list(stream, map(pair, docs))
