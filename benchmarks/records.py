"""Files of results, which have a line of JSON for each result, and tables of them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spacy_deepal.files import placed_jsonl


def matching(path: Path, key: dict[str, Any]) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The lines that have these values. A missing file has none."""
    lines = placed_jsonl(path) if path.exists() else ()
    return [line for _, line in lines if key.items() <= line.items()]


def append(path: Path, line: dict[str, Any]) -> None:
    """Append a line in one write, so that the lines of simultaneous processes do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as stream:
        stream.write(json.dumps(line, ensure_ascii=False).encode("utf8") + b"\n")


def markdown(*rows: Iterable[str]) -> str:
    """RETURNS (str): A Markdown table. The first row is its head."""
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *others])
