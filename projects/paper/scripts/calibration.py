"""How far can the confidence of entities be believed, without calibration on dev and with it?

    python scripts/calibration.py runs/calibration

A workspace of `spacy deepal experiment` holds its runs as WORKSPACE/NAME/RUN. Records what each run
has measured on the test set with the model of its last round, and prints all that the file of
results holds.

The expected calibration error is that of Guo et al. (2017, "On Calibration of Modern Neural
Networks", section 2), over the entities that the model finds, in ten bins of equal width. "Before"
is with a temperature of 1, that is as the network says; "after" is with the one that fits dev best.

Even if confidence is true, the share of entities that are right differs from it by chance, the more
so, the fewer they are. The column "by chance" is the error that this alone makes, for the bins of
"after": the mean distance of a share of n entities from its expectation p is about
sqrt(2 p (1 - p) / (pi n)), by the normal approximation.
"""

from collections.abc import Iterator
from math import pi, sqrt
from pathlib import Path
from typing import Annotated, Any

import typer
from paired import read_workspace
from results import DIGITS, RESULTS, keep_config, markdown, read_lines, record, show_errors
from thinc.api import Config

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.rounds.rows import Calibration, Reliability

HEAD = ["data", "function", "seed", "words", "entities", "temperature", "before", "after"]
HEAD += ["by chance", "worse"]


def main(
    workspaces: Annotated[list[Path] | None, typer.Argument(help="Workspaces to record")] = None,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "calibration.jsonl",
) -> None:
    """Record the runs, and print a table of all that is recorded."""
    with show_errors():
        lines = [line for each in workspaces or () for line in lines_of(each, output.parent)]
        record(output, lines, by=("data", "acquisition", "seed"))
        print(markdown(HEAD, *map(show, sorted(read_lines(output), key=place_of))))


def lines_of(workspace: Path, results: Path) -> Iterator[dict[str, Any]]:
    """YIELDS (dict): A line for each run of a workspace.

    results (Path): The folder that keeps the configs of the runs.
    RAISES (DeepALError): There is no run, or one has nothing to measure.
    """
    found = [(folder.name, run) for folder, runs in read_workspace(workspace) for run in runs]
    if not found:
        raise DeepALError(f"{workspace} holds no run as {workspace}/NAME/RUN. Name a workspace.")
    for data, run in found:
        yield {"data": data, **describe(run, results)}


def describe(run: RecordedRun, results: Path) -> dict[str, Any]:
    """RETURNS (dict): What a run is, and the calibration of its last model."""
    last = run.rounds[-1] if run.rounds else None
    if last is None or last.calibration is None:
        raise DeepALError(
            f"{run.folder.path} has not measured how far confidence can be believed: "
            + ("it has no finished round." if last is None else "its last model finds no entity.")
            + " Give more rounds."
        )
    config = Config().from_str(run.manifest.config, interpolate=False)
    found = last.calibration
    return {
        "made_of": keep_config(config, results),
        "acquisition": run.name,
        "seed": run.seed,
        "entities": sum(each.entities for each in found.after.bins),
        "temperature": round(found.temperature, DIGITS),
        **errors(last.words_percent, found),
        "ece_by_chance": round(error_by_chance(found.after), DIGITS),
        "by_round": [
            errors(row.words_percent, row.calibration) for row in run.rounds if row.calibration
        ],
    }


def errors(words_percent: float, found: Calibration) -> dict[str, float]:
    """RETURNS (dict): The errors of a round's model, from 0 to 1."""
    numbers = {"ece_before": found.before.error, "ece_after": found.after.error}
    numbers = {"words_percent": words_percent, **numbers}
    return {key: round(value, DIGITS) for key, value in numbers.items()}


def error_by_chance(found: Reliability) -> float:
    """RETURNS (float): The error to be expected with these bins of a model whose confidence is
    true, from 0 to 1."""
    total = sum(each.entities for each in found.bins)
    gaps = (sqrt(2 * each.right * (1 - each.right) * each.entities / pi) for each in found.bins)
    return sum(gaps) / total


def place_of(line: dict[str, Any]) -> tuple[str, str, int]:
    """RETURNS (tuple): What the lines of the table are sorted by."""
    return line["data"], line["acquisition"], line["seed"]


def show(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The cells of a line, errors in points."""
    points = (f"{100 * line[f'ece_{name}']:.1f}" for name in ("before", "after", "by_chance"))
    worse = sum(each["ece_after"] > each["ece_before"] for each in line["by_round"])
    return [
        line["data"],
        line["acquisition"],
        str(line["seed"]),
        f"{line['words_percent']:.0f}%",
        f"{line['entities']:,}",
        f"{line['temperature']:.2f}",
        *points,
        f"{worse} of {len(line['by_round'])}",
    ]


if __name__ == "__main__":
    typer.run(main)
