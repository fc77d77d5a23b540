"""Docs of whole documents, cut into sentences."""

from collections.abc import Iterator
from typing import cast
from unicodedata import category

from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Token
from thinc.types import Ints2d

ENTITIES: list[int | str] = ["ENT_IOB", "ENT_TYPE"]


def at_ends_of_sentences(doc: Doc) -> Iterator[Doc]:
    """Cut a Doc into sentences: at the ends of lines, and where spaCy's sentencizer finds final
    punctuation, but never inside an entity. A mark that opens a quotation, a bracket or a question
    belongs to the sentence that it opens. White space around a sentence is left out.

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
        end = _before_opening_marks(doc, begin, i) if i < len(doc) else i
        words = [token.i for token in doc[begin:end] if not token.is_space]
        if words:
            yield range(words[0], words[-1] + 1)
        begin = end


def _before_opening_marks(doc: Doc, begin: int, end: int) -> int:
    """RETURNS (int): Where the tokens [begin, end) of a sentence end that belong to it: spaCy's
    sentencizer counts all punctuation after a full stop to its sentence."""
    first = end
    while first > begin + 1 and _may_open(doc[first - 1]):
        first -= 1
    # A mark that may also close, such as ", opens where white space is before it.
    while first < end and not (_opens(doc[first]) or _is_after_space(doc[first])):
        first += 1
    return first


def _may_open(token: Token) -> bool:
    if token.whitespace_:  # as in French
        always = category(token.text[0]) == "Ps" or token.text == "«"
        return always and _is_after_space(token)
    return _opens(token) or category(token.text[0]) == "Pf" or token.text in ('"', "'")


def _opens(token: Token) -> bool:
    return category(token.text[0]) in ("Ps", "Pi") or token.text in ("¿", "¡")


def _is_after_space(token: Token) -> bool:
    before = token.nbor(-1)
    return bool(before.whitespace_) or before.is_space


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
