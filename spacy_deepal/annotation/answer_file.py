"""labelled.jsonl: all answers about a round's batch as they came, a JSON object on each line.

People may write it themselves, as any tool does that exports JSONL. `spacy deepal pull` adds to it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from spacy.tokens import Doc

from ..corpus.json_values import parse_record
from ..corpus.reading import BadLine, ReadOptions
from ..corpus.records import VIEW, YES_NO_VIEW
from ..corpus.sources import read_lines
from ..files import read_json, to_json_line, write_atomically, write_json
from .replies import Reply, Rules
from .tool_answers import ANNOTATOR, Known, reply_of_record

LABELLED, RULES = "labelled.jsonl", "rules.json"
SOURCE, WHERE = "source", "where"  # what `pull` adds: the project or file, and the place in it


class ReadReplies(NamedTuple):
    """What a file of answers says. problems (list[str]): Lines that cannot be read."""

    replies: list[Reply]
    problems: list[str]


def read_replies(file: Path, docs: Iterable[Doc]) -> ReadReplies:
    """Read the answers about a batch. A line needs "id" and "spans", each with "start", "end"
    (characters) and "label"; also keys as Prodigy and doccano name them.

    file (Path): Where they are. Without such a file, there are none.
    docs (Iterable[Doc]): The sentences of the batch.
    """
    known, read = Known(docs), ReadReplies([], [])
    for number, line in read_lines(file) if file.exists() else ():
        if not line.strip():
            continue
        here = f"{file.name}, line {number}"
        try:
            record = parse_record(number, line)
            where = str(record.get(WHERE) or here)  # people find an answer where they gave it
            read.replies.append(reply_of_record(known, ReadOptions(), where, number, record))
        except BadLine as error:
            read.problems.append(f"{here}: {error.message}: {line[:80]}")
    return read


def add_replies(
    file: Path, replies: Iterable[Reply], source: str, about: Collection[str], texts: dict[str, str]
) -> int:
    """Put what a source says now in the place of what it said before about the same sentences.
    What others said, and what it said about other sentences, stays.

    source (str): What gives the answers: a project, or the path of a file.
    about (Collection[str]): The sentences about which the source speaks, also to say nothing.
    texts (dict[str, str]): The texts of the sentences.
    RETURNS (int): The number of sentences about which it says something new.
    """
    with FileLock(file.with_name(f".{file.name}.lock")):  # two may pull at once
        return _replace(file, replies, source, about, texts)


def _replace(
    file: Path, replies: Iterable[Reply], source: str, about: Collection[str], texts: dict[str, str]
) -> int:
    """As `add_replies`, while nobody else writes."""
    before, said = list(_records(file)), defaultdict(list)
    for _, record in before:
        if record.get(SOURCE) == source:
            said[record.get("id")].append(record)
    new = defaultdict(list)
    for reply in replies:
        new[reply.id].append(_record(reply, source, texts[reply.id]))
    changed = {name for name in about if _answers(said[name]) != _answers(new[name])}
    # What has not changed keeps its place: the last answer may be the one that counts. Its place in
    # the source may be another one now.
    same = {name: iter(new[name]) for name in about if name not in changed}
    lines = []
    for line, record in before:
        name = record.get("id")
        if record.get(SOURCE) != source or name not in about:
            lines.append(line)
        elif name in same:
            lines.append(to_json_line(next(same[name])))
    lines += [to_json_line(record) for name in new if name in changed for record in new[name]]
    if lines != [line for line, _ in before]:
        with write_atomically(file) as stream:
            for line in lines:
                print(line, file=stream)
    return len(changed)


def sources_of(file: Path) -> dict[str, set[str]]:
    """RETURNS (dict): By the id of a sentence, what has given answers about it: the sources of
    `add_replies`, and an empty string for a line of a person's own."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, record in _records(file):
        found[str(record.get("id"))].add(str(record.get(SOURCE, "")))
    return found


def write_rules(folder: Path, rules: Rules) -> None:
    """Note in the folder of a round by which rules its answers are read."""
    if rules != read_rules(folder):
        write_json(folder / RULES, asdict(rules))


def read_rules(folder: Path) -> Rules:
    """RETURNS (Rules): Those that were noted last; by default, those of an oracle without any."""
    file = folder / RULES
    return (
        Rules(**read_json(file, "Delete it: the run writes it anew.")) if file.exists() else Rules()
    )


def _records(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """YIELDS (tuple): Each line that is not blank, and what it holds; nothing if it cannot be read,
    which whoever reads the answers reports."""
    for number, line in read_lines(file) if file.exists() else ():
        if line.strip():
            try:
                yield line, parse_record(number, line)
            except BadLine:
                yield line, {}


def _answers(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): What records say, wherever they were found."""
    return [{key: record[key] for key in record if key != WHERE} for record in records]


def _record(reply: Reply, source: str, text: str) -> dict[str, Any]:
    spans = [{"start": start, "end": end, "label": label} for start, end, label in reply.spans]
    view = {VIEW: YES_NO_VIEW} if reply.single else {}
    said = {"id": reply.id, "text": text, "spans": spans, "answer": reply.verdict, **view}
    by = {ANNOTATOR: reply.by} if reply.by else {}
    return {**said, **by, SOURCE: source, WHERE: reply.where}
