"""Which acquisition functions pay? Each function of a workspace against one of them, set by set.

    python scripts/compare_functions.py runs/functions --output runs/functions.jsonl

The runs must have kept the models of all rounds (`spacy deepal experiment … --keep all`). Runs that
are not finished are left out. A line is the mean over all rounds but the first, whose batch is the
same for all functions. Differences, intervals and what is decided are those of `paired.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from paired import compare_rounds, count_run, paired_seeds, read_workspace, show_difference
from results import DIGITS, RESULTS, keep_config, markdown, record, show_errors
from thinc.api import Config

from spacy_deepal.errors import DeepALError
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
            made = list(compare_with(runs, baseline, folder / "counts", output.parent))
            lines += [{"data": f"{folder.name}{name}", **line} for line in made]
        if not lines:
            raise DeepALError(f"{workspace} has no finished run of {baseline} and another one.")
        record(output, lines, by=("data", "acquisition", "baseline"))
    print(markdown(HEAD, *map(show_mean, lines)))


def compare_with(
    runs: list[RecordedRun], baseline: str, counts: Path, results: Path
) -> Iterator[dict[str, Any]]:
    """YIELDS (dict): A line for each function, and for the baseline itself, without differences.

    runs (list[RecordedRun]): Those of a data set.
    counts (Path): As the folder of `count_run`.
    results (Path): The folder that keeps the config.
    """
    rounds = max(len(run.rounds) for run in runs)
    runs = [run for run in runs if len(run.rounds) == rounds > 1]
    functions = sorted({run.name for run in runs if run.name != baseline})
    for function in functions if any(run.name == baseline for run in runs) else ():
        found = {(run.name, run.seed): run for run in runs}
        seeds = paired_seeds(found, function, baseline)
        pairs = [
            [count_run(found[name, seed], counts) for name in (function, baseline)]
            for seed in seeds
        ]
        *_, line = compare_rounds(pairs)
        ours = [found[function, seed] for seed in seeds]
        yield {**describe_runs(ours, results), "baseline": baseline} | {
            key: value for key, value in line.items() if key not in ("round", "words_percent")
        }
    if functions:
        yield describe_runs([run for run in runs if run.name == baseline], results)


def describe_runs(runs: list[RecordedRun], results: Path) -> dict[str, Any]:
    """RETURNS (dict): What runs of one function are, and the mean F1 of each over its rounds."""
    last = runs[0].rounds[-1]
    config = Config().from_str(runs[0].manifest.config, interpolate=False)
    return {
        "made_of": keep_config(config, results),
        "acquisition": runs[0].name,
        "seeds": [run.seed for run in runs],
        "rounds": last.round,
        "words_percent": round(last.words_percent, DIGITS),
        "mean_f": [round(mean(row.ents_f for row in run.rounds[1:]), DIGITS) for run in runs],
    }


def show_mean(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The cells of a line, in points of F1."""
    means = ", ".join(f"{100 * value:.1f}" for value in line["mean_f"])
    cells = [line["data"], line["acquisition"], f"{means} ({100 * mean(line['mean_f']):.1f})"]
    if "difference" not in line:
        return [*cells, "", "", "", ""]
    return [*cells, *show_difference(line)]


if __name__ == "__main__":
    typer.run(main)
