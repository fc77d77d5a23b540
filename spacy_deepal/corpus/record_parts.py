"""What a record says: its text, its tokens and their tags, under the keys that tools use."""

import json
import re
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import plural
from ..sentences import without_white_space
from .docs import tagged_doc
from .json_values import shown
from .reading import BadLine, ReadOptions
from .span_places import (
    ENTITY_LIKE,
    LABEL_NAMES,
    NO_ENTITIES,
    SPAN_KEYS,
    all_values,
    are_strings,
    labels_in_tokens,
    looks_like_spans,
    places_of_spans,
    plain_name,
    value_at,
)
from .tags import TAG, SchemeFinder, full_tag, to_iob2

TEXT_KEYS = ("text", "data", "sentence", "content")
TAG_KEYS = ("ner_tags", "tags", "ner", "labels", "label")
TEXT_LIKE = re.compile("text|sentence|content|document|body|source", re.IGNORECASE)
TAG_EACH = "Write a tag for each token, such as B-PER, under 'ner_tags'"
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
    if key:
        raise BadLine(number, f"no string is under the key {key!r}", shown(record))
    raise BadLine(number, f'not an object with a string "text"{_where_else(record)}', shown(record))


def _where_else(record: dict[str, Any]) -> str:
    """RETURNS (str): What a record without a text has in its place, and what to do."""
    if "paragraphs" in record:
        return ". It is spaCy's JSON: `python -m spacy convert FILE . -c json` makes a .spacy file"
    values = all_values(record, lists=False)
    lists = {name: part for name, part in values.items() if isinstance(part, list) and part}
    if name := next((name for name, part in lists.items() if any(map(_has_text, part))), None):
        keys = [each if isinstance(each, dict) else () for each in lists[name]]
        labelled = [any(plain_name(key) in LABEL_NAMES for key in each) for each in keys]
        if len(set(labelled)) > 1:
            return f". {name!r} has the pieces of a text. Write the whole text, with its entities"
        return f", but one with many records: write what is under {name!r} as a list"
    if name := next((name for name in values if name.endswith(".tokens") and name in lists), None):
        return f". Write what is under {name.removesuffix('.tokens')!r} as the record"
    for name, part in lists.items():
        if all(isinstance(each, list) and are_strings(each) for each in part):
            return f". Write a record with 'tokens' and 'ner_tags' for each list under {name!r}"
        if are_strings(part) and "token" in name.lower():
            return f". If the words are under {name!r}, rename it to 'tokens'. {TAG_EACH}"
    if name := next((name for name, part in lists.items() if _is_text_with(part[0])), None):
        return f". It has spaCy 2's lists. Write what is under {name!r} as a file of its own"
    if any(map(_has_text, record.values())) and all(isinstance(v, dict) for v in record.values()):
        return (
            f", but one with a record under each key, such as {next(iter(record))!r}. Write a list"
        )
    strings = {key: value for key, value in values.items() if isinstance(value, str)}
    if strings:
        likely = [key for key in strings if TEXT_LIKE.search(key)] or list(strings)
        key = max(likely, key=lambda name: (name.split(".")[-1] in TEXT_KEYS, len(strings[name])))
        return f". Name the key of the text, as in --text-key {key}"
    if spans := [key for key in SPAN_KEYS if record.get(key)]:
        return f", but with {spans[0]!r}. Write each text and its entities as one record"
    return ""


def _is_text_with(value: Any) -> bool:
    """RETURNS (bool): Whether an entry of a list is a text with its entities, as spaCy 2 has it."""
    return isinstance(value, list) and [type(part) for part in value] == [str, dict]


