"""Inline markup: a raw sentence on each line, its entities as [surface](LABEL)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError, plural
from ..sentences import sentence_id, sentence_info
from .docs import rules_of, set_spans
from .folders import SPLIT_NAMES, about_data
from .reading import BadLine, Reading, ReadOptions, Sentence, attempt, blocks
from .sources import Source
from .text import read_text
from .writing import check_labelled_whole

INLINE_ENTITY = re.compile(r"\[([^\[\]]+)\]\(([\w-]+)\)")
# A tenth of the lines that have text: fewer marks are no evidence of markup.
SHARE_OF_LINES = 0.1
# In these, lines are not sentences. They are read as markup only if that is asked for.
NOT_OF_LINES = (".yml", ".yaml", ".html", ".htm", ".xml")


def inline_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read text with marks: as markup or, if few lines have
    marks or they may be links, also as raw text. None if there is no mark. All of the file is read.
    """
    if source.suffix in NOT_OF_LINES and options.format != "inline":
        return []
    lines = marked = 0
    labels = Counter[str]()
    named_alike = False
    for _, line in source.lines():
        if line.strip():
            lines += 1
            found = [match.groups() for match in INLINE_ENTITY.finditer(line)]
            marked += bool(found)
            labels.update(label for _, label in found)
            named_alike |= any(text.lower() == label.lower() for text, label in found)
    if not labels and options.format != "inline":
        return []
    shown = ", ".join(label for label, _ in labels.most_common(5))
    markup = Reading(
        "inline",
        f"entities as [surface](LABEL): {shown}",
        "--format inline",
        partial(read_inline, options),
    )
    links = (
        named_alike
        or any(about_data(label) for label in labels)
        or (any(label.islower() for label in labels) and len(labels) * 2 > labels.total())
    )
    if (marked >= lines * SHARE_OF_LINES and not links) or not labels:
        return [markup]
    how = f"raw text: marks, which may be links, only in {marked} of {plural(lines, 'line')}"
    return [Reading("text", how, "--format text", read_text), markup]


def read_inline(
    options: ReadOptions, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read a raw sentence on each line, with entities as `[surface](LABEL)` and no other square
    brackets. A blank line ends a document; documents are named "stem-001" and so on. The genre is
    the stem of the file's name, unless that is the name of a split ("train")."""
    genre = None if source.stem.lower() in SPLIT_NAMES else source.stem
    for document, block in enumerate(blocks(source.lines()), 1):
        for number, line in block:
            yield attempt(
                _parse_inline, options, nlp, number, line, f"{source.stem}-{document:03}", genre
            )


def _parse_inline(
    options: ReadOptions, nlp: Language, number: int, line: str, doc_id: str, genre: str | None
) -> Sentence:
    text = ""
    spans = []
    at = 0
    for match in INLINE_ENTITY.finditer(line):
        text += line[at : match.start()]
        spans.append((len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        at = match.end()
    text += line[at:]
    if "[" in text or "]" in text:
        raise BadLine(number, "square brackets other than [surface](LABEL)", line)
    doc = nlp.make_doc(text)
    dropped = set_spans(doc, spans, number, **rules_of(options))
    return Sentence(doc, number, doc_id=doc_id, genre=genre, dropped=dropped)


def write_inline(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a sentence on each line, with a blank line between documents.

    RAISES (DeepALError): A sentence is not labelled as a whole, or has square brackets, line ends
        or labels that cannot stand in the markup.
    """
    before: tuple[str | None] | None = None
    for doc in docs:
        check_labelled_whole(doc, "inline")
        text = doc.text  # spaCy joins it anew each time
        if re.search(r"[\[\]\r\n]", text) or not all(
            re.fullmatch(r"[\w-]+", ent.label_) for ent in doc.ents
        ):
            raise DeepALError(
                f"The format inline cannot hold square brackets, line ends, or labels with other "
                f"characters than letters and digits, as in sentence {sentence_id(doc)}: "
                f"{text[:60]!r}. Write it as jsonl."
            )
        document = (sentence_info(doc)["doc_id"],)
        stream.write("\n" * (before not in (None, document)))
        before, at = document, 0
        for ent in doc.ents:
            stream.write(f"{text[at : ent.start_char]}[{ent.text}]({ent.label_})")
            at = ent.end_char
        stream.write(f"{text[at:]}\n")
