"""Raw text: a paragraph on each line, not labelled."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from .docs import at_ends_of_sentences
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence
from .sources import Source

# A word and what may be a tag: O, B_PER, PER-B, per; parted by any mark.
ENDS_WITH_TAG = re.compile(r"^\S.*[\s|,;/](O|[BIESLU][-_]\S+|\S+[-_][BIESLU])\s*$", re.IGNORECASE)


def text_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read raw text; none if most lines end with what may be a
    tag in a form that is not known, unless the format is asked for."""
    lines = [line for _, line in islice(source.lines(), LINES_TO_DETECT) if line.strip()]
    tagged = sum(ENDS_WITH_TAG.search(line) is not None for line in lines)
    if tagged > len(lines) / 2 and options.format != "text":
        return []
    return [Reading("text", "raw text, not labelled", "--format text", read_text)]


def read_text(source: Source, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read raw text, a paragraph on each line. spaCy's sentencizer cuts it into sentences at their
    final punctuation. The file is one document, named by its stem."""
    for number, line in source.lines():
        for doc in at_ends_of_sentences(nlp.make_doc(line.strip())):
            yield Sentence(doc, number, doc_id=source.stem)


def write_text(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write the text of a sentence on each line, without its labels."""
    for doc in docs:
        stream.write(" ".join(doc.text.split("\n")) + "\n")
