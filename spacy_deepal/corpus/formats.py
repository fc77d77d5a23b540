"""The formats that are read and written, and how that of a file is told."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import IO, Any

from spacy.tokens import Doc

from ..errors import DeepALError
from ..pipelines import blank_pipeline
from .brat import brat_readings
from .column_layout import check_columns
from .columns import column_readings, write_columns
from .conll2012 import conll2012_readings, write_conll2012
from .conllu import conllu_readings, write_conllu
from .csv_table import OPEN, csv_readings, write_csv
from .csv_texts import CSV_TEXTS, csv_text_readings
from .docbin import spacy_readings
from .folders import ANNOTATION, about_data, annotation_beside
from .inline import inline_readings, write_inline
from .label_studio import (
    FULL,
    MINIMAL,
    label_studio_readings,
    write_label_studio,
    write_label_studio_min,
)
from .other_files import check_is_text
from .prodigy import WHOLE, YES_NO, prodigy_readings, write_prodigy
from .pubtator import PUBTATOR, pubtator_readings
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, TagScheme
from .record_parts import TEXT_KEYS
from .records import record_readings, write_doccano, write_hugging_face, write_records
from .sources import Source
from .spacy2 import spacy2_readings, write_spacy2
from .text import text_readings, why_not_text, write_text
from .webanno import WEBANNO, webanno_readings

SENTENCES_SHOWN, WORDS_SHOWN = 2, 8
UNKNOWN = "neither the name nor the lines tell the format"
TEXT_SUFFIXES = (".txt", ".text", ".md", "")


@dataclass(frozen=True)
class Format:
    """A format of files.

    about (str): What it looks like, in a line.
    readings (Callable): Returns the ways to read a file in this format: none if it is another one,
        several if the file does not tell which one is right.
    write (Callable | None): Writes sentences as a file. None: it has a writer of its own.
    write_plain (Callable | None): The same without comments that other tools may take for words.
    """

    about: str
    readings: Callable[[Source, ReadOptions], list[Reading]]
    write: Callable[[Iterable[Doc], IO[str]], None] | None = None
    write_plain: Callable[[Iterable[Doc], IO[str]], None] | None = None


def _columns(about: str, format: str, names: str, writes: TagScheme, **reads: Any) -> Format:
    """RETURNS (Format): One of columns.

    names (str): Its columns as they are written.
    writes (str): The scheme of the tags that are written.
    reads: The scheme that is read, if it is not any.
    """
    write = partial(write_columns, format=format, names=names, scheme=writes)
    read = partial(column_readings, format=format, **reads)
    return Format(about, read, write, partial(write, comments=False))


# In the order in which they are tried. The names of columns are asked for by --format alone, since
# all of them are read alike.
DETECTED: dict[str, Format] = {
    "spacy": Format("a .spacy file; Docs of several sentences are cut", spacy_readings),
    "brat": Format(
        "a text in a .txt file, its entities in an .ann (or .a1) file beside it", brat_readings
    ),
    WEBANNO: Format("WebAnno TSV 3, which INCEpTION exports", webanno_readings),
    PUBTATOR: Format("PubTator: titles and abstracts with their entities", pubtator_readings),
    "conll2012": Format(
        "the columns of OntoNotes 5, as the CoNLL-2012 shared task has them",
        conll2012_readings,
        write_conll2012,
    ),
    "conllu": Format(
        "the ten columns of Universal Dependencies, NER=B-PER in the last one",
        conllu_readings,
        write_conllu,
    ),
    FULL: Format("Label Studio's JSON", label_studio_readings, write_label_studio),
    MINIMAL: Format("Label Studio's JSON-MIN", label_studio_readings, write_label_studio_min),
    WHOLE: Format(
        "Prodigy: annotated sentences, and yes-or-no answers", prodigy_readings, write_prodigy
    ),
    "spacy2": Format('lists of [text, {"entities": [...]}]', spacy2_readings, write_spacy2),
    "jsonl": Format(
        "an object a line, with text and spans, or tokens and ner_tags",
        record_readings,
        write_records,
    ),
    "csv": Format(
        "a word and its tag on each row, the columns named above", csv_readings, write_csv
    ),
    CSV_TEXTS: Format("CSV with a text on each row, the columns named above", csv_text_readings),
    "columns": Format(
        "a word and its tag in columns of any kind, a blank line after each sentence",
        column_readings,
    ),
    "inline": Format(
        "text with [surface](LABEL) marks, one sentence a line", inline_readings, write_inline
    ),
    "text": Format("raw text, one paragraph a line", text_readings, write_text),
}
# Names for what the readers above read, too.
SPECIAL: dict[str, Format] = {
    "iob2": _columns("a token, a tab and an IOB2 tag", "iob2", "word\tner", "iob2", scheme="iob2"),
    "bioes": _columns(
        "a token, a tab and a tag with B-, I-, E- or S-",
        "bioes",
        "word\tner",
        "bioes",
        scheme="bioes",
    ),
    "conll2002": _columns("word and tag, a space between", "conll2002", "word ner", "iob2"),
    "conll2003": _columns(
        "word, part of speech, chunk and IOB1 tag", "conll2003", "word pos _ ner", "iob1"
    ),
    YES_NO: Format(
        "Prodigy: yes-or-no answers about single spans", partial(prodigy_readings, format=YES_NO)
    ),
    "doccano": Format("doccano's JSONL", record_readings, write_doccano),
    "hugging_face": Format("tokens and ner_tags a line", record_readings, write_hugging_face),
}
ALL_FORMATS = DETECTED | SPECIAL


def check_format(name: str) -> None:
    """RAISES (DeepALError): There is no such format to read."""
    if name != "auto" and name not in ALL_FORMATS:
        raise DeepALError(f"Unknown format {name!r}. Known: auto, {', '.join(ALL_FORMATS)}.")


def find_reading(source: Source, options: ReadOptions) -> Reading:
    """Find the one way to read a file.

    RAISES (DeepALError): There is none, or there are several: all are shown, each with the option
        that chooses it. Or the option --columns is wrong.
    """
    check_columns(options.columns)
    if source.suffix != ".spacy" and options.format != "spacy":
        check_is_text(source)
    if options.format == "auto" and (marks := annotation_beside(source.path)):
        raise DeepALError(
            f"{source.path}: its entities seem to be in {marks.name} beside it. Name {marks}, or "
            "the folder, to read both; or read the text alone with --format text."
        )
    if options.format == "auto":
        readings = _detected(source, options)
    else:
        found = ALL_FORMATS[options.format].readings(source, options)
        readings = [reading for reading in found if reading.format == options.format] or found
    if len(readings) == 1:
        return readings[0]
    if readings:
        raise DeepALError(_ambiguous(source, readings))
    raise DeepALError(_unknown(source, options))


def _detected(source: Source, options: ReadOptions) -> list[Reading]:
    if source.suffix == ".spacy":
        return spacy_readings(source, options)
    for name, format in DETECTED.items():
        if name == "columns" and source.suffix == ".csv" and not options.columns:
            continue  # they are in a sentence, or in a list
        is_text = source.suffix in TEXT_SUFFIXES and not about_data(source.name)
        if name == "text" and not is_text and any(line.strip() for _, line in source.lines()):
            return []  # a file without a line is read, and has no sentence
        if readings := format.readings(source, options):
            return readings
    return []


def _unknown(source: Source, options: ReadOptions) -> str:
    if options.format != "auto":
        more = f", with the columns {','.join(options.columns)}" if options.columns else ""
        return (
            f"{source.path} is not of the format {options.format}{more}. Leave out --format to "
            "have it detected."
        )
    if about_data(source.name):
        return (
            f"{source.path} seems to be about the data. If it is text, read it with --format text."
        )
    if source.suffix in ANNOTATION:
        return f"{source.path}: the text {source.stem}.txt is missing beside it. Put it there."
    first = next((line for _, line in source.lines() if line.strip()), "")
    if options.columns and first and _width(source) != len(options.columns):
        return (
            f"{source.path}: --columns {','.join(options.columns)} names "
            f"{len(options.columns)} columns, but most lines have {_width(source)}. Name each of "
            "them, with _ for those that are neither the word nor the tag. The first line is "
            f"{first[:80]!r}."
        )
    if source.suffix == ".csv":
        return _unknown_table(source, first)
    why = why_not_text(source) if source.suffix in TEXT_SUFFIXES else ""
    what = UNKNOWN
    if why:
        what = f"this does not seem to be raw text: {why}. If it is, use --format text"
    return (
        f"{source.path}: {what}. Name the format with --format: {', '.join(ALL_FORMATS)}. Or name "
        f"the columns, as in --columns {_example(source)}; with tags that are types alone, such as "
        f"PER, add --scheme io. The first line is {first[:80]!r}."
    )


def _example(source: Source) -> str:
    """RETURNS (str): Columns as --columns takes them, as many as most lines have."""
    width = _width(source)
    return ",".join(["word", *["_"] * (width - 2), "ner"]) if 2 <= width <= 10 else "word,_,_,ner"


def _width(source: Source) -> int:
    """RETURNS (int): How many columns most lines have."""
    lines = [line for _, line in islice(source.lines(), LINES_TO_DETECT) if line.strip()]
    widths = Counter(len(line.split(_delimiter(source, line))) for line in lines)
    return max(widths, key=widths.__getitem__, default=0)


def _delimiter(source: Source, line: str) -> str | None:
    """RETURNS (str | None): What parts the cells of a line; None for spaces."""
    if source.suffix == ".csv":
        return max(",;\t|", key=line.count)
    return "\t" if "\t" in line else None


def _unknown_table(source: Source, first: str) -> str:
    """RETURNS (str): What to do about a table that is not one of words and tags."""
    if first.startswith("sep="):
        return f"{source.path}: the first line, {first!r}, is for Excel alone. Delete it."
    delimiter = _delimiter(source, first) or ","
    named = (
        "If its rows are words and their tags such as B-PER, name the columns, as in --columns "
        "sentence,word,_,ner; with tags that are types alone, such as PER, add --scheme io."
    )
    texts = "If one of its columns has whole texts, name it, as in --text-key content."
    names = {name.strip(' "').lower() for name in first.split(delimiter)}
    remedies = [texts, named] if names & {*TEXT_KEYS} else [named, texts]
    if open_line := next((n for n, line in source.lines() if line.count('"') % 2), None):
        remedies.append(f"In line {open_line}, {OPEN}.")
    return (
        f"{source.path}: no row of names says which column has words, one in each row, and which "
        f"has tags. {' '.join(remedies)} The first line is {first[:80]!r}."
    )


def _ambiguous(source: Source, readings: list[Reading]) -> str:
    """RETURNS (str): Both readings, what each one gives, and the options that choose."""
    lines = [f"{source.path} can be read in {len(readings)} ways. Choose one of them:"]
    nlp = blank_pipeline("xx")
    for reading in readings:
        lines.append(f"{reading.choose}   ({reading.how})")
        for item in islice(reading.read(source, nlp), SENTENCES_SHOWN):
            lines.append(f"    {_shown(item)}")
    return "\n".join(lines)


def _shown(item: Any) -> str:
    if isinstance(item, BadLine):
        return f"line {item.line}: {item.message}"
    words = " ".join(token.text for token in item.doc[:WORDS_SHOWN])
    ents = ", ".join(f"{ent.text} ({ent.label_})" for ent in item.doc.ents)
    more = " …" * (len(item.doc) > WORDS_SHOWN)
    none = "no entity" if item.doc.has_annotation("ENT_IOB") else "not labelled"
    return f"{words}{more}: {ents or none}"
