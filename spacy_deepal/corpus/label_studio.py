"""Label Studio: its JSON of tasks with annotations, and the smaller JSON-MIN."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import IO, Any

from spacy.language import Language
from spacy.tokens import Doc

from ..sentences import INFO_KEYS
from .json_values import first_records, parse_each, shown
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence
from .record_parts import TEXT_KEYS
from .records import check_spans_key, parse_sentence
from .sources import Source
from .span_places import SPAN_KEYS, looks_like_spans, places_of_spans
from .spans import NO_SPANS
from .writing import check_labelled_whole, is_labelled, spans_of, text_record, write_list

FULL, MINIMAL = "label_studio", "label_studio_min"
NOT_SPANS = ("relation", "choices", "textarea", "rating", "taxonomy", "pairwise")
ANNOTATION_KEYS = ("annotations", "completions")
TASK_KEYS = (*ANNOTATION_KEYS, "data", "predictions", "drafts", "meta")  # which may hold spans
# What JSON-MIN says of an annotation.
MINIMAL_KEYS = ("annotation_id", "annotator", "created_at", "updated_at", "lead_time")


def label_studio_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read a file of Label Studio; none if it is another."""
    records = first_records(source, LINES_TO_DETECT)
    parse: Any = _parse_task
    if records and isinstance(records[0].get("data"), dict):
        format, how = FULL, "data and the results of annotations"
        others = _other_results(records)
    elif records and is_minimal(records[0]):
        format, how = MINIMAL, "text, and the spans of one annotation"
        parse = _parse_minimal
        check_spans_key(source, records, options)
        others = _other_answers(records)
    else:
        return []
    readings = [Reading(format, how, f"--format {format}", partial(_read, parse, options))]
    if others and options.format == "auto" and options.spans_key is None:
        readings = [replace(readings[0], how=f"only {others} in it, so no sentence has an entity")]
        unlabelled = replace(options, spans_key=NO_SPANS)
        how, choose = f"{others} passed over, not labelled", f"--spans-key {NO_SPANS}"
        readings.append(Reading(format, how, choose, partial(_read, parse, unlabelled)))
    return readings


def _other_results(records: list[dict[str, Any]]) -> str:
    """RETURNS (str): The types of the results of tasks, if all are about whole texts; nothing if
    one is a span, or there are none."""
    given = [record[key] for record in records for key in ANNOTATION_KEYS if key in record]
    annotations = [each for value in given for each in _objects_in(value)]
    results = [result for each in annotations for result in _objects_in(each.get("result"))]
    types = {str(result.get("type")) for result in results}
    return ", ".join(sorted(types)) if types <= {*NOT_SPANS} else ""


