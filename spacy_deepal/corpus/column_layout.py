"""What the columns of a file are: which one has the words, and which one the tags."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from ..errors import DeepALError
from .reading import LINES_TO_DETECT, Lines, ReadOptions, TagScheme
from .sources import Source
from .tags import TAG, SchemeFinder, full_tag

WORD, NER, SENTENCE, OTHER = "word", "ner", "sentence", "_"
DOCSTART = "-DOCSTART-"
IN_QUOTES = ", cells in quotes as Excel writes them"
# The types of chunks in CoNLL-2000 and CoNLL-2003, which are tagged as entities are.
CHUNKS = frozenset("NP VP PP ADVP ADJP SBAR PRT CONJP INTJ LST UCP NC VC PC".split())
COUNTER = re.compile(r"\D{0,3}\d+([.:_-]\D?\d+)*")  # 7, 1-7, T7, 0:12
TAGSET = re.compile(r"[A-Z0-9$#.,:;()\"'`*_-]+")  # as parts of speech are written
# "# x", "### x", "#x=1", "###x:1"; ";; x", "% x" and "// x".
COMMENT_START = re.compile(r"#+(?=\s|$)|#+\w+ ?[=:]|(;+|%+|//+)\s")
VALUE_COMMENT = re.compile(r"# [\w ]+ = ")
QUOTED = re.compile(r'"([^"]|"")*"')
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]+)*:(?=.)")  # before each word of WikiANN: "en:Porto"


@dataclass(frozen=True)
class ColumnLayout:
    """The columns of a file.

    names (tuple[str, ...]): What each column is: "word", "ner", or "_" for all others.
    tabs (bool): A tab parts the columns. If False, spaces and tabs do.
    scheme (str): How the tags mark entities.
    prefix (str): What stands before each word: "en:" in WikiANN.
    quoted (bool): Cells are in quotes if they have some themselves: see `has_quoted_cells`.
    """

    names: tuple[str, ...]
    tabs: bool
    scheme: TagScheme
    prefix: str = ""
    quoted: bool = False

    @property
    def word(self) -> int:
        """The number of the column of words, from 0."""
        return self.names.index(WORD)

    @property
    def ner(self) -> int:
        """The number of the column of tags, from 0."""
        return self.names.index(NER)

    def cells(self, line: str) -> list[str]:
        """RETURNS (list[str]): The cells of a line."""
        return split_cells(line, self.tabs, self.quoted)

    def tag(self, cells: Sequence[str]) -> str:
        """RETURNS (str): The tag of a word."""
        return full_tag(cells[self.ner], self.scheme)

    def fits(self, cells: Sequence[str]) -> bool:
        """RETURNS (bool): Whether cells are those of a word and its tag."""
        return (
            len(cells) == len(self.names)
            and bool(cells[self.word])
            and TAG.fullmatch(self.tag(cells)) is not None
        )

    @property
    def described(self) -> str:
        """The columns as the option --columns takes them."""
        return ",".join(self.names)


@dataclass
class ColumnCounts:
    """What the cells of one column are like, in the first lines of a file."""

    rows: int = 0
    tags: int = 0
    counters: int = 0
    digits: int = 0
    tagset: int = 0
    empty: int = 0
    changes: int = 0
    before: str | None = None

    def add(self, cell: str) -> None:
        """Look at the next cell."""
        self.rows += 1
        self.tags += TAG.fullmatch(cell) is not None
        self.counters += COUNTER.fullmatch(cell) is not None
        self.digits += re.search(r"\d", cell) is not None
        self.tagset += TAGSET.fullmatch(cell) is not None
        self.empty += cell in ("", "_", "-", "*")
        self.changes += self.before is not None and cell != self.before
        self.before = cell

    @property
    def are_tags(self) -> bool:
        return self.tags > self.rows / 2

    @property
    def may_be_words(self) -> bool:
        """Whether the column can have words: it has not tags, numbers or blanks."""
        number = self.counters > self.rows * 0.9
        return not (self.are_tags or number or self.empty > self.rows / 2)

    @property
    def may_name_sentences(self) -> bool:
        """Whether the column looks like names of sentences: with digits, each for some rows."""
        return self.digits > self.rows * 0.9 and 0 < self.changes < self.rows / 2

    @property
    def may_be_names(self) -> bool:
        """Whether the column looks like the names of documents, sentences or tokens: its cells have
        digits, or are mostly as those above."""
        return self.digits > self.rows * 0.9 or self.changes * 4 < self.rows - 1


def check_columns(columns: Sequence[str]) -> None:
    """RAISES (DeepALError): The option --columns is wrong."""
    named = sorted(name for name in columns if name != OTHER)
    if columns and named not in ([NER, WORD], [NER, SENTENCE, WORD]):
        raise DeepALError(
            f"--columns {','.join(columns)}: name one column word, one ner, one sentence if its "
            "value changes with each sentence, and all others _, as in --columns word,_,_,ner."
        )


def split_cells(line: str, tabs: bool, quoted: bool = False) -> list[str]:
    """RETURNS (list[str]): The cells of a line."""
    cells = line.split("\t") if tabs else re.split("[ \t]+", line.strip(" \t"))
    return [_unquoted(cell) if quoted else cell for cell in cells]


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if QUOTED.fullmatch(cell) else cell


def has_quoted_cells(source: Source) -> bool:
    """RETURNS (bool): Whether the cells between tabs are as Excel and pandas write them: those with
    a quote in them stand in quotes and double their own, and in Excel's so do those with a comma.
    In other files, a quote is a word."""
    for_comma = for_quote = bare_comma = False
    for _, line in source.lines():
        for cell in line.split("\t") if '"' in line or "," in line else ():
            if '"' not in cell:
                bare_comma |= "," in cell
                continue
            word = _unquoted(cell)
            if not QUOTED.fullmatch(cell) or not ('"' in word or "," in word):
                return False
            for_comma |= '"' not in word
            for_quote |= '"' in word
    return (for_comma or for_quote) and not (for_comma and bare_comma)


def find_layouts(source: Source, options: ReadOptions) -> list[ColumnLayout]:
    """Find out what the columns of a file are. All of the file is read.

    RETURNS (list[ColumnLayout]): Empty if the file is not of columns with tags; several if it can
        be read in several ways.
    """
    head = [line for _, line in islice(source.lines(), LINES_TO_DETECT)]
    rows = [line for line in head if line.strip() and not _beside_words(line)]
    if not rows:
        return []
    tabs = sum("\t" in line for line in rows) > len(rows) / 2
    width = Counter(len(split_cells(line, tabs)) for line in rows).most_common(1)[0][0]
    columns = [ColumnCounts() for _ in range(width)]
    for line in rows:
        cells = split_cells(line, tabs)
        if len(cells) == width:
            for column, cell in zip(columns, cells, strict=True):
                column.add(cell)
    if options.columns:
        tagged = [options.columns.index(NER)] if len(options.columns) == width else []
    elif columns[0].rows > len(rows) / 2:
        tagged = [i for i, column in enumerate(columns) if column.are_tags]
    else:
        tagged = []
    if not tagged:
        return []
    finders = _look_at_tags(source, tabs, width, tagged)
    names = options.columns or guess_columns(columns)
    if WORD not in names:
        return []

    def layout(at: int) -> ColumnLayout:
        marked = (NER if i == at else OTHER if n == NER else n for i, n in enumerate(names))
        cells = [split_cells(line, tabs) for line in rows]
        words = [row[names.index(WORD)] for row in cells if len(row) == width]
        scheme = options.scheme or finders[at].scheme
        return ColumnLayout(tuple(marked), tabs, scheme, _language_before(words), quoted)

    quoted = tabs and has_quoted_cells(source)
    found = list(map(layout, _with_entities(finders)))
    if options.columns or any(not line.strip() for _, line in source.lines()):
        return found
    return found + _by_sentences(found, columns)


def _by_sentences(found: list[ColumnLayout], columns: list[ColumnCounts]) -> list[ColumnLayout]:
    """RETURNS (list[ColumnLayout]): The same layouts with a column that says where sentences end,
    if one can be that."""
    named = [i for i, column in enumerate(columns) if column.may_name_sentences]
    return [
        replace(each, names=(*each.names[:i], SENTENCE, *each.names[i + 1 :]))
        for each in found
        for i in named[:1]
        if each.names[i] == OTHER
    ]


def _language_before(words: list[str]) -> str:
    """RETURNS (str): The language that stands before each word: "en:"; empty if none does."""
    found = LANGUAGE.match(words[0]) if words else None
    prefix = found[0] if found and len(words) > 1 else ""
    return prefix if all(word.startswith(prefix) for word in words) else ""


def _beside_words(line: str) -> bool:
    """RETURNS (bool): Whether a line is a comment, or begins a document."""
    return COMMENT_START.match(line) is not None or DOCSTART in line


def _look_at_tags(
    source: Source, tabs: bool, width: int, tagged: list[int]
) -> dict[int, SchemeFinder]:
    """RETURNS (dict): What the tags of some columns are like, in all of the file."""
    finders = {i: SchemeFinder() for i in tagged}
    for _, line in source.lines():
        cells = split_cells(line, tabs)
        for i, finder in finders.items():
            fits = len(cells) == width and TAG.fullmatch(cells[i])
            finder.add(cells[i] if fits else "O")
    return finders


def _with_entities(finders: dict[int, SchemeFinder]) -> list[int]:
    """RETURNS (list[int]): The columns that have entities; the last one if none has. Chunks are
    taken for entities only if there are no others."""
    named = {i: finder for i, finder in finders.items() if finder.labels - CHUNKS}
    others = [i for i, finder in finders.items() if not finder.labels]
    return [*named] or others[-1:] or [*finders][-1:]


def guess_columns(columns: list[ColumnCounts]) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): "word" for the column of words, if there is one."""
    words = [i for i, column in enumerate(columns) if column.may_be_words]
    words = [i for i in words if not columns[i].may_be_names] or words
    # Parts of speech come behind the words, or all words are in capitals too.
    small = [i for i in words if columns[i].tagset < columns[i].rows]
    word = next(iter(small or words), None)
    return tuple(WORD if i == word else OTHER for i in range(len(columns)))


def comments_and_words(block: Lines, layout: ColumnLayout) -> tuple[Lines, Lines]:
    """Part the comments before a sentence from the lines of its words. A line that begins with "#"
    and a space is a comment, unless its cells are those of a word: "# # B-NP O". "# text = " always
    begins a comment: the text may have tabs.

    block (list): The lines between two blank lines.
    RETURNS (tuple[list, list]): The comments, and the others.
    """
    at = 0
    for _, line in block:
        cells = layout.cells(line)
        wide = layout.tabs and len(cells) == len(layout.names)
        if not VALUE_COMMENT.match(line) and (
            layout.fits(cells) or wide or not COMMENT_START.match(line)
        ):
            break
        at += 1
    return block[:at], block[at:]
