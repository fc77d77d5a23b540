"""CoNLL-U: the ten columns of Universal Dependencies, with entities in the last one (NER=B-PER).

Source: https://universaldependencies.org/format.html
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import IO, Any

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from .columns import COMMENT, NEWDOC
from .docs import tagged_doc
from .reading import (
    LINES_TO_DETECT,
    BadLine,
    Lines,
    Reading,
    ReadOptions,
    Sentence,
    TagScheme,
    attempt,
    blocks,
)
from .sources import Source
from .spans import NO_SPANS
from .tags import TAG, SchemeFinder, to_iob2
from .writing import described, iob2_tags_of

CONLLU = "conllu"
WIDTH, FORM, MISC = 10, 1, 9
NUMBER = re.compile(r"[1-9][0-9]*")  # of a word; 1-2 is a token of several words, 1.1 no word
NOT_A_WORD = re.compile(r"[0-9]+[-.][0-9]+")
LIKE_ENTITIES = re.compile(r"(?:^|\|)(NER?|Name\w*|Entity|Mention)=", re.IGNORECASE)
NO_SPACE = "SpaceAfter=No"
NO_TEXT = (
    'sentences have words that their text does not have, as "du" has no "de". So their text is not '
    "known, and models are not scored on it"
)


def conllu_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read a file of ten columns: one for each key of the last
    column that has tags, or one without labels; none if it is not CoNLL-U."""
    head = [line for _, line in islice(source.lines(), LINES_TO_DETECT)]
    rows = [line.split("\t") for line in head if line.strip() and not line.startswith("#")]
    numbered = [row for row in rows if len(row) == WIDTH and row[0][:1].isdecimal()]
    if not rows or len(numbered) <= len(rows) / 2:
        return []
    finders = {} if options.spans_key == NO_SPANS else _finders_by_key(source)
    if options.spans_key not in (None, NO_SPANS, *finders):
        raise DeepALError(
            f"{source.path}: no tags are under {options.spans_key!r} in the column MISC. The keys "
            f"with tags are: {', '.join(finders) or 'none'}. With --spans-key {NO_SPANS}, no tags "
            "are read."
        )
    keys: list[str | None] = (
        [options.spans_key] if options.spans_key in finders else [*finders] or [None]
    )
    return [
        Reading(
            CONLLU,
            f"columns FORM and {key}= in MISC" if key else "column FORM, not labelled",
            f"--spans-key {key}" if key else f"--format {CONLLU}",
            partial(
                _read, key, options.scheme or (finders[key].scheme if key in finders else "iob2")
            ),
        )
        for key in keys
    ]


def _finders_by_key(source: Source) -> dict[str, SchemeFinder]:
    """RETURNS (dict): The keys of the last column that have tags, and what these are like."""
    finders: dict[str, SchemeFinder] = {}
    for _, line in source.lines():
        found = dict(_tags_in(line.split("\t")[MISC:]))
        finders |= {key: SchemeFinder() for key in found if key not in finders}
        for key, finder in finders.items():
            finder.add(found.get(key, "O"))
    return finders


def _tags_in(misc: list[str]) -> Iterator[tuple[str, str]]:
    """YIELDS (tuple[str, str]): The keys of a MISC cell that have a tag, each with it."""
    for part in misc[0].split("|") if misc else []:
        key, equals, tag = part.partition("=")
        if equals and TAG.fullmatch(tag):
            yield key, tag


def _read(
    key: str | None, scheme: TagScheme, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read words, with the spaces between them as `# text = ` or SpaceAfter=No says, and one tag a
    word; a word without one is O. Of a token of several words, such as 1-2, the words are read. If
    they are not what the token is made of, as in "du" (de, le), no text is known."""
    info: dict[str, str] = {}
    for block in blocks(source.lines()):
        comments = [(number, line) for number, line in block if line.startswith("#")]
        rows = [(number, line) for number, line in block if not line.startswith("#")]
        for _, line in comments:
            if match := NEWDOC.fullmatch(line):
                info = {name: value for name, value in match.groupdict().items() if value}
        if rows:
            yield attempt(_parse, key, scheme, nlp, rows, comments, info)


def _parse(
    key: str | None,
    scheme: TagScheme,
    nlp: Language,
    rows: Lines,
    comments: Lines,
    info: dict[str, str],
) -> Sentence:
    words: list[str] = []
    tags, text = [], ""
    last_of_token = 0
    for number, line in rows:
        cells = line.split("\t")
        if len(cells) != WIDTH or not (
            NUMBER.fullmatch(cells[0]) or NOT_A_WORD.fullmatch(cells[0])
        ):
            raise BadLine(number, "not the ten columns of CoNLL-U", line)
        if not cells[FORM]:
            raise BadLine(number, "a row without a word", line)
        spaced = NO_SPACE not in cells[MISC].split("|")
        of_several = NOT_A_WORD.fullmatch(cells[0])
        if of_several and "-" not in cells[0]:
            continue
        if of_several or len(words) >= last_of_token:
            text += cells[FORM] + " " * spaced
        if of_several:
            last_of_token = len(words) + _count(cells[0])
            continue
        words.append(cells[FORM])
        tags.append((number, dict(_tags_in(cells[MISC:])).get(key or "", "O")))
    iob2 = None if key is None else to_iob2(tags, scheme)
    given: dict[str, Any] = {**info, **_described_in(comments)}
    named = "doc_id" in given
    note = None if key else _unread_key(rows)
    for known in (given.pop("text", None), text.rstrip(" ")):
        if known is not None and (doc := _doc_of(nlp, words, iob2, known)):
            break
    else:
        doc, note = tagged_doc(nlp, words, iob2), note or NO_TEXT
    return Sentence(doc, rows[0][0], names_document=named, note=note, **given)


def _doc_of(nlp: Language, words: list[str], tags: list[str] | None, text: str) -> Doc | None:
    """RETURNS (Doc | None): A Doc of words; None if the text does not consist of them."""
    try:
        return tagged_doc(nlp, words, tags, text)
    except BadLine:
        return None


def _unread_key(rows: Lines) -> str | None:
    """RETURNS (str | None): A note about what may be entities in another form than tags."""
    for _, line in rows:
        if found := LIKE_ENTITIES.search(line.split("\t")[MISC]):
            return f"sentences with {found[1]}= in MISC, which is not read as it has no tags"
    return None


def _described_in(comments: Lines) -> dict[str, str]:
    found = [COMMENT.fullmatch(line) for _, line in comments]
    return {match[1]: match[2] for match in found if match}


def _count(span: str) -> int:
    first, last = span.split("-")
    return int(last[:9]) - int(first[:9]) + 1


def write_conllu(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write ten columns, with what a Doc has of the others too, and NER= in the last one. White
    space that is a token of its own is left out; `# text = ` has it.

    RAISES (DeepALError): A sentence is labelled only in part.
    """
    for doc in docs:
        labelled = len(doc) > 0 and doc.has_annotation("ENT_IOB")
        tags = iob2_tags_of(doc, CONLLU) if labelled else [""] * len(doc)
        stream.write(described(doc))
        number = 0
        for token, tag in zip(doc, tags, strict=True):
            if token.is_space:
                continue
            number += 1
            misc = [f"NER={tag}"] if tag else []
            misc += [] if token.whitespace_ else [NO_SPACE]
            cells = [str(number), token.text, token.lemma_ or "_", token.pos_ or "_"]
            cells += [token.tag_ or "_", str(token.morph) or "_", "_", "_", "_"]
            stream.write("\t".join([*cells, "|".join(misc) or "_"]) + "\n")
        stream.write("\n")
