"""Read the folders that the loop writes: manifest, metrics of each round, sentences picked."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..acquisition.registry import NAME, acquisition_label
from ..errors import DeepALError
from .files import field, read_json, read_jsonl

FORMAT = 1
MANIFEST = {
    "acquisition": str,
    "seed": int,
    "lang": str,
    "config": str,
    "versions": dict,
    "pool": dict,
    "started": str,
}
POOL = {"path": str, "sentences": int, "words": int, "fingerprint": str, "genres": dict}


@dataclass(frozen=True)
class Round:
    """What the loop recorded at the end of a round; precision, recall and F1 are from 0 to 1."""

    number: int
    selection: str
    words: int
    percent: float
    sentences: int
    p: float
    r: float
    f: float
    dev_f: float | None
    stability: float | None
    per_type: dict[str, dict[str, float]]
    genres: dict[str, dict[str, int]]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Pick:
    """A sentence that a round picked; higher score = label me first, None = picked without one."""

    id: str
    words: int
    score: float | None


@dataclass(frozen=True)
class Run:
    """A run folder: `name` is the acquisition function's, short where that is unambiguous,
    with its arguments."""

    path: Path
    name: str
    manifest: dict[str, Any]
    rounds: tuple[Round, ...]

    @property
    def seed(self) -> int:
        return self.manifest["seed"]

    @property
    def pool(self) -> dict[str, Any]:
        return self.manifest["pool"]

    def seconds(self, step: str) -> float:
        """Add up the time of one step ("score", "select", "train", "evaluate") over all rounds."""
        return sum(round.seconds.get(step, 0.0) for round in self.rounds)


def read_runs(run_dirs: Iterable[Path]) -> list[Run]:
    """Read run folders, ordered by acquisition function and seed.

    run_dirs (Iterable[Path]): The folders; a run in progress gives the rounds it has finished.
    RETURNS (list[Run]): The runs.
    RAISES (DeepALError): No folder, a folder twice, or one that the loop did not write.
    """
    paths = [Path(path) for path in run_dirs]
    if not paths:
        raise DeepALError("No run folder given: name at least one folder that the loop has written")
    for path, times in Counter(path.resolve() for path in paths).items():
        if times > 1:
            raise DeepALError(f"The run folder {path} is given {times} times: give it once")
    manifests = [read_manifest(path) for path in paths]
    runs = [
        Run(
            path,
            acquisition_label({NAME: manifest["acquisition"], **manifest.get("arguments", {})}),
            manifest,
            read_rounds(path / "metrics.jsonl"),
        )
        for path, manifest in zip(paths, manifests, strict=True)
    ]
    return sorted(runs, key=lambda run: (run.name, run.seed, str(run.path)))


def read_manifest(path: Path) -> dict[str, Any]:
    """Read and check what a run says about itself.

    path (Path): The run folder.
    RETURNS (dict[str, Any]): The manifest.
    RAISES (DeepALError): No manifest there, another format, or a value missing.
    """
    file = path / "manifest.json"
    if not file.is_file():
        raise DeepALError(f"{path} is not a run folder: it has no manifest.json")
    manifest = read_json(file)
    version = field(manifest, "format", int, str(file))
    if version != FORMAT:
        raise DeepALError(
            f"{file} has format {version}, this version of spacy_deepal reads format {FORMAT}: "
            "make the report with the version that made the run"
        )
    for key, kind in MANIFEST.items():
        field(manifest, key, kind, str(file))
    for key, kind in POOL.items():
        field(manifest["pool"], key, kind, f"{file}, 'pool'")
    check_genres(manifest["pool"]["genres"], f"{file}, 'pool'")
    return manifest


def read_rounds(path: Path) -> tuple[Round, ...]:
    """Read the rounds that are finished.

    path (Path): metrics.jsonl; a missing file means that no round is.
    RETURNS (tuple[Round, ...]): The rounds, in order.
    RAISES (DeepALError): A value is missing, or a round does not come after the one before.
    """
    rounds: list[Round] = []
    for where, row in read_jsonl(path):
        current = make_round(row, where)
        last = rounds[-1] if rounds else None
        if last and (current.number <= last.number or current.percent <= last.percent):
            raise DeepALError(
                f"{where}: round {current.number} at {current.percent}% of the words follows "
                f"round {last.number} at {last.percent}%; both must grow from line to line"
            )
        rounds.append(current)
    return tuple(rounds)


def make_round(row: Any, where: str) -> Round:
    """Check a line of the metrics and give its values names; raises DeepALError."""
    per_type = field(row, "ents_per_type", dict, where)
    for label, scores in per_type.items():
        for key in "prf":
            field(scores, key, float, f"{where}, 'ents_per_type', '{label}'")
    seconds = field(row, "seconds", dict, where)
    for step in seconds:
        field(seconds, step, float, f"{where}, 'seconds'")
    genres = field(row, "genres", dict, where)
    check_genres(genres, where)
    return Round(
        number=field(row, "round", int, where),
        selection=field(row, "selection", str, where),
        words=field(row, "words", int, where),
        percent=field(row, "words_percent", float, where),
        sentences=field(row, "sentences", int, where),
        p=field(row, "ents_p", float, where),
        r=field(row, "ents_r", float, where),
        f=field(row, "ents_f", float, where),
        dev_f=optional(row, "dev_ents_f", where),
        stability=optional(row, "stability", where),
        per_type=per_type,
        genres=genres,
        seconds=seconds,
    )


def optional(row: dict[str, Any], key: str, where: str) -> float | None:
    """Take a number out of a line that may lack it; raises DeepALError if it is none."""
    return None if row.get(key) is None else field(row, key, float, where)


def check_genres(genres: dict[str, Any], where: str) -> None:
    """Check that each genre has its counts; raises DeepALError."""
    for genre, counts in genres.items():
        for key in ("sentences", "words"):
            field(counts, key, int, f"{where}, genre '{genre}'")


def read_picks(path: Path) -> list[Pick]:
    """Read the sentences that a round picked.

    path (Path): selected.jsonl; a missing file means that nothing is picked yet.
    RETURNS (list[Pick]): Highest score first; without scores, in the order picked.
    RAISES (DeepALError): A value is missing.
    """
    picks = []
    for where, row in read_jsonl(path):
        id_, words = field(row, "id", str, where), field(row, "words", int, where)
        picks.append(Pick(id_, words, optional(row, "score", where)))
    return sorted(picks, key=lambda pick: float("inf") if pick.score is None else -pick.score)


def round_folders(path: Path) -> list[tuple[int, Path]]:
    """List the folders round_00, round_01, … of a run with their numbers, in order."""
    found = [(re.fullmatch(r"round_(\d+)", folder.name), folder) for folder in path.iterdir()]
    return sorted((int(match[1]), folder) for match, folder in found if match and folder.is_dir())
