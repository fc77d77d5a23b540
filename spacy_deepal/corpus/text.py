"""Raw text: a paragraph on each line, not labelled."""

from collections.abc import Iterable, Iterator
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from .docs import at_ends_of_sentences
from .reading import BadLine, Reading, ReadOptions, Sentence
from .sources import Source


def text_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read raw text."""
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
