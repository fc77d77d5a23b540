"""What annotation tools give back, read as replies: Prodigy, doccano, Label Studio, brat, JSONL."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..corpus.brat import BRAT, entities_of, safe_name
from ..corpus.docs import CharSpan
from ..corpus.json_values import as_record, read_values
from ..corpus.label_studio import annotations_of, is_minimal, labels_of, task_record, was_skipped
from ..corpus.reading import BadLine, ReadOptions, attempt
from ..corpus.records import DISCARDED, TEXT_KEYS, VIEW, YES_NO_VIEW, asked_for_all, record_info
from ..corpus.sources import BYTE_ORDER_MARK, Source
from ..corpus.span_places import looks_like_spans
from ..corpus.spans import parse_spans
from ..sentences import sentence_id
from .editor_file import is_editor_file, read_editor_file
from .replies import Reply, Verdict
from .shown_file import Shown

VERDICTS: dict[Any, Verdict] = {
    "accept": "accept",
    "reject": "reject",
    "ignore": "ignore",
    "later": "later",
    "skip": "later",
}
# Who answered, as JSON-MIN of Label Studio and our own lines name it, and as Prodigy does.
ANNOTATOR, SESSION = "annotator", "_annotator_id"
DOCCANO = "doccano"
RANK = "rank"  # a column of ours that doccano gives back
TASK_HASH = "_task_hash"  # with it, but without an answer, a record is a question of Prodigy


class Known:
    """The sentences that answers may be about.

    labels (Iterable[str]): Their types; with none, any may be given.
    shown (Iterable[Shown]): What people were shown.
    """

    def __init__(
        self, docs: Iterable[Doc], labels: Iterable[str] = (), shown: Iterable[Shown] = ()
    ) -> None:
        self.docs = {sentence_id(doc): doc for doc in docs}
        self.labels = tuple(labels)
        texts = Counter(doc.text for doc in self.docs.values())
        self._by_text = {d.text: d for d in self.docs.values() if texts[d.text] == 1}
        self._by_file = {safe_name(name): doc for name, doc in self.docs.items()}
        self._shown: dict[tuple[str, str], list[set[CharSpan]]] = defaultdict(list)
        for row in shown:
            self._shown[row.tool, row.id].append(set(row.spans))

    def find(self, name: str | None, text: str | None, number: int) -> Doc:
        """Find a sentence by its id. If the text is another one, or there is no such id, find it by
        its text: tools may number texts anew.

        RAISES (BadLine): There is none, or its text is another one.
        """
        doc = self.docs.get(name or "")
        if text is not None and (doc is None or doc.text != text):
            doc = self._by_text.get(text, doc)
        if doc is None and name is None:
            raise BadLine(number, 'not an object with an "id"', text or "")
        if doc is None:
            raise BadLine(number, f"no sentence that was asked for has the id {name!r}", text or "")
        self._check_text(doc, text, number)
        return doc

    def find_file(self, stem: str, text: str) -> Doc:
        """`find` a sentence by the name of the file in which it was written."""
        if stem not in self._by_file:
            raise BadLine(1, f"no sentence that was asked for has the id {stem!r}", text)
        self._check_text(self._by_file[stem], text, 1)
        return self._by_file[stem]

    def _check_text(self, doc: Doc, text: str | None, number: int) -> None:
        if text is not None and text != doc.text:
            message = f"the text was changed, so offsets may be wrong; it was {doc.text!r}"
            raise BadLine(number, message, text)

    def was_shown(self, tool: str, reply: Reply) -> bool:
        """RETURNS (bool): Whether a reply is what went out to a tool: perhaps nobody has looked at
        the sentence."""
        return set(reply.spans) in self._shown.get((tool, reply.id), [])

    def check_labels(self, spans: Iterable[CharSpan], number: int) -> None:
        """RAISES (BadLine): An entity has a type that was not asked for."""
        for _, _, label in spans:
            if self.labels and label not in self.labels:
                message = f"{label!r} is none of the types {', '.join(self.labels)}"
                raise BadLine(number, message)


class Told(NamedTuple):
    """What a file says about one sentence.

    replies (list[Reply]): Of each annotator; none if nobody answered.
    unchanged (bool): It says what went out, and the tool does not tell whether that is an answer.
    """

    id: str
    replies: list[Reply]
    unchanged: bool = False


def read_answers(source: Source, known: Known, options: ReadOptions) -> Iterator[Told | BadLine]:
    """Read a file of answers. Its content tells which tool has written it.

    YIELDS (Told | BadLine): What it says of each sentence; what is wrong, with its line.
    """
    if source.suffix == ".ann":
        yield attempt(_of_brat, known, options, source)
    elif is_editor_file(source):
        for line in read_editor_file(source):
            yield line if isinstance(line, BadLine) else attempt(_of_editor, known, source, *line)
    else:
        for item in read_values(source):
            if isinstance(item, BadLine):
                yield item
            else:
                number, value = item
                name = _name_of(value)
                where = f"{_place(source)}{f', {name}' if name else f':{number}'}"
                told = attempt(of_value, known, options, where, number, value)
                if name and isinstance(told, BadLine):  # often the whole file is one line
                    told = BadLine(number, f"{name}: {told.message}", told.text)
                yield told


def describe_unread(where: str, wrong: BadLine) -> str:
    """RETURNS (str): An answer that cannot be read: its place, what is wrong, its text if known."""
    text = f": {wrong.text[:80]}" if wrong.text else ""
    return f"{where}: {wrong.message}{text}"


def _name_of(value: Any) -> str:
    """RETURNS (str): How Label Studio names a task or, in JSON-MIN, an annotation; or empty."""
    if isinstance(value, dict) and isinstance(value.get("data"), dict) and value.get("id"):
        return f"task {value['id']}"
    if isinstance(value, dict) and is_minimal(value):
        return f"annotation {value['annotation_id']}"
    return ""


def _place(source: Source) -> str:
    """RETURNS (str): A file and its folder, for messages: two people may give theirs one name."""
    return "/".join(source.path.resolve().parts[-2:])


def of_value(known: Known, options: ReadOptions, where: str, number: int, value: Any) -> Told:
    """RETURNS (Told): What a record, or a task of Label Studio, says. RAISES (BadLine): It is
    malformed, or about no sentence that was asked for."""
    value = as_record(number, value)
    if isinstance(value.get("data"), dict):
        return _of_task(known, options, where, number, value)
    reply = reply_of_record(known, options, where, number, value)
    of_doccano = RANK in value and "answer" not in value and not is_minimal(value)
    return _told(reply, of_doccano and known.was_shown(DOCCANO, reply))


def reply_of_record(
    known: Known, options: ReadOptions, where: str, number: int, record: dict[str, Any]
) -> Reply:
    """RETURNS (Reply): What a record of Prodigy, doccano or any JSONL says. RAISES (BadLine): As
    `of_value`."""
    keys = [options.text_key] if options.text_key else TEXT_KEYS
    text = next((record[key] for key in keys if isinstance(record.get(key), str)), None)
    doc = known.find(record_info(record, number).get("id"), text, number)
    verdict, single = _verdict(record, number), record.get(VIEW) == YES_NO_VIEW
    spans: list[CharSpan] | None = []
    if verdict == "accept" or (single and verdict == "reject"):
        spans = parse_spans(record, doc.text, number, options)
        none_are_there = is_minimal(record) and not any(map(looks_like_spans, record.values()))
        none_are_there |= "answer" in record and asked_for_all(record)
        if spans is None and not none_are_there:
            message = 'no "spans"; a sentence without entities has an empty list'
            raise BadLine(number, message, doc.text)
    known.check_labels(spans or (), number)
    who = (record.get(key) for key in (ANNOTATOR, SESSION))
    by = next((str(name) for name in who if isinstance(name, str | int)), "")
    return Reply(sentence_id(doc), verdict, tuple(spans or ()), single, where, by)


def _verdict(record: dict[str, Any], number: int) -> Verdict:
    if record.get("status") in DISCARDED:
        return "ignore"
    answer = record.get("answer", "later" if TASK_HASH in record else "accept")
    if not isinstance(answer, str) or answer not in VERDICTS:
        raise BadLine(number, f"the answer {answer!r} is none of {', '.join(VERDICTS)}")
    return VERDICTS[answer]


def _of_task(
    known: Known, options: ReadOptions, where: str, number: int, task: dict[str, Any]
) -> Told:
    record = task_record(task, number, options.text_key)
    name = record_info(record, number).get("id")
    doc = known.find(name, record["text"], number)
    own, replies = replace(options, spans_key=None), []  # that is a key of records
    for annotation in sorted(annotations_of(task, number), key=_time_of):
        shown, by = _author(annotation)
        at = f"{where}, annotation {annotation.get('id', '?')}{shown}"
        verdict: Verdict = "ignore" if was_skipped(annotation) else "accept"
        spans: list[CharSpan] = []
        if verdict == "accept":
            given = {"spans": labels_of(annotation, number)}
            spans = parse_spans(given, doc.text, number, own) or []
            known.check_labels(spans, number)
        replies.append(Reply(sentence_id(doc), verdict, tuple(spans), False, at, by))
    return Told(sentence_id(doc), replies)


def _time_of(annotation: dict[str, Any]) -> str:
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _author(annotation: dict[str, Any]) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Who annotated, for messages and as JSON-MIN has it; empty if that
    is not known."""
    who = annotation.get("completed_by")
    names = [who.get("email"), who.get("id")] if isinstance(who, dict) else [who]
    known = [str(name) for name in names if name]
    return (f" by {known[0]}", known[-1]) if known else ("", "")


def _of_brat(known: Known, options: ReadOptions, source: Source) -> Told:
    text = source.text.read_text().removeprefix(BYTE_ORDER_MARK) if source.text else ""
    doc = known.find_file(source.stem, text)
    entries, _ = entities_of(source)
    own = replace(options, spans_key=None)  # that is a key of records
    spans = parse_spans({"spans": entries}, re.sub(r"[\r\n]", " ", doc.text), 1, own) or []
    known.check_labels(spans, 1)
    where = _place(source)
    reply = Reply(sentence_id(doc), "accept", tuple(spans), False, where)
    return _told(reply, known.was_shown(BRAT, reply))


def _of_editor(
    known: Known,
    source: Source,
    number: int,
    name: str,
    verdict: Verdict,
    text: str,
    spans: list[CharSpan],
) -> Told:
    doc = known.find(name, text, number)
    known.check_labels(spans, number)
    where = f"{_place(source)}:{number}"
    return _told(Reply(sentence_id(doc), verdict, tuple(spans), False, where))


def _told(reply: Reply, unchanged: bool = False) -> Told:
    """RETURNS (Told): What one reply says. One that puts the sentence off says nothing."""
    return Told(reply.id, [] if reply.verdict == "later" else [reply], unchanged)
