"""JSON and JSONL as streams of values, each with its line, and checked for what JSON hides."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from .reading import BadLine, Sentence, attempt
from .sources import Source

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
SPACE = re.compile(r"[ \t\r\n]*")
BAD_ALLOWED = 10  # values at a file's beginning that may be malformed


def read_values(source: Source) -> Iterator[tuple[int, Any] | BadLine]:
    """Read the values of a file: one on each line, or those of one list.

    YIELDS (tuple[int, Any] | BadLine): The line on which each begins, and the value; what is wrong
        with it, in its place.
    """
    if is_list(source):
        yield from _values_of_list(source)
        return
    if _is_one_object(source):
        message = "one JSON object over several lines: write a list of records, or one on each line"
        yield BadLine(1, message)
        return
    for number, line in source.lines():
        if line.strip():
            try:
                yield number, parse_value(number, line)
            except BadLine as error:
                yield error


def parse_each(
    source: Source, parse: Callable[..., Sentence], *args: Any
) -> Iterator[Sentence | BadLine]:
    """YIELDS (Sentence | BadLine): What `parse` makes of its arguments and of each of
    `read_values`, or what is wrong with it."""
    for item in read_values(source):
        yield item if isinstance(item, BadLine) else attempt(parse, *args, *item)


def is_list(source: Source) -> bool:
    """RETURNS (bool): Whether a file is one JSON list, over several lines or of several values,
    and not a value on each line."""
    for _, line in source.lines():
        if line.strip():
            if source.suffix == ".jsonl":
                return False
            # [{…} or [[… begins a list of values. Of the others, [1, 2] is a value of JSONL.
            return re.match(r"\s*\[\s*([\[{\],]|$)", line) is not None
    return False


def _is_one_object(source: Source) -> bool:
    """RETURNS (bool): Whether the first line is the beginning of an object alone."""
    first = next((line.strip() for _, line in source.lines() if line.strip()), "")
    return first == "{"


def _values_of_list(source: Source) -> Iterator[tuple[int, Any] | BadLine]:
    lines = list(source.lines())
    text = "\n".join(line for _, line in lines)
    decoder = json.JSONDecoder(object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    at, number = text.index("[") + 1, 1
    counted, found = 0, 0
    while True:
        at, is_right = _next_value(text, at, found)
        number += text.count("\n", counted, at)
        counted = at
        if not is_right:
            yield BadLine(number, "values of a list have one comma between them", _near(text, at))
        if text[at : at + 1] in ("]", ""):
            break
        found += 1
        try:
            value, at = decoder.raw_decode(text, at)
            yield number, _checked(number, value)
        except BadLine as error:
            yield error
        except (ValueError, RecursionError) as error:
            yield BadLine(number, _what(error), _near(text, at))
            try:
                at = json.JSONDecoder().raw_decode(text, at)[1]  # past a value with a key twice
            except (ValueError, RecursionError):
                yield BadLine(number, "from here on the file cannot be read")
                return
    if text[at:].strip() != "]":
        yield BadLine(number, "the list does not end here, or the file goes on", _near(text, at))


def _next_value(text: str, at: int, found: int) -> tuple[int, bool]:
    """RETURNS (int, bool): Where the next value of a list begins, or its end, and whether one comma
    is before it.

    found (int): The number of values before it.
    """
    commas = 0
    at = _after_space(text, at)
    while text.startswith(",", at):
        commas += 1
        at = _after_space(text, at + 1)
    ends = text[at : at + 1] in ("]", "")
    return at, commas == (found > 0 and not ends)


def _after_space(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _near(text: str, at: int) -> str:
    return text[max(at - 20, 0) : at + 60]


def parse_value(number: int, line: str) -> Any:
    """Parse a line of JSONL.

    RETURNS (Any): The value.
    RAISES (BadLine): The line is not JSON, names a key twice, or has a character that Unicode does
        not know.
    """
    try:
        value = json.loads(line, object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadLine(number, _what(error), line) from None
    return _checked(number, value) if "\\u" in line else value


def parse_record(number: int, line: str) -> dict[str, Any]:
    """Parse a line of JSONL. RAISES (BadLine): As `parse_value`, or it is not an object."""
    return as_record(number, parse_value(number, line))


def as_record(number: int, value: Any) -> dict[str, Any]:
    """RETURNS (dict): A value that is an object. RAISES (BadLine): It is none."""
    if not isinstance(value, dict):
        raise BadLine(number, "not a JSON object", shown(value))
    return value


def shown(value: Any) -> str:
    """RETURNS (str): The beginning of a value, for a message."""
    return json.dumps(value, ensure_ascii=False)[:80]


def _checked(number: int, value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    if LONE_SURROGATE.search(text):
        raise BadLine(number, "half of a surrogate pair, which is not a character", ascii(text))
    return value


def _what(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError) and _is_second_value(error):
        return (
            f"a second value begins at character {error.colno}. Write one on each line, as "
            "`jq -c . OLD > NEW` does"
        )
    return f"not JSON ({error})"


def _is_second_value(error: json.JSONDecodeError) -> bool:
    return error.msg == "Extra data" and error.doc[error.pos] in "{["


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON: write null in its place")


def first_values(source: Source, count: int) -> list[Any]:
    """RETURNS (list): Some of a file's first values; none if it is not JSON."""
    found: list[Any] = []
    bad = 0
    for item in read_values(source):
        if isinstance(item, BadLine):
            bad += 1
        else:
            found.append(item[1])
        if len(found) == count or bad > BAD_ALLOWED + len(found):
            break
    return found


def first_records(source: Source, count: int) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The objects among a file's `first_values`."""
    return [value for value in first_values(source, count) if isinstance(value, dict)]
