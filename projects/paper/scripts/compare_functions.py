"""Which acquisition functions pay? Each function of a workspace against one of them, set by set.

    python scripts/compare_functions.py runs/functions --output runs/functions.jsonl

The runs must have kept the models of all rounds (`spacy deepal experiment … --keep all`). Runs that
are not finished are left out. A line is the mean over all rounds but the first, whose batch is the
same for all functions. Differences, intervals and what is decided are those of `paired.py`.

The counts of each run are kept in counts/functions/NAME/CONFIG-TEST-ROUNDS beside the results. So
later runs of other seeds or functions, with the same config, the same test set and as many rounds,
are compared with all that are there, although their models are gone. A config is kept without its
paths, so give the runs with an encoder a --name that tells it from others.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import numpy as np
import typer
from paired import (
    KEPT,
    Counted,
    compare_rounds,
    count_run,
    keep,
    kept_runs,
    paired_seeds,
    read_kept,
    read_workspace,
    show_difference,
)
from results import DIGITS, RESULTS, keep_config, markdown, record, show_errors
from thinc.api import Config

from spacy_deepal.errors import DeepALError
from spacy_deepal.files import placed_jsonl
from spacy_deepal.report.runs import RecordedRun

HEAD = ["data", "function", "mean F1", "difference", "95% interval", "by seed", ""]


def main(
    workspace: Annotated[Path, typer.Argument(help="With the runs, as WORKSPACE/NAME/RUN")],
    baseline: Annotated[str, typer.Option(help="The function they are compared with")] = "MNLP",
    name: Annotated[str, typer.Option(help="Is written behind the names of the data")] = "",
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "functions.jsonl",
) -> None:
    """Record and print a line for each data set and function."""
    lines = []
    with show_errors():
        for folder, runs in read_workspace(workspace):
            data = f"{folder.name}{name}"
            made_of, kept = keep_counts(folder, runs, data, output.parent)
            head = {"data": data, "made_of": made_of}
            lines += [{**head, **line} for line in compare_with(kept, baseline)]
        if not lines:
            raise DeepALError(f"{workspace} has no finished run of {baseline} and another one.")
        for line in lines:
            check_replaced(output, line)
        record(output, lines, by=("data", "acquisition", "baseline"))
    print(markdown(HEAD, *map(show_mean, lines)))


def check_replaced(output: Path, line: dict[str, Any]) -> None:
    """Raise a DeepALError if a recorded line that would be replaced has seeds that the new one has
    not, or another config."""
    if not output.exists():
        return
    for _, old in placed_jsonl(output):
        same = all(old.get(key) == line.get(key) for key in ("data", "acquisition", "baseline"))
        if same and (old["made_of"] != line["made_of"] or {*old["seeds"]} - {*line["seeds"]}):
            raise DeepALError(
                f"{output} has {old['acquisition']} on {old['data']} with seeds {told(old)}. The "
                f"new line has seeds {told(line)}. Remove the old line, or record these runs with "
                "another --name."
            )


def told(line: dict[str, Any]) -> str:
    """RETURNS (str): The seeds of a line, and its config."""
    return f"{', '.join(map(str, line['seeds']))} and the config {line['made_of']}"


def keep_counts(
    folder: Path, runs: list[RecordedRun], data: str, results: Path
) -> tuple[str, Path]:
    """Count what the models of the finished runs find, and keep it beside the results.

    folder (Path): That of the data set, with its runs.
    RETURNS (str, Path): The config of the runs, as `keep_config` names it, and the folder of the
        counts.
    RAISES (DeepALError): The runs have different configs, or models are gone.
    """
    rounds = max(len(run.rounds) for run in runs)
    configs = [Config().from_str(run.manifest.config, interpolate=False) for run in runs]
    made_of = {keep_config(config, results) for config in configs}
    if len(made_of) > 1:
        raise DeepALError(
            f"The runs in {folder} have different configs ({', '.join(sorted(made_of))}), so they "
            "do not compare. Move those away that do not belong to the experiment."
        )
    test = runs[0].manifest.test.fingerprint[:8]
    kept = results / KEPT / "functions" / data / f"{min(made_of)}-{test}-{rounds - 1}"
    for run in runs:
        if len(run.rounds) == rounds > 1:
            keep(count_run(run, folder / "counts"), kept)
    return min(made_of), kept


def compare_with(kept: Path, baseline: str) -> Iterator[dict[str, Any]]:
    """YIELDS (dict): A line for each function, and for the baseline itself, without differences.

    kept (Path): The folder of the counts.
    """
    found = sorted(kept_runs(kept))
    seeds = [seed for name, seed in found if name == baseline]
    functions = sorted({name for name, seed in found if name != baseline and seed in seeds})
    for function in functions:
        pairs = [
            [read_kept(kept, name, seed) for name in (function, baseline)]
            for seed in paired_seeds(found, function, baseline)
        ]
        *_, line = compare_rounds(pairs)
        yield {**describe_runs([ours for ours, _ in pairs]), "baseline": baseline} | {
            key: value for key, value in line.items() if key not in ("round", "words_percent")
        }
    if functions:
        yield describe_runs([read_kept(kept, baseline, seed) for seed in seeds])


def describe_runs(runs: list[Counted]) -> dict[str, Any]:
    """RETURNS (dict): What runs of one function are, and the mean F1 of each over its rounds."""
    return {
        "acquisition": runs[0].name,
        "seeds": [run.seed for run in runs],
        "rounds": len(runs[0].counts) - 1,
        "words_percent": round(float(runs[0].words_percent[-1]), DIGITS),
        "mean_f": [round(mean_f(run), DIGITS) for run in runs],
    }


def mean_f(run: Counted) -> float:
    """RETURNS (float): The mean F1 of all rounds but the first, from 0 to 1."""
    right, found, there = np.moveaxis(run.counts[1:].sum(1), -1, 0)
    return float(np.mean(2 * right / np.maximum(found + there, 1)))


def show_mean(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The cells of a line, in points of F1."""
    means = ", ".join(f"{100 * value:.1f}" for value in line["mean_f"])
    cells = [line["data"], line["acquisition"], f"{means} ({100 * mean(line['mean_f']):.1f})"]
    if "difference" not in line:
        return [*cells, "", "", "", ""]
    return [*cells, *show_difference(line)]


if __name__ == "__main__":
    typer.run(main)
