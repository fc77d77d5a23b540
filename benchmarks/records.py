"""What the benchmarks record: files with a line of JSON for each result, which only grow."""

import json
from pathlib import Path
from typing import Any

from spacy_deepal.report.files import read_jsonl


def matching(path: Path, key: dict[str, Any]) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The lines that have these values; of a missing file none.

    RAISES (DeepALError): For a line that is not JSON.
    """
    return [line for _, line in read_jsonl(path) if key.items() <= line.items()]


def append(path: Path, line: dict[str, Any]) -> None:
    """Append a line in one write: processes that do so at the same time do not mix theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as stream:
        stream.write(json.dumps(line, ensure_ascii=False).encode("utf8") + b"\n")
