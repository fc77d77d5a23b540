"""The training data of spaCy 2: a list of texts, each with its entities."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import IO, Any
from warnings import catch_warnings, simplefilter

from spacy.language import Language
from spacy.tokens import Doc

from .json_values import first_values, read_values, shown
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence, attempt
from .records import parse_sentence
from .sources import Source
from .writing import check_labelled_whole, spans_of, write_list

SPACY2 = "spacy2"
PYTHON = re.compile(r"\s*(#|import |from |\w+\s*=\s*[\[(]|[\[(])")  # how such a file begins


def spacy2_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read such a file; none if it is another."""
    how, values = "lists of a text and its entities", first_values(source, 1)
    read: Callable[[Source], Iterator[Any]] = read_values
    if source.suffix in (".py", ".txt") and not values:
        how, values = f"{how}, in Python", [value for _, value in islice(_python_values(source), 1)]
        read = _python_values
    if not values or not any(map(_is_pair, _pairs_in(values[0]))):
        return []
    return [Reading(SPACY2, how, f"--format {SPACY2}", partial(_read, options, read))]


def _python_values(source: Source) -> Iterator[tuple[int, Any]]:
    """YIELDS (tuple[int, Any]): The values of all lists that a Python file assigns, with their
    lines. Nothing is run."""
    head = [line for _, line in islice(source.lines(), LINES_TO_DETECT) if line.strip()]
    if not (head and PYTHON.match(head[0]) and any("entities" in line for line in head)):
        return
    try:
        with catch_warnings():
            simplefilter("ignore")
            tree = ast.parse("\n".join(line for _, line in source.lines()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in tree.body:
        value = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
        for node in value.elts if isinstance(value, ast.List | ast.Tuple) else []:
            try:
                yield node.lineno, json.loads(json.dumps(ast.literal_eval(node)))
            except (ValueError, TypeError, RecursionError, MemoryError):
                yield node.lineno, ast.unparse(node)[:80]  # not a value, which is reported


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and [type(part) for part in value] == [str, dict]
        and "entities" in value[1]
    )


def _pairs_in(value: Any) -> list[Any]:
    """RETURNS (list): The entries of a list of pairs in a list; of any other value, itself."""
    return value if isinstance(value, list) and any(map(_is_pair, value)) else [value]


def _read(
    options: ReadOptions, read: Callable[[Source], Iterator[Any]], source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read [text, {"entities": [[start, end, label], ...]}], in one list, in lists in a list, or
    on one line each."""
    for item in read(source):
        if isinstance(item, BadLine):
            yield item
            continue
        number, value = item
        for pair in _pairs_in(value):
            yield attempt(_parse, options, nlp, number, pair)


def _parse(options: ReadOptions, nlp: Language, number: int, value: Any) -> Sentence:
    if not _is_pair(value):
        raise BadLine(number, 'not [text, {"entities": [...]}]', shown(value))
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
