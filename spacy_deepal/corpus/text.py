"""Raw text: a paragraph on each line, not labelled."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from .cutting import at_ends_of_sentences
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence
from .sources import Source

MARKED = re.compile(
    r"""
    <([A-Za-z][\w.-]*)(\s[^<>]*)?>[^<>]*</\1\s*>   # <PER>Mia</PER>
    | <START(:[^<>]+)?>                             # <START:person> Mia <END>
    | \[[A-Z]{2,}[ :|][^\[\]]+\]                    # [PER Mia]
    | \{\{?[A-Z][\w-]*[:|][^{}]+\}                  # {{PER:Mia}}
    | \][({]\W*entity\W.*[)}]                       # [Mia]{"entity": "PER"}
    | \S[_|/\\][BIESLU]-\w+(?=\s|$)                 # Mia/B-PER
    | \S_O(?=\s|$)                                  # left_O
    """,
    re.VERBOSE,
)
VECTOR = re.compile(r"^\S+( -?\d+\.\d+(e-?\d+)?){2,}\s*$")
CODE = re.compile(
    r"""
    ^\s*[{\[(]\s*["'{\[(]    # {"text": [["Mia
    | ^\s*\w+\s*=\s*[{\[(]    # TRAIN_DATA = [
    | ^\s*<[?!/A-Za-z][^<>]*>  # <html>
    """,
    re.VERBOSE,
)
# A word and what may be a tag: O, B_PER, PER-B, per; parted by any mark.
ENDS_WITH_TAG = re.compile(r"^\S.*[\s|,;/](O|[BIESLU][-_]\S+|\S+[-_][BIESLU])\s*$", re.IGNORECASE)
# The share of lines that must show that a file is not raw text, and what they show.
SIGNS = (
    (MARKED, 0.1, "lines have marks"),
    (CODE, 0.3, "lines begin as JSON, code or XML do"),
    (VECTOR, 0.5, "lines are words with vectors"),
    (ENDS_WITH_TAG, 0.5, "lines end with what may be a tag"),
)
MOST = 0.9


def text_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read raw text; none if the lines seem to be annotated or
    to be code, unless the format is asked for."""
    if options.format != "text" and why_not_text(source):
        return []
    return [Reading("text", "raw text, not labelled", "--format text", read_text)]


def why_not_text(source: Source) -> str:
    """RETURNS (str): What shows that a file is not raw text; empty if nothing does."""
    lines = [line for _, line in islice(source.lines(), LINES_TO_DETECT) if line.strip()]
    for pattern, share, what in SIGNS:
        found = [match for line in lines if (match := pattern.search(line))]
        if len(found) > len(lines) * share:
            return f"{what}, such as {found[0][0].strip()[:40]!r}"
    widths = Counter(len(line.split("\t")) for line in lines)
    if not widths:
        return ""
    width, count = widths.most_common(1)[0]
    if width > 1 and count > len(lines) * MOST and len(lines) > 1:
        return f"lines have {width} columns between tabs"
    cells = [line.split() for line in lines]
    if all(len(row) == len(cells[0]) > 1 for row in cells) and any(row[-1] == "O" for row in cells):
        return f"lines have {len(cells[0])} columns, and 'O' in the last one"
    return ""


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
