"""Docs of whole documents, cut into sentences."""

from collections.abc import Iterator
from typing import cast

from spacy.pipeline import Sentencizer
from spacy.tokens import Doc
from thinc.types import Ints2d

ENTITIES: list[int | str] = ["ENT_IOB", "ENT_TYPE"]


def at_ends_of_sentences(doc: Doc) -> Iterator[Doc]:
    """Cut a Doc into sentences: at the ends of lines, and where spaCy's sentencizer finds final
    punctuation, but never inside an entity. White space around a sentence is left out.

    YIELDS (Doc): The sentences, with their entities.
    """
    entities = cast(Ints2d, doc.to_array(ENTITIES))  # the stubs of spaCy say floats
    return (part_of(doc, entities, tokens) for tokens in sentence_ranges(doc))


def sentence_ranges(doc: Doc) -> Iterator[range]:
    """YIELDS (range): The tokens of each sentence."""
    starts = Sentencizer().predict([doc])[0] if len(doc) else []
    begin = 0
    for i in range(1, len(doc) + 1):
        if i < len(doc):
            ends = starts[i] or "\n" in doc[i - 1].text
            if not ends or doc[i].ent_iob_ == "I":
                continue
        words = [token.i for token in doc[begin:i] if not token.is_space]
        if words:
            yield range(words[0], words[-1] + 1)
        begin = i


def part_of(doc: Doc, entities: Ints2d, tokens: range) -> Doc:
    """RETURNS (Doc): Some of the tokens of a Doc. The others take no time: a line may be a book."""
    own = doc[tokens.start : tokens.stop]
    spaces = [bool(token.whitespace_) for token in own]
    if not doc.has_unknown_spaces:
        spaces[-1] = False
    words = [token.text for token in own]
    part = Doc(doc.vocab, words=words, spaces=None if doc.has_unknown_spaces else spaces)
    part.from_array(ENTITIES, entities[tokens.start : tokens.stop])
    return part
