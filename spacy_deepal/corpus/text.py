"""Raw text: a paragraph on each line, not labelled."""

from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc

from .sources import BadLine, Sentence, read_lines


def read_text(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read raw text, a paragraph on each line. spaCy's sentencizer cuts it into sentences at their
    final punctuation. The file is one document, named by its stem."""
    sentencizer = Sentencizer()
    for number, line in read_lines(file):
        if line.strip():
            for sentence in sentencizer(nlp.make_doc(line.strip())).sents:
                words = [token.text for token in sentence]
                spaces = [bool(token.whitespace_) for token in sentence[:-1]]
                doc = Doc(nlp.vocab, words=words, spaces=[*spaces, False])
                yield Sentence(doc, number, doc_id=file.stem)
