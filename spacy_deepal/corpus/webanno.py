"""WebAnno TSV 3, which INCEpTION exports: a token on each line, and a column for each feature.

Source: Appendix B of https://webanno.github.io/webanno/releases/3.4.5/docs/user-guide.html
"""

import re
from collections.abc import Iterator
from functools import partial

from spacy.language import Language

from ..errors import DeepALError
from .docs import TokenSpan, keep_apart, tagged_doc
from .entity_types import EntityTypes
from .reading import BadLine, Lines, Reading, ReadOptions, Sentence, attempt, blocks
from .sources import Source
from .spans import NO_SPANS

WEBANNO = "webanno"
FIRST_LINE, SPAN_LAYER, TEXT = "#FORMAT=WebAnno TSV 3", "#T_SP=", "#Text="
LAYER = re.compile(r"#T_[A-Z]{2}=([^|]*)\|(.*)")
NAMED_ENTITIES = "NamedEntity.value"  # the layer that every project of INCEpTION has
BEFORE = 3  # columns: the number of the token, its place, the token
PART_OF_TOKEN = re.compile(r"\d+-\d+\.\d+")
NUMBERED = re.compile(r"(.*)\[(\d+)\]")  # PER[1]: one entity of several tokens


def webanno_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read a file of WebAnno TSV 3: one for each feature of
    spans, or the one of named entities if it is among them; none if it is another format.

    RAISES (DeepALError): The feature that is asked for is not there.
    """
    if not next((line for _, line in source.lines()), "").startswith(FIRST_LINE):
        return []
    columns, spans = _columns(source)
    asked = options.spans_key
    if asked not in (None, NO_SPANS, *spans):
        raise DeepALError(
            f"{source.path}: there is no feature {asked!r} of spans. There are: "
            f"{', '.join(spans) or 'none'}. With --spans-key {NO_SPANS}, none is read."
        )
    if asked in spans or NAMED_ENTITIES in spans:
        spans = [asked or NAMED_ENTITIES]
    features: list[str | None] = [None] if asked == NO_SPANS else [*spans] or [None]
    return [
        Reading(
            WEBANNO,
            f"the feature {feature}" if feature else "not labelled",
            f"--spans-key {feature or NO_SPANS}",
            partial(_read, columns.index(feature) if feature else None, len(columns), options),
        )
        for feature in features
    ]


def _columns(source: Source) -> tuple[list[str], list[str]]:
    """RETURNS (tuple): The features in the columns behind the token, named as "NamedEntity.value",
    and those of them that are of spans."""
    columns, spans = [], []
    for _, line in source.lines():
        if match := LAYER.fullmatch(line):
            layer = match[1].rpartition(".")[2]
            names = [f"{layer}.{feature}" for feature in match[2].split("|")]
            columns += names
            spans += names if line.startswith(SPAN_LAYER) else []
        elif line.startswith(TEXT):
            break
    return columns, spans


def _read(
    column: int | None, width: int, options: ReadOptions, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read the tokens of each sentence with its text and the entities of one column. The file is
    one document, named by its stem."""
    for block in blocks(source.lines()):
        rows = [(number, line) for number, line in block if not line.startswith("#")]
        text = [(number, line[len(TEXT) :]) for number, line in block if line.startswith(TEXT)]
        if rows:
            yield attempt(_parse, column, width, options, nlp, rows, text, source.stem)


def _parse(
    column: int | None,
    width: int,
    options: ReadOptions,
    nlp: Language,
    rows: Lines,
    text: Lines,
    doc_id: str,
) -> Sentence:
    words, marked = [], []
    for number, line in rows:
        cells = line.removesuffix("\t").split("\t")
        if len(cells) != BEFORE + width:
            raise BadLine(number, f"not the {BEFORE + width} columns of the first lines", line)
        cell = "_" if column is None else cells[BEFORE + column]
        if PART_OF_TOKEN.fullmatch(cells[0]):
            if cell != "_":
                raise BadLine(number, "an entity is a part of a token. Mark whole tokens", line)
            continue
        words.append(_unescaped(cells[BEFORE - 1]))
        marked.append((number, cell))
    exact = "\n".join(_unescaped(part) for _, part in text) if text else None
    place = text[0][0] if text else rows[0][0]
    reads = EntityTypes(options.entity_types).reads
    spans = [span for span in _spans(marked) if reads(span[2])]
    found = {span: f"{' '.join(words[span[0] : span[1]])!r} ({span[2]})" for span in spans}
    wrong: dict[range, BadLine] = {}
    kept, dropped = keep_apart(found, options.overlap, rows[0][0], exact or " ".join(words), wrong)
    if wrong:
        raise next(iter(wrong.values()))
    tags = ["O"] * len(words)
    for start, end, label in kept:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    doc = tagged_doc(nlp, words, None if column is None else tags, exact, place)
    return Sentence(doc, rows[0][0], doc_id=doc_id, dropped=tuple(map(found.__getitem__, dropped)))


def _spans(cells: Lines) -> list[TokenSpan]:
    """RETURNS (list[TokenSpan]): The entities.

    cells (list[tuple[int, str]]): The cell of each token, with its line: "_", "PER", "PER[1]" as
        part of an entity of several tokens, or several of these with "|" between.
    RAISES (BadLine): One has no label.
    """
    ends: dict[tuple[int, str, str], int] = {}  # of each first token, part of its cell and label
    going_on: dict[str, tuple[int, str, str]] = {}
    for i, (number, cell) in enumerate(cells):
        before, going_on = going_on, {}
        for part in re.split(r"(?<!\\)\|", cell) if cell != "_" else ():
            numbered = NUMBERED.fullmatch(part)
            label = numbered[1] if numbered else part
            if label == "*" or re.search(r"\s", _unescaped(label)):
                message = "an entity has no label, or one with white space. Correct it, or choose "
                raise BadLine(number, f"{message}another feature with --spans-key", cell)
            begun = before.get(part) if numbered else None
            going_on[part] = begun or (i, part, _unescaped(label))
            ends[going_on[part]] = i + 1
    return [(start, end, label) for (start, _, label), end in ends.items()]


def _unescaped(text: str) -> str:
    r"""RETURNS (str): A text with the characters that "\[", "\n" and the like stand for."""
    return re.sub(
        r"\\(.)", lambda match: {"t": "\t", "n": "\n", "r": "\r"}.get(match[1], match[1]), text
    )
