"""Columns: a word and its tag on each line, with a blank line after each sentence.

CoNLL-2002 and CoNLL-2003, IOB2, BIOES, GermEval, MultiCoNER, Universal NER: all are read here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import IO, Any

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from ..sentences import sentence_id
from .column_layout import (
    DOCSTART,
    IN_QUOTES,
    NER,
    SENTENCE,
    WORD,
    ColumnLayout,
    comments_and_words,
    find_layouts,
)
from .csv_table import TAGS, WORDS
from .docs import tagged_doc
from .reading import BadLine, Lines, Reading, ReadOptions, Sentence, TagScheme, attempt, blocks
from .sources import Source
from .tags import from_iob2, to_iob2
from .writing import described, iob2_tags_of

COMMENT = re.compile(r"#\s*(id|genre|doc_id|text) = (.*)", re.DOTALL)
NO_BLANK_LINE = (
    "files are one sentence, as they have no blank line. If a column names sentences, name it as "
    "in --columns sentence,word,ner"
)
NEWDOC = re.compile(r"# newdoc id = (?P<doc_id>(?:(?P<genre>[a-z]+)-)?.+)")


def column_readings(
    source: Source, options: ReadOptions, format: str = "columns", scheme: TagScheme | None = None
) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read a file of columns: one for each column of tags.

    format (str): The name of the format that is asked for.
    scheme (str | None): That of this format. None: any.
    """
    return [
        Reading(
            format,
            f"columns {layout.described}, {layout.scheme.upper()}"
            + (f", words without {layout.prefix!r}" if layout.prefix else "")
            + IN_QUOTES * layout.quoted,
            f"--columns {layout.described}",
            partial(read_columns, layout),
        )
        for found in find_layouts(source, options)
        for layout in [replace(found, scheme=options.scheme or scheme or found.scheme)]
    ]


def read_columns(
    layout: ColumnLayout, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read words and tags. A line -DOCSTART- begins a document; documents are named "stem-0001" and
    so on.

    Before a sentence, the comments `# id = `, `# genre = `, `# doc_id = ` and `# text = ` describe
    it; if the text is given, the text of the Doc equals it. The comment `# newdoc id = ` of
    Universal Dependencies stands before the first sentence of a document. As in the English Web
    Treebank, such an id may begin with a genre: "weblog-x".
    """
    documents = 0
    info: dict[str, str] = {}
    names_document = False
    is_cut = SENTENCE in layout.names or any(not line.strip() for _, line in source.lines())
    for block in blocks(_lines(layout, source)):
        rows = [row for row in block if DOCSTART not in layout.cells(row[1])]
        if len(rows) < len(block):
            documents += 1
            info, names_document = {"doc_id": f"{source.stem}-{documents:04}"}, False
        comments, rows = comments_and_words(rows, layout)
        for _, line in comments:
            if match := NEWDOC.fullmatch(line):
                info = {key: value for key, value in match.groupdict().items() if value}
                names_document = True
        if rows:
            item = attempt(_parse, layout, nlp, rows, comments, info)
            if isinstance(item, Sentence) and names_document:
                item = replace(item, names_document=True)
            if isinstance(item, Sentence) and not is_cut:
                item = replace(item, note=NO_BLANK_LINE)
            yield item


def _lines(layout: ColumnLayout, source: Source) -> Iterator[tuple[int, str]]:
    """YIELDS (tuple[int, str]): The lines, and a blank one where the sentence's name changes."""
    if SENTENCE not in layout.names:
        yield from source.lines()
        return
    before, at = None, layout.names.index(SENTENCE)
    for number, line in source.lines():
        cells = layout.cells(line)
        if layout.fits(cells):
            if before not in (None, cells[at]):
                yield number, ""
            before = cells[at]
        yield number, line


def _parse(
    layout: ColumnLayout, nlp: Language, rows: Lines, comments: Lines, info: dict[str, str]
) -> Sentence:
    words, tags = [], []
    for number, line in rows:
        cells = layout.cells(line)
        if not layout.fits(cells):
            message = f"not the columns {layout.described} with a tag{_remedy(cells, layout)}"
            raise BadLine(number, message, line)
        word = cells[layout.word]
        words.append(word.removeprefix(layout.prefix) or word)
        tags.append((number, layout.tag(cells)))
    given = {key: (0, value) for key, value in info.items()}
    for number, line in comments:
        if match := COMMENT.fullmatch(line):
            given[match[1]] = number, match[2]
    place, text = given.pop("text", (0, None))
    doc = tagged_doc(nlp, words, to_iob2(tags, layout.scheme), text, place)
    named = given.get("doc_id", (0, ""))[0] > 0
    values: dict[str, Any] = {key: value for key, (_, value) in given.items()}
    return Sentence(doc, rows[0][0], names_document=named, **values)


def _remedy(cells: list[str], layout: ColumnLayout) -> str:
    """RETURNS (str): What to do about the cells of a line that are not a word and a tag, if they
    may be names of columns or a word and its type."""
    if len(cells) != len(layout.names):
        return ""
    if cells[layout.word].lower() in WORDS or cells[layout.ner].lower() in TAGS:
        return ". If these are the names of the columns, delete the line"
    if cells[layout.ner] in ("B", "I"):
        command = r"sed -E 's/(\s)([BI])$/\1\2-PER/' FILE > NEW"
        return f". A tag needs a type. If there is one type alone: `{command}`"
    if cells[layout.ner].rstrip("O").isalpha():
        return f". Types alone are read with --columns {layout.described} --scheme io"
    return ""


def write_columns(
    docs: Iterable[Doc],
    stream: IO[str],
    *,
    format: str,
    names: str,
    scheme: TagScheme,
    comments: bool = True,
) -> None:
    """Write words and tags, and what is known of each sentence in comments before it.

    format (str): The name of the format.
    names (str): The columns, parted as in the file: "word\tner".
    comments (bool): Write the comments, which other tools may take for words.
    RAISES (DeepALError): A word or a label has white space in it, or is not labelled.
    """
    for doc in docs:
        known = described(doc)
        stream.write(known if comments else "")
        for token, tag in zip(doc, from_iob2(iob2_tags_of(doc, format), scheme), strict=True):
            if token.is_space and ("# text = " in known or not comments):
                continue  # it is in the text, if at all
            if re.search(r"[\t\r\n]" if "\t" in names else r"[ \t\r\n]", token.text + tag):
                raise DeepALError(
                    f"The format {format} cannot hold white space in {token.text!r} or its tag "
                    f"{tag!r}, in sentence {sentence_id(doc)}. Write it as spacy or jsonl."
                )
            cells = {WORD: token.text, NER: tag, "pos": token.tag_ or "_"}
            stream.write("".join(cells.get(name, name) for name in re.split(r"\b", names)) + "\n")
        stream.write("\n")
