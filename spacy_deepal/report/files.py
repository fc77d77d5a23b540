"""JSON that names its place when it is wrong, and output to where a file can be."""

import json
from pathlib import Path
from typing import Any

from ..errors import DeepALError
from ..files import write_atomically

KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    dict: "an object",
}


def field(row: Any, key: str, kind: type, where: str) -> Any:
    """Take a value out of parsed JSON.

    row (Any): What was read.
    key (str): The name of the value.
    kind (type): One of KINDS; float takes whole numbers too.
    where (str): The file (and line) for the message.
    RETURNS (Any): The value, of that kind.
    RAISES (DeepALError): The value is missing or of another kind.
    """
    value = row.get(key) if isinstance(row, dict) else None
    right = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not right or isinstance(value, bool):
        found = "nothing" if value is None else repr(value)[:60]
        raise DeepALError(f"{where}: expected {KINDS[kind]} as '{key}', found {found}")
    return value


def read_json(path: Path) -> Any:
    """Read a JSON file.

    path (Path): The file.
    RETURNS (Any): Its content.
    RAISES (DeepALError): The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_bytes().decode("utf8"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise DeepALError(f"There is no file {path}") from error
    except ValueError as error:
        raise DeepALError(f"{path} is not JSON: {error}") from error


def read_jsonl(path: Path) -> list[tuple[str, Any]]:
    """Read a file with one JSON value a line; a missing file has no lines yet.

    path (Path): The file.
    RETURNS (list[tuple[str, Any]]): The place (file and line) of each value, and the value.
    RAISES (DeepALError): A line is not JSON.
    """
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{path}, line {number}"
        try:
            rows.append((where, json.loads(line.decode("utf8"))))
        except ValueError as error:
            raise DeepALError(f"{where} is not JSON: {error}") from error
    return rows


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step: a reader sees the old content or the new, never a part.

    path (Path): The file; its folder is made when it is missing.
    content (bytes): The whole content.
    RAISES (DeepALError): The path is a folder.
    """
    if path.is_dir():
        raise DeepALError(f"Cannot write to {path}: it is a folder. Name a file in it")
    with write_atomically(path, "wb") as stream:
        stream.write(content)
