"""Where the stopping rule would have ended the runs that record_curves.py recorded.

    python scripts/stopping_table.py --threshold 0.9 --threshold 0.95

All numbers are means over the seeds. "Lost" is how much more F1 the best of the later rounds has,
and the last round.
"""

from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from curves_table import FULL, SHALLOW
from results import RESULTS, markdown, read_lines, show_errors

from spacy_deepal.report.stopping import find_stop
from spacy_deepal.rounds.stability import ROUNDS

HEAD = ("", "", "stability", "stopped", "words", "F1", "lost to the best", "lost to the last")


def main(
    curves: Annotated[Path, typer.Argument(help="File of results")] = RESULTS / "curves.jsonl",
    threshold: Annotated[list[float], typer.Option(help="stop_stability")] = [0.9, 0.95],  # noqa: B006
    rounds: Annotated[int, typer.Option(help="stop_rounds")] = ROUNDS,
) -> None:
    """Print a Markdown table: where each function would have been stopped, and what that costs."""
    runs: dict[tuple[str, str], dict[int, list]] = {}
    with show_errors():
        lines = sorted(read_lines(curves), key=lambda line: line["round"])
    for line in lines:
        if line["acquisition"] not in (FULL, SHALLOW):
            seeds = runs.setdefault((line["data"], line["acquisition"]), {})
            seeds.setdefault(line["seed"], []).append(line)
    rows = [
        [*name, f"{number:g}", *show_stops(list(seeds.values()), number, rounds)]
        for name, seeds in runs.items()
        for number in threshold
    ]
    print(markdown(HEAD, *rows))


def show_stops(runs: list[list[dict[str, Any]]], threshold: float, rounds: int) -> list[str]:
    """RETURNS (list[str]): The cells of a function and a threshold that say where it stops."""
    found = []
    for lines in runs:
        f, stability = ([line.get(key) for line in lines] for key in ("ents_f", "stability"))
        stop = find_stop(f, stability, threshold, rounds)
        if stop:
            percent = lines[stop.place]["words_percent"]
            found.append((percent, 100 * stop.f, 100 * stop.lost_to_best, 100 * stop.lost_to_last))
    share = f"{len(found)} of {len(runs)}"
    if not found:
        return [share, "", "", "", ""]
    percent, f, best, last = map(mean, zip(*found, strict=True))
    return [share, f"{percent:.0f}%", f"{f:.1f}", f"{best:.1f}", f"{last:.1f}"]


if __name__ == "__main__":
    typer.run(main)
