"""A batch as a text file for any editor: a sentence on each line, its entities as [Ada](PERSON).

Above each sentence stand its state and its id:

    # todo 0f6c2a
    [Ada](PERSON) saw Rome.

A backslash stands before a square bracket or a backslash that is text. A line break is written as a
backslash and n; any other character that an editor may change as a backslash and u{9}.
"""

import re
from collections.abc import Iterable, Iterator
from typing import IO
from unicodedata import category

from ..corpus.docs import CharSpan
from ..corpus.reading import BadLine
from ..corpus.sources import BYTE_ORDER_MARK, Source
from .replies import Verdict

BEGINNING = "# A batch of spacy_deepal."
STATES: dict[str, Verdict] = {
    "todo": "later",
    "done": "accept",
    "ignore": "ignore",
    "later": "later",
}
STATE_LINE = re.compile(rf"# ({'|'.join(STATES)}) (.+)", re.IGNORECASE)
PIECE = re.compile(r"\\n|\\u\{[0-9a-f]{1,6}\}|\\.|\]\(((?:[^()\\]|\\.)+)\)|.")
IN_LABEL = re.compile(r"\\(.)")
HEADER = """{beginning} The types are {labels}.
# Mark each entity, as in [Ada Lovelace](PERSON). A sentence without a mark has no entity.
# Write done in place of todo when a sentence is right; or ignore, if nobody can label it.
# Change nothing else: \\[ and \\] are square brackets of the text, \\n is a line break.
"""
EditorLine = tuple[int, str, Verdict, str, list[CharSpan]]  # line, id, verdict, text, entities


def write_editor_file(
    sentences: Iterable[tuple[str, str, Iterable[CharSpan]]], labels: Iterable[str], stream: IO[str]
) -> None:
    """Write the id, text and suggested entities of sentences, all of them to be done."""
    stream.write(HEADER.format(beginning=BEGINNING, labels=", ".join(labels)))
    for name, text, spans in sentences:
        shown, at = "", 0
        for start, end, label in sorted(spans):
            marked = re.sub(r"([()\\])", r"\\\1", label)
            shown += f"{_escape(text, at, start)}[{_escape(text, start, end)}]({marked})"
            at = end
        stream.write(f"\n# todo {name}\n{shown}{_escape(text, at, len(text))}\n")


def _escape(text: str, start: int, end: int) -> str:
    return "".join(_escape_character(text, at) for at in range(start, end))


def _escape_character(text: str, at: int) -> str:
    char = text[at]
    if char in "[]\\":
        return f"\\{char}"
    if char == "\n":
        return "\\n"
    at_an_end = at in (0, len(text) - 1) and char.isspace()
    unsafe = category(char) in ("Cc", "Zl", "Zp") or char == BYTE_ORDER_MARK
    return f"\\u{{{ord(char):x}}}" if at_an_end or unsafe else char


def is_editor_file(source: Source) -> bool:
    """RETURNS (bool): Whether a file begins as `write_editor_file` begins it."""
    first = next((line for _, line in source.lines()), "")
    return first.startswith(BEGINNING)


def read_editor_file(source: Source) -> Iterator[EditorLine | BadLine]:
    """YIELDS (EditorLine | BadLine): Each sentence, or what is wrong with it."""
    state: re.Match[str] | None = None
    is_wrong = False  # the state line: so the sentence below it cannot be taken
    for number, line in source.lines():
        if state is not None:
            try:
                yield number, state[2], STATES[state[1].lower()], *_parse_marks(number, line)
            except BadLine as error:
                yield error
            state = None
            continue
        if is_wrong:
            is_wrong = False
            continue
        state = STATE_LINE.fullmatch(line.rstrip())
        in_header = line.startswith("#") and number <= HEADER.count("\n")
        if state is None and line.strip() and not in_header:
            message = (
                f"not a line such as '# done 0f6c2a', with one of {', '.join(STATES)}, and an id"
            )
            yield BadLine(number, message, line)
            is_wrong = line.startswith("#")
    if state is not None:
        yield BadLine(number, "the file ends before the sentence", state[0])


def _parse_marks(number: int, line: str) -> tuple[str, list[CharSpan]]:
    """RETURNS (tuple): The text of a line and its entities. RAISES (BadLine): With the column."""
    text, spans, start = "", [], None
    for piece in PIECE.finditer(line):
        found = piece[0]
        column = f"column {piece.start() + 1}: "
        if found == "[":
            if start is not None:
                raise BadLine(number, f"{column}an entity begins inside of another one", line)
            start = len(text)
        elif piece[1] is not None:
            if start is None or start == len(text):
                raise BadLine(number, f"{column}an entity ends that has not begun", line)
            spans.append((start, len(text), IN_LABEL.sub(r"\1", piece[1])))
            start = None
        elif found == "]":
            message = f"{column}write ](TYPE) at the end of an entity, or \\] for a square bracket"
            raise BadLine(number, message, line)
        else:
            text += _unescape(number, column, found, line)
    if start is not None:
        raise BadLine(number, "an entity has no end, as in [Ada](PERSON)", line)
    return text, spans


def _unescape(number: int, column: str, found: str, line: str) -> str:
    if found == "\\n":
        return "\n"
    if found.startswith("\\u{"):
        code = int(found[3:-1], 16)
        if code <= 0x10FFFF:
            return chr(code)
    elif len(found) == 1 and found != "\\":
        return found
    elif found[1:] in ("[", "]", "\\"):
        return found[1:]
    raise BadLine(number, f"{column}a backslash of the text is written \\\\", line)
