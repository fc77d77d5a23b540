"""Where the stopping rule would have ended the runs that record_curves.py recorded.

    python scripts/stopping_table.py --threshold 0.9 --threshold 0.95

All numbers are means over the seeds. "Lost" is how much more F1 the best of the later rounds has,
and the last round.
"""

from pathlib import Path
from statistics import mean
from typing import Annotated

import typer
from curves_table import FULL, SHALLOW, read_sets
from results import RESULTS, markdown, show_errors

from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.rounds.stability import ROUNDS

HEAD = ("", "", "stability", "stopped", "words", "F1", "lost to the best", "lost to the last")


def main(
    curves: Annotated[Path, typer.Argument(help="File of results")] = RESULTS / "curves.jsonl",
    threshold: Annotated[list[float], typer.Option(help="stop_stability")] = [0.9, 0.95],  # noqa: B006
    rounds: Annotated[int, typer.Option(help="stop_rounds")] = ROUNDS,
) -> None:
    """Print a Markdown table: where each function would have been stopped, and what that costs."""
    found: dict[tuple[str, str], list[RecordedRun]] = {}
    with show_errors():
        sets = read_sets(curves)
    for data, runs in sets.items():
        for run in runs:
            if run.name not in (FULL, SHALLOW):
                found.setdefault((data, run.name), []).append(run)
    rows = [
        [*name, f"{number:g}", *show_stops(group, number, rounds)]
        for name, group in found.items()
        for number in threshold
    ]
    print(markdown(HEAD, *rows))


def show_stops(runs: list[RecordedRun], threshold: float, rounds: int) -> list[str]:
    """RETURNS (list[str]): The cells of a function and a threshold that say where it stops."""
    found = []
    for run in runs:
        if stop := run.find_stop(threshold, rounds):
            points = (stop.row.ents_f, stop.lost_to_best, stop.lost_to_last)
            found.append((stop.row.words_percent, *(100 * f for f in points)))
    share = f"{len(found)} of {len(runs)}"
    if not found:
        return [share, "", "", "", ""]
    percent, f, best, last = map(mean, zip(*found, strict=True))
    return [share, f"{percent:.0f}%", f"{f:.1f}", f"{best:.1f}", f"{last:.1f}"]


if __name__ == "__main__":
    typer.run(main)
