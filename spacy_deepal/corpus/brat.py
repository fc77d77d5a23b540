"""brat: a text in a .txt file, and its entities in the .ann file beside it.

Source: https://brat.nlplab.org/standoff.html
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from ..files import draft_beside, replace_folder
from ..sentences import sentence_id
from .docs import labelled_sentences
from .folders import ANNOTATION
from .reading import BadLine, Reading, ReadOptions, Sentence
from .sources import BYTE_ORDER_MARK, Source
from .spans import parse_spans
from .writing import check_labelled_whole

BRAT = "brat"
BRAT_ENTITY = re.compile(r"T\d+\t(\S+) (\d{1,9}) (\d{1,9})\t(.*)")
IN_PARTS = re.compile(r"T\d+\t\S+ \d+ \d+;")
NOT_BRAT_ENTITY = re.compile(
    r"[REAMN]\d+\t|[#*]"
)  # relations, events, attributes, references and notes
UNSAFE = re.compile(r"[^\w.-]")


def brat_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read an .ann file; none for other files."""
    if source.suffix not in ANNOTATION or source.text is None:
        return []
    how = f"the entities of {source.text.name}"
    return [Reading(BRAT, how, f"--format {BRAT}", partial(read_brat, options))]


def read_brat(options: ReadOptions, source: Source, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a text and its entities as one document, named by its stem. It is cut into sentences as
    raw text is, but never inside an entity. Relations, events and notes are passed over.

    RAISES (DeepALError): There is no text beside the file.
    """
    if source.text is None:
        raise DeepALError(f"{source.path}: the text {source.stem}.txt is missing beside it.")
    # A byte order mark counts as a character.
    text = source.text.read_text().replace(BYTE_ORDER_MARK, " ")
    try:
        entries, others = entities_of(source)
        doc = nlp.make_doc(text)
        # Where an entity goes over a line's end, brat writes a space.
        spans = parse_spans({"spans": entries}, re.sub(r"[\r\n]", " ", text), 1, options)
    except BadLine as error:
        yield error
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in others.items())
    note = f"annotations other than entities are passed over ({kinds})" if others else None
    yield from labelled_sentences(doc, spans or [], options, 1, doc_id=source.stem, note=note)


def entities_of(source: Source) -> tuple[list[dict[str, Any]], Counter[str]]:
    """RETURNS (tuple): The entities of an .ann file, and how many lines it has of other kinds.

    RAISES (BadLine): A line is neither.
    """
    entries, others = [], Counter[str]()
    for number, line in source.lines():
        if match := BRAT_ENTITY.fullmatch(line):
            label, start, end, surface = match.groups()
            entries.append({"start": int(start), "end": int(end), "label": label, "text": surface})
        elif NOT_BRAT_ENTITY.match(line):
            others[line[0]] += 1
        elif line.strip():
            message = "not an entity such as T1, PER 0 7, Mia in three columns"
            if IN_PARTS.match(line):
                message = "an entity in several parts, which no tags can mark. Keep one part"
            raise BadLine(number, f"{message}. All of the text is left out", line)
    return entries, others


def safe_name(name: str) -> str:
    """RETURNS (str): The name of the files of a sentence, without suffix, made of its id."""
    return UNSAFE.sub("_", name)


def write_brat(docs: Iterable[Doc], folder: Path, configuration: str = "") -> None:
    """Write a folder with a text and its entities for each sentence, named by its id.

    configuration (str): The text of brat's annotation.conf. With "", there is none.
    RAISES (DeepALError): A sentence is not labelled as a whole, or the folder is there and has
        anything else in it.
    """
    with draft_beside(folder) as draft:
        for doc in docs:
            check_labelled_whole(doc, BRAT)
            name = safe_name(sentence_id(doc))
            if (draft / f"{name}.txt").exists():
                raise DeepALError(f"Two sentences would be written to {name}.txt.")
            (draft / f"{name}.txt").write_bytes(doc.text.encode())
            lines = (
                f"T{number}\t{ent.label_} {ent.start_char} {ent.end_char}\t"
                + re.sub(r"[\r\n]", " ", ent.text)
                + "\n"
                for number, ent in enumerate(doc.ents, 1)
            )
            (draft / f"{name}.ann").write_bytes("".join(lines).encode())
        if configuration:
            (draft / "annotation.conf").write_text(configuration, encoding="utf8")
        if not folder.exists():
            replace_folder(draft, folder)
        elif not _is_same(draft, folder):
            raise DeepALError(f"{folder} is there already. Name a new folder.")


def _is_same(draft: Path, folder: Path) -> bool:
    """RETURNS (bool): Whether a folder has the files of a draft, as they are there, and no other
    ones."""
    names = {path.name for path in draft.iterdir()}
    if not folder.is_dir() or names != {path.name for path in folder.iterdir()}:
        return False
    pairs = ((draft / name, folder / name) for name in names)
    return all(new.is_file() and new.read_bytes() == old.read_bytes() for old, new in pairs)