def _has_text(value: Any) -> bool:
    """RETURNS (bool): Whether an entry of a list is a record: an object with a text or tokens."""
    if not isinstance(value, dict) or looks_like_spans([value]):
        return False
    inner = [value, *(part for part in value.values() if isinstance(part, dict))]
    return any(
        isinstance(each.get(key), str) or isinstance(each.get("tokens"), list)
        for each in inner
        for key in TEXT_KEYS
    )


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
    placed = 0
    for token in record["tokens"]:
        if isinstance(token, dict) and "start" in token and "end" in token:
            placed += 1
            start, end = token["start"], token["end"]
            if type(start) is not int or type(end) is not int or text[start:end] != token["text"]:
                raise BadLine(number, f"the text does not have the token {json.dumps(token)}", text)
    if len("".join(words).split()) and _letters(words) != _letters([text]):
        if placed == len(words) or _letters(words) in _letters([text]):
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
    return without_white_space("".join(words))


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

    RAISES (BadLine): They are not as many as the tokens, are not tags, or numbers without names.
    """
    if not isinstance(record.get("tokens"), list):
        _check_no_tags(record, number)
        return None
    keys = [options.spans_key] if options.spans_key else TAG_KEYS
    found = {key: value_at(record, key) for key in keys}
    given = {key: value for key, value in found.items() if _are_tags(value)}
    if not given:
        return None
    sure = {key: values for key, values in given.items() if _has_tags(values)}
    key, values = next(iter((sure or given).items()))
    if other := next((name for name in sure if sure[name] != values), None):
        message = f"{key!r} and {other!r} have different tags. Choose with --spans-key KEY"
        raise BadLine(number, message, shown([values, sure[other]]))
    if len(values) != len(record["tokens"]):
        tokens, tags = plural(len(record["tokens"]), "token"), plural(len(values), "tag")
        message = f"{tokens}, but {tags} under {key!r}"
        raise BadLine(number, message)
    if any(type(value) is int for value in values):
        names = options.tag_names
        if not all(type(value) is int and 0 <= value < len(names) for value in values):
            raise BadLine(
                number,
                f"{key!r} has the numbers of tags. Name them, from 0, as in "
                "--tag-names O,B-PER,I-PER",
                shown(values),
            )
        values = [names[value] for value in values]
    values = [full_tag(value, options.scheme) for value in values]
    if wrong := [value for value in values if not TAG.fullmatch(value)]:
        message = (
            f"{wrong[0]!r} under {key!r} is not a tag such as O or B-PER. If it is a type alone, "
        )
        raise BadLine(number, f"{message}add --scheme io")
    finder = SchemeFinder()
    for value in values:
        finder.add(value)
    return to_iob2([(number, value) for value in values], options.scheme or finder.scheme)


def _check_no_tags(record: dict[str, Any], number: int) -> None:
    """RAISES (BadLine): A record without a list of tokens has tags, as a list or in one string."""
    if key := next((key for key in TAG_KEYS if _has_tags(record.get(key))), None):
        raise BadLine(number, f"tags under {key!r}, but no list of their words under 'tokens'")
    for key in TAG_KEYS:
        value = record.get(key)
        if isinstance(value, str) and len(value.split()) > 1 and _has_tags(value.split()):
            message = f"tags under {key!r} in one string. Write them as a list under 'ner_tags'"
            raise BadLine(number, f"{message}, and their words under 'tokens'", shown(record))


def check_other_labels(
    record: dict[str, Any], text: str | None, number: int, options: ReadOptions
) -> None:
    """RAISES (BadLine): A record of which neither tags nor spans were read has spans without a
    text, tags under a key that is not known, or labels in its tokens."""
    if text is None:
        _check_text_beside(record, number)
        if _has_spans(record, options.spans_key):
            message = "spans, but no text that they are in. Name its key with --text-key"
            message += f". {TAG_EACH}, if the spans count tokens"
            raise BadLine(number, message, shown(record))
    if options.spans_key or not isinstance(tokens := record.get("tokens"), list):
        return
    for key, value in all_values(record, NO_ENTITIES).items():
        if not isinstance(value, list) or not value or len(value) != len(tokens):
            continue
        numbers = bool(ENTITY_LIKE.search(key)) and all(type(each) is int for each in value)
        if numbers or (_has_tags(value) and any(tag != "O" for tag in value)):
            message = f"tags are under the key {key!r}, which is not known. Read them with"
            message += f" --spans-key {key}, if they are entities"
            raise BadLine(number, message, shown(record))
    if found := labels_in_tokens(tokens):
        key, label = found
        values = [token.get(key) if isinstance(token, dict) else None for token in tokens]
        is_tag = isinstance(label, str) and TAG.fullmatch(label)
        if is_tag or ("O" in values and all(isinstance(value, str) for value in values)):
            remedy = f"Read them with --spans-key tokens.{key}{'' if is_tag else ' --scheme io'}"
        elif isinstance(label, str) and looks_like_spans(tokens) and plain_name(key) in LABEL_NAMES:
            remedy = "Read them with --spans-key tokens"
        else:
            remedy = TAG_EACH
        message = f"the tokens have labels under {key!r}. {remedy}"
        raise BadLine(number, message, shown(record))


def _has_spans(record: dict[str, Any], spans_key: str | None) -> bool:
    if spans_key:
        return bool(value_at(record, spans_key))
    known, others = places_of_spans(record)
    return bool(known or others or any(record.get(key) for key in SPAN_KEYS))


def _check_text_beside(record: dict[str, Any], number: int) -> None:
    """RAISES (BadLine): By their places, the tokens are a part of a text under another key."""
    tokens = [token for token in record["tokens"] if isinstance(token, dict)]
    places = [(token.get("start"), token.get("end"), token.get("text")) for token in tokens]
    if not places or not all(type(at) is int for place in places for at in place[:2]):
        return
    for key, value in all_values(record, lists=False).items():
        if not isinstance(value, str) or any(value[start:end] != own for start, end, own in places):
            continue
        if _letters([value]) != _letters([own for _, _, own in places if own]):
            message = f"the tokens are a part of the text under {key!r}. Read it with"
            raise BadLine(number, f"{message} --text-key {key}", shown(record))


def _are_tags(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and (all(type(v) is int for v in value) or all(isinstance(v, str) for v in value))
    )


def _has_tags(value: Any) -> bool:
    return _are_tags(value) and all(isinstance(v, str) and TAG.fullmatch(v) for v in value)
