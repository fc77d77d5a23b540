"""What a record says: its text, its tokens and their tags, under the keys that tools use."""

import json
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from .docs import tagged_doc
from .reading import BadLine, ReadOptions
from .spans import looks_like_spans, value_at, values_inside
from .tags import TAG, SchemeFinder, full_tag, to_iob2

TEXT_KEYS = ("text", "data", "sentence", "content")
TAG_KEYS = ("ner_tags", "tags", "ner", "labels", "label")
PART_OF_TEXT = "tokens cover a part of the text alone: it is tokenised anew"


def record_text(record: dict[str, Any], number: int, key: str | None = None) -> str | None:
    """RETURNS (str | None): The text of a record; None if it has tokens alone.

    key (str | None): The key of the text. None: one of TEXT_KEYS.
    RAISES (BadLine): It has neither.
    """
    texts = [value_at(record, name) for name in ([key] if key else TEXT_KEYS)]
    text = next((value for value in texts if value is not None), None)
    tokens = record.get("tokens")
    if text is None and isinstance(tokens, list) and all(map(_says_spaces, tokens)):
        text = "".join(token["text"] + " " * token["ws"] for token in tokens)
    if isinstance(text, str) or (text is None and isinstance(tokens, list)):
        return text
    shown = json.dumps(record, ensure_ascii=False)[:80]
    if key:
        raise BadLine(number, f"no string is under the key {key!r}", shown)
    raise BadLine(number, f'not an object with a string "text"{_where_else(record)}', shown)


def _where_else(record: dict[str, Any]) -> str:
    """RETURNS (str): What a record without a text has in its place, and what to do."""
    if "paragraphs" in record:
        return ". It is spaCy's JSON: `python -m spacy convert FILE . -c json` makes a .spacy file"
    for key, value in record.items():
        for name, part in {key: value, **values_inside({key: value})}.items():
            if isinstance(part, list) and part and isinstance(part[0], dict | list):
                if looks_like_spans(part):
                    continue
                return f", but one with many records: write what is under {name!r} as a list"
    values = {**record, **values_inside(record)}
    strings = [key for key, value in values.items() if isinstance(value, str)]
    return f". Name the key of the text, as in --text-key {strings[0]}" if strings else ""


def _says_spaces(token: Any) -> bool:
    return (
        isinstance(token, dict)
        and isinstance(token.get("text"), str)
        and isinstance(token.get("ws"), bool)
    )


def doc_of_record(
    record: dict[str, Any], text: str, number: int, nlp: Language
) -> tuple[Doc, str | None]:
    """RETURNS (Doc, str | None): The text in the record's own tokens, or else in those of the
    pipeline; and a note if the record's tokens are not all.

    RAISES (BadLine): The tokens contradict the text.
    """
    if not record.get("tokens"):
        return nlp.make_doc(text), None
    if isinstance(record["tokens"], list):
        record = {**record, "tokens": [_with_text(token, text) for token in record["tokens"]]}
    words = token_texts(record, number)
    for token in record["tokens"]:
        if isinstance(token, dict) and "start" in token and "end" in token:
            start, end = token["start"], token["end"]
            if type(start) is not int or type(end) is not int or text[start:end] != token["text"]:
                raise BadLine(number, f"the text has not the token {json.dumps(token)}", text)
    if len("".join(words).split()) and _letters(words) != _letters([text]):
        if _letters(words) in _letters([text]):
            return nlp.make_doc(text), PART_OF_TEXT
        raise BadLine(number, "the tokens are not those of the text", text)
    return tagged_doc(nlp, [word for word in words if word.strip()], None, text, number), None


def _with_text(token: Any, text: str) -> Any:
    """RETURNS (Any): A token with its text, if it has only a place, as in spaCy's Doc.to_json."""
    if not isinstance(token, dict) or "text" in token:
        return token
    start, end = token.get("start"), token.get("end")
    in_text = type(start) is int and type(end) is int and 0 <= start < end <= len(text)
    return {**token, "text": text[start:end]} if in_text else token


def _letters(words: list[str]) -> str:
    return "".join("".join(words).split())


def token_texts(record: dict[str, Any], number: int) -> list[str]:
    tokens = record.get("tokens")
    given = tokens if isinstance(tokens, list) else [None]
    texts = [token.get("text") if isinstance(token, dict) else token for token in given]
    words = [text for text in texts if isinstance(text, str) and text]
    if len(words) < len(texts):
        hint = ". If each list is a sentence, write a record for each"
        is_lists = isinstance(given[0], list)
        raise BadLine(number, f'"tokens" is not a list of words{hint * is_lists}')
    return words


def tags_of(record: dict[str, Any], number: int, options: ReadOptions) -> list[str] | None:
    """RETURNS (list[str] | None): The IOB2 tags of a record's tokens, if it has such.

    RAISES (BadLine): They are not as many as the tokens, are no tags, or numbers without names.
    """
    if not isinstance(record.get("tokens"), list):
        if key := next((key for key in TAG_KEYS if _has_tags(record.get(key))), None):
            raise BadLine(number, f"tags under {key!r}, but no list of their words under 'tokens'")
        return None
    keys = [options.spans_key] if options.spans_key else TAG_KEYS
    given = {key: record[key] for key in keys if key and _are_tags(record.get(key))}
    if not given:
        return None
    sure = {key: values for key, values in given.items() if _has_tags(values)}
    key, values = next(iter((sure or given).items()))
    if other := next((name for name in sure if sure[name] != values), None):
        message = f"{key!r} and {other!r} have different tags. Choose with --spans-key KEY"
        raise BadLine(number, message, json.dumps([values, sure[other]])[:80])
    if len(values) != len(record["tokens"]):
        message = f"{len(record['tokens'])} tokens, but {len(values)} tags under {key!r}"
        raise BadLine(number, message)
    if any(type(value) is int for value in values):
        names = options.tag_names
        if not all(type(value) is int and 0 <= value < len(names) for value in values):
            raise BadLine(
                number,
                f"{key!r} has the numbers of tags. Name them, from 0, as in "
                "--tag-names O,B-PER,I-PER",
                json.dumps(values)[:80],
            )
        values = [names[value] for value in values]
    values = [full_tag(value, options.scheme) for value in values]
    if wrong := [value for value in values if not TAG.fullmatch(value)]:
        message = (
            f"{wrong[0]!r} under {key!r} is no tag such as O or B-PER. If it is a type alone, "
        )
        raise BadLine(number, f"{message}add --scheme io")
    finder = SchemeFinder()
    for value in values:
        finder.add(value)
    return to_iob2([(number, value) for value in values], options.scheme or finder.scheme)


def _are_tags(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and (all(type(v) is int for v in value) or all(isinstance(v, str) for v in value))
    )


def _has_tags(value: Any) -> bool:
    return _are_tags(value) and all(isinstance(v, str) and TAG.fullmatch(v) for v in value)
