"""Tags of words: IOB1, IOB2 and BIOES (also written BILUO or BMES), and how they are told apart."""

import re
from collections.abc import Collection, Iterable

from .reading import BadLine, TagScheme

TAG = re.compile(r"O|[BIESLUM]-\S+")
# How the words of one entity are marked: one that begins it, and one that comes later.
MARKS = (
    *((("B-{}", f"{later}-{{}}")) for later in "IELM"),
    ("B_{}", "I_{}"),
    ("{}-B", "{}-I"),
    ("{}_B", "{}_I"),
)
# The prefixes of IOB are themselves; E- and L- end an entity, S- and U- are one, M- is inside.
ROLES = {"L": "E", "U": "S", "M": "I"}


def full_tag(cell: str, scheme: TagScheme | None) -> str:
    """RETURNS (str): The tag of a word; with the scheme "io", a type alone is a tag of IOB1."""
    return f"I-{cell}" if scheme == "io" and cell not in ("O", "") else cell


def tags_among(types: Collection[str]) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): Two types of entities that are tags of words, such as B-PER and
    I-PER, and the type that they stand for; nothing if there are none. One alone may be meant, such
    as B-CELL, E-MAIL or I-95."""
    for begins, later in MARKS:
        pattern = re.escape(begins).replace(r"\{\}", "(.+)")
        for found in filter(None, (re.fullmatch(pattern, name) for name in sorted(types))):
            if (other := later.format(found[1])) in types:
                return found[0], other, found[1]
    return ("B", "I", "PER") if {"B", "I"} <= set(types) else ()


class SchemeFinder:
    """Looks at all tags of a file, and says by which scheme they mark entities."""

    def __init__(self) -> None:
        self.entities = 0
        self.labels: set[str] = set()
        self._before = "O"
        self._prefixes: set[str] = set()
        self._begin_with_i = self._begin_with_b = 0

    def add(self, tag: str) -> None:
        """Look at the next tag, or at "O" between two sentences."""
        if tag != "O":
            first = tag[2:] != self._before[2:]
            self._prefixes.add(tag[0])
            self.labels.add(tag[2:])
            self.entities += first or tag[0] in "BSU"
            self._begin_with_i += first and tag[0] == "I"
            self._begin_with_b += first and tag[0] == "B"
        self._before = tag

    @property
    def scheme(self) -> TagScheme:
        """BIOES if there are prefixes of its own; IOB1 if entities begin with I- and none begins
        with B- but after another of its type; otherwise IOB2, in which a stray I- is an error."""
        if self._prefixes & set("ESLUM"):
            return "bioes"
        return "iob1" if self._begin_with_i and not self._begin_with_b else "iob2"


def to_iob2(tags: Iterable[tuple[int, str]], scheme: TagScheme) -> list[str]:
    """Make IOB2 tags of those of a sentence.

    tags (Iterable[tuple[int, str]]): Each with its line. Those of "io" have I- before them.
    RAISES (BadLine): A tag cannot follow the one before it in this scheme.
    """
    result: list[str] = []
    before, goes_on, line = "O", False, 0
    of_types = scheme == "io"
    scheme = "iob1" if of_types else scheme
    for line, tag in tags:
        if of_types and tag[2:] == "o":
            message = "o is not a type. Write tags in capitals, as O, B-PER and I-PER"
            raise BadLine(line, f"{message}, and leave out --scheme io", "o")
        role, label = ROLES.get(tag[0], tag[0]), tag[2:]
        inside = role in "IE"
        if scheme != "bioes":
            goes_on = before != "O"
            if tag[0] not in "BIO":
                raise BadLine(line, f"{tag} is not a tag of {scheme.upper()}", tag)
        if inside and not (goes_on and label == before[2:]):
            if scheme == "iob2":
                message = f"{tag} after {before}: in IOB2 an entity begins with B-"
                raise BadLine(line, f"{message}. Try --scheme iob1", tag)
            if scheme == "bioes":
                raise BadLine(line, f"{tag} after {before}: no entity has begun", tag)
            inside = False
        if scheme == "bioes" and goes_on and not inside:
            raise BadLine(line, f"{tag} after {before}: the entity before has no end", tag)
        result.append(tag if tag == "O" else f"{'I' if inside else 'B'}-{label}")
        before, goes_on = tag, role in "BI"
    if scheme == "bioes" and goes_on:
        raise BadLine(line, f"{before} is the last word: the entity has no end", before)
    return result


def from_iob2(tags: list[str], scheme: TagScheme) -> list[str]:
    """RETURNS (list[str]): The tags of a sentence in another scheme."""
    result = []
    for before, tag, after in zip(["O", *tags], tags, [*tags[1:], "O"], strict=False):
        ends = after != f"I{tag[1:]}"
        if tag == "O" or scheme == "iob2":
            result.append(tag)
        elif scheme == "iob1":
            result.append(tag if before[2:] == tag[2:] else f"I{tag[1:]}")
        else:
            prefix = {("B", True): "S", ("I", True): "E"}.get((tag[0], ends), tag[0])
            result.append(prefix + tag[1:])
    return result
