"""The files of results: lines of JSON, and beside them the configs that they were made with."""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from thinc.api import Config
from wasabi import msg

from spacy_deepal.errors import DeepALError
from spacy_deepal.files import placed_jsonl, write_atomically, write_jsonl
from spacy_deepal.rounds.settings import ENDS, SECTION

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))

from records import append, markdown, matching

__all__ = [
    "DIGITS",
    "RESULTS",
    "append",
    "keep_config",
    "markdown",
    "matching",
    "read_lines",
    "record",
    "show_errors",
    "signed",
]

RESULTS = Path(__file__).resolve().parents[1] / "results"  # what the pages report
DIGITS = 6


def record(path: Path, lines: Sequence[dict[str, Any]], *, by: Sequence[str]) -> None:
    """Write lines into a file of results, in place of the earlier ones of the same experiments.

    by (Sequence[str]): The keys whose values say which experiment a line belongs to.
    """

    def experiment(line: dict[str, Any]) -> str:
        return json.dumps([line.get(key) for key in by])

    new = {experiment(line) for line in lines}
    earlier = placed_jsonl(path) if path.exists() else ()
    write_jsonl(path, [*(line for _, line in earlier if experiment(line) not in new), *lines])


def read_lines(path: Path, **values: Any) -> list[dict[str, Any]]:
    """Read the lines of a file of results that have these values.

    RAISES (DeepALError): There are none.
    """
    if not (found := matching(path, values)):
        wanted = " and ".join(f"{key} {value}" for key, value in values.items())
        raise DeepALError(f"{path} holds no line{f' of {wanted}' if wanted else ''}.")
    return found


def keep_config(config: Config, folder: Path) -> str:
    """Write a config to folder/configs/HASH.cfg. It is written without what differs from run to run
    of one experiment: the seed, the acquisition function, when the loop ends, and all paths.

    RETURNS (str): The hash, which lines of results carry as `made_of`.
    """
    config = config.copy()
    for key in ("seed", "acquisition", *ENDS):
        config.get(SECTION, {}).pop(key, None)
    paths = config["paths"]
    config["paths"] = dict.fromkeys(paths)
    text = config.to_str(interpolate=False)
    for key, path in paths.items():  # the config of a run has them in place of the variables
        if path is not None:
            text = text.replace(json.dumps(path), f"${{paths.{key}}}")
    name = hashlib.blake2b(text.encode("utf8"), digest_size=8).hexdigest()
    with write_atomically(folder / "configs" / f"{name}.cfg") as stream:
        stream.write(text)
    return name


def signed(points: float) -> str:
    """RETURNS (str): A difference with its sign. One that would look like 0 has more digits."""
    if not points:
        return "0"
    texts = (f"{points:+.{digits}f}" for digits in range(1, DIGITS))
    return next((text for text in texts if float(text)), "0")


@contextmanager
def show_errors() -> Iterator[None]:
    """Print a DeepALError as one clear message and exit with status 1."""
    try:
        yield
    except DeepALError as error:
        msg.fail(str(error))
        raise typer.Exit(1) from error