def _objects_in(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _other_answers(records: list[dict[str, Any]]) -> str:
    """RETURNS (str): The keys of JSON-MIN that no text, span or annotation has; nothing if one of
    the records has spans."""
    if any(looks_like_spans(value) for record in records for value in record.values()):
        return ""
    known = {*TEXT_KEYS, *INFO_KEYS, *MINIMAL_KEYS, *SPAN_KEYS}
    return ", ".join(
        key for key in dict.fromkeys(k for r in records for k in r) if key not in known
    )


def _read(
    parse: Any, options: ReadOptions, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read tasks. One without an annotation is not labelled, and neither is one whose annotations
    were all cancelled. Predictions of models are not read."""
    return parse_each(source, parse, options, nlp)


def _parse_minimal(options: ReadOptions, nlp: Language, number: int, record: Any) -> Sentence:
    if isinstance(record, dict):  # a cell of Label Studio's CSV may be empty
        record = {k: v for k, v in record.items() if v != "" or k not in SPAN_KEYS}
    if isinstance(record, dict) and not any(map(looks_like_spans, record.values())):
        record = {"spans": [], **record}  # an annotation without a span has no key for them
    return parse_sentence(options, nlp, number, record)


def is_minimal(record: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether a record is one of JSON-MIN."""
    return {"annotation_id", "lead_time"} <= record.keys()


def _parse_task(options: ReadOptions, nlp: Language, number: int, task: Any) -> Sentence:
    record = task_record(task, number, options.text_key)
    annotations = annotations_of(task, number)
    beside = {key: value for key, value in task.items() if key not in TASK_KEYS}
    if not annotations and isinstance(task.get("data"), dict):
        beside |= task["data"]  # with annotations, it may hold anything
    if options.spans_key != NO_SPANS and (places := [*chain(*places_of_spans(beside))]):
        message = (
            f"spans are under {places[0]!r}, where Label Studio has none. Write a record with "
            f"'text' and 'spans'; or pass over them with --spans-key {NO_SPANS}"
        )
        raise BadLine(number, message, shown(task))
    spans = _agreed_spans(annotations, number)
    own = replace(
        options, text_key=None, spans_key=NO_SPANS if options.spans_key == NO_SPANS else None
    )
    others = {key: value for key, value in record.items() if key not in (*SPAN_KEYS, "tokens")}
    return parse_sentence(own, nlp, number, others if spans is None else {**others, "spans": spans})


def task_record(task: Any, number: int, text_key: str | None = None) -> dict[str, Any]:
    """RETURNS (dict): The data of a task, with its text under "text". Its "id" is that of the data
    or else of the task.

    text_key (str | None): The key of the text. None: "text", or the only key that has a string.
    RAISES (BadLine): It is not a task, or it does not tell which value is the text.
    """
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        raise BadLine(number, 'not a task with "data"', shown(task))
    strings = [key for key, value in data.items() if isinstance(value, str)]
    key = "text" if "text" in strings else strings[0] if len(strings) == 1 else None
    if (key := text_key or key) not in strings:
        message = (
            f'"data" has no string {key or "text"!r}, but {", ".join(map(repr, data)) or "nothing"}'
        )
        raise BadLine(number, f"{message}. Name the key of the text, as in --text-key KEY")
    return {"id": task.get("id"), **data, "text": data[key]}


def annotations_of(task: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """RETURNS (list): The annotations of a task.

    RAISES (BadLine): They are not a list of objects.
    """
    given: Any = next((task[name] for name in ANNOTATION_KEYS if task.get(name) is not None), [])
    if not isinstance(given, list) or not all(isinstance(a, dict) for a in given):
        raise BadLine(number, '"annotations" is not a list of objects')
    return given


def was_skipped(annotation: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether an annotator has skipped the task."""
    return bool(annotation.get("was_cancelled") or annotation.get("skipped"))


def labels_of(annotation: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """RETURNS (list): The labelled spans of an annotation. RAISES (BadLine): It is malformed."""
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise BadLine(number, 'an annotation has no list "result"')
    values = [_value_of(r, number) for r in results if r.get("type") not in NOT_SPANS]
    return [value for value in values if value]


def _agreed_spans(annotations: list[dict[str, Any]], number: int) -> list[dict[str, Any]] | None:
    """RETURNS (list | None): The spans on which all annotators agree; None if nobody annotated.

    RAISES (BadLine): They do not agree.
    """
    found = [labels_of(a, number) for a in annotations if not was_skipped(a)]
    contents = {json.dumps(sorted(map(_content, values))) for values in found}
    if len(contents) > 1:
        raise BadLine(number, f"{len(found)} annotations, which are not the same. Keep one of them")
    return found[0] if found else None


def _value_of(result: dict[str, Any], number: int) -> dict[str, Any] | None:
    """RETURNS (dict | None): The span of a result; None if it is about the text as a whole.

    RAISES (BadLine): It is not a span, or one of a part of a page or of a dialogue.
    """
    value = result.get("value")
    if not isinstance(value, dict):
        raise BadLine(number, 'a result has no object "value"')
    kind = result.get("type") or "labels"
    if kind in ("labels", "hypertextlabels") and isinstance(value.get("globalOffsets"), dict):
        return {"labels": value.get(kind), **value, **value["globalOffsets"]}
    if kind == "labels":
        return value
    if "start" not in value:
        return None
    raise BadLine(number, f"a result of type {kind!r}, which is not read: export plain text")


def _content(value: dict[str, Any]) -> str:
    return json.dumps([value.get(key) for key in ("start", "end", "labels")])


def write_label_studio(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a list of tasks. A sentence that is not labelled has no annotation.

    RAISES (DeepALError): A sentence is labelled only in part.
    """

    def task(doc: Doc) -> dict[str, Any]:
        annotations = [{"result": list(map(partial(labelled_result, doc.text), spans_of(doc)))}]
        labelled = is_labelled(doc, FULL)
        return {"data": text_record(doc), "annotations": annotations if labelled else []}

    write_list(stream, map(task, docs))


def labelled_result(text: str, span: dict[str, Any]) -> dict[str, Any]:
    """RETURNS (dict): An entity as an annotation or a prediction holds it, for a labelling config
    whose labels are named "label" and whose text is named "text".

    span (dict): As of `spans_of`.
    """
    value = _value(text, span)
    return {"value": value, "from_name": "label", "to_name": "text", "type": "labels"}


def _value(text: str, span: dict[str, Any]) -> dict[str, Any]:
    start, end = span["start"], span["end"]
    return {"start": start, "end": end, "text": text[start:end], "labels": [span["label"]]}


def write_label_studio_min(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a list of annotated texts.

    RAISES (DeepALError): A sentence is not labelled as a whole.
    """

    def record(numbered: tuple[int, Doc]) -> dict[str, Any]:
        number, doc = numbered
        check_labelled_whole(doc, MINIMAL)
        label = [_value(doc.text, span) for span in spans_of(doc)]
        return {**text_record(doc), "label": label, "annotation_id": number, "lead_time": 0}

    write_list(stream, map(record, enumerate(docs, 1)))
