"""The table of what compare_functions.py recorded.

    python scripts/functions_table.py

A row is a function on a data set: its mean F1 over the curve, that of MNLP with the same seeds, and
the difference with its 95% interval. With several seeds, figures are their means.
"""

from pathlib import Path
from statistics import mean
from typing import Annotated

import typer
from paired import show_difference
from results import RESULTS, markdown, read_lines, show_errors

HEAD = ["function", "data", "seeds", "mean F1", "MNLP", "difference", "95% interval", "by seed", ""]


def main(
    recorded: Annotated[Path, typer.Argument(help="Of compare_functions.py")] = RESULTS
    / "functions.jsonl",
) -> None:
    """Print a row for each function and data set, function by function."""
    with show_errors():
        lines = [line for line in read_lines(recorded) if "difference" in line]
    rows = []
    for line in sorted(lines, key=lambda line: line["acquisition"]):
        seeds, own = ", ".join(map(str, line["seeds"])), mean(line["mean_f"])
        means = (f"{100 * value:.1f}" for value in (own, own - line["difference"]))
        name = f"`{line['acquisition']}`"
        rows.append([name, line["data"], seeds, *means, *show_difference(line)])
    print(markdown(HEAD, *rows))


if __name__ == "__main__":
    typer.run(main)
