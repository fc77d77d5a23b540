"""Files of rows and folders with a seal: it tells when something was cut, changed or lost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Generic

from .errors import DeepALError, plural
from .files import (
    Row,
    RowType,
    parse_row,
    placed_jsonl,
    read_json,
    to_json_line,
    write_json,
    write_jsonl,
)

SEAL = "seal.json"
DIGEST = "digest"  # the key of the hash in a file of one row


class Seal(Row):
    """The last line of a sealed file. lines (int), digest (str): The number of lines above it, and
    their hash."""

    lines: int
    digest: str


def write_sealed(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as JSONL, and a Seal as the last line; whole or not at all.

    RETURNS (int): The number of rows.
    """
    digest = blake2b(digest_size=16)

    def lines() -> Iterator[dict[str, Any]]:
        count = 0
        for row in rows:
            value = row.model_dump()
            digest.update(to_json_line(value).encode())
            count += 1
            yield value
        yield Seal(lines=count, digest=digest.hexdigest()).model_dump()

    return write_jsonl(path, lines()) - 1


def read_sealed(path: Path, remedy: str, content: bytes | None = None) -> Iterator[tuple[str, Any]]:
    """Read what `write_sealed` wrote, as a stream.

    remedy (str), content (bytes | None): As for `placed_jsonl`.
    YIELDS (tuple[str, Any]): As `placed_jsonl`, without the seal.
    RAISES (DeepALError): As `placed_jsonl`; or, at the end, a line was lost or changed.
    """
    digest, count, seal = blake2b(digest_size=16), 0, None
    for place, value in placed_jsonl(path, remedy, content):
        if is_seal(value):
            seal = value
        elif seal is None:
            digest.update(to_json_line(value).encode())
            count += 1
            yield place, value
        else:
            raise DeepALError(f"{place} comes after the line that counts the lines. {remedy}")
    if seal is None:
        raise DeepALError(
            f"{path} is not whole: it has {plural(count, 'line')}, and its last line, which says "
            f"how many there must be, is missing. {remedy}"
        )
    if seal["lines"] != count:
        lines = plural(seal["lines"], "line")
        raise DeepALError(f"{path} is not whole: it has {count} of {lines}. {remedy}")
    if seal["digest"] != digest.hexdigest():
        raise DeepALError(f"{path} was changed after it was written. {remedy}")


@dataclass(frozen=True)
class RowFile(Generic[RowType]):
    """A sealed JSONL file whose rows are of one kind.

    remedy (str): What the user can do about a damaged file.
    """

    path: Path
    row: type[RowType]
    remedy: str

    def read(self) -> list[RowType]:
        """RETURNS (list[Row]): The rows in order; none if there is no file."""
        if not self.path.exists():
            return []
        lines = read_sealed(self.path, self.remedy)
        return [parse_row(self.row, value, where, self.remedy) for where, value in lines]

    def write(self, rows: Iterable[RowType]) -> None:
        """Write the file with a seal, or replace it."""
        write_sealed(self.path, rows)


def is_seal(value: Any) -> bool:
    """RETURNS (bool): Whether a value read from JSON is a Seal, and no row."""
    return isinstance(value, dict) and value.keys() == Seal.model_fields.keys()


def write_sealed_json(path: Path, row: Row) -> None:
    """Write a row as indented JSON, and with it the hash of its values; whole or not at all."""
    write_json(path, {**row.model_dump(), DIGEST: digest_of(row.model_dump())})


def read_sealed_json(path: Path, remedy: str) -> Any:
    """RETURNS (Any): What `write_sealed_json` wrote, without the hash.

    remedy (str): For the message: what the user can do.
    RAISES (DeepALError): There is no such file, it is not JSON, or it was changed.
    """
    value = read_json(path, remedy)
    if not isinstance(value, dict) or value.pop(DIGEST, None) != digest_of(value):
        raise DeepALError(f"{path} was changed after it was written. {remedy}")
    return value


def read_sealed_row(path: Path, row: type[RowType], remedy: str) -> RowType | None:
    """RETURNS (Row | None): The row that `write_sealed_json` wrote; None if there is no file.

    RAISES (DeepALError): As `read_sealed_json`; or a key is missing or wrong.
    """
    if not path.exists():
        return None
    return parse_row(row, read_sealed_json(path, remedy), str(path), remedy)


def digest_of(value: dict[str, Any]) -> str:
    """RETURNS (str): The hash of values that are written as JSON."""
    return blake2b(to_json_line(value).encode(), digest_size=16).hexdigest()


def seal_folder(folder: Path) -> None:
    """Write a file into a finished folder that has the hash of each other file."""
    write_json(folder / SEAL, _hashes(folder))


def find_damage(folder: Path) -> str:
    """RETURNS (str): What is wrong with a sealed folder; empty if nothing is. Files that were added
    do no harm."""
    if not (folder / SEAL).is_file():
        return f"{SEAL} is missing"
    try:
        sealed = read_json(folder / SEAL)
    except DeepALError:
        sealed = None
    if not isinstance(sealed, dict):
        return f"{SEAL} is damaged"
    found = _hashes(folder)
    for name, digest in sealed.items():
        if name not in found:
            return f"{name} is missing"
        if found[name] != digest:
            return f"{name} was changed or cut"
    return ""


def hash_folder(folder: Path) -> str:
    """RETURNS (str): A hash of all files of a folder and of their names."""
    return sha256(to_json_line(_hashes(folder)).encode()).hexdigest()


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SEAL)
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files
    }
