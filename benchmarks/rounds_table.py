"""Learning curves as a Markdown table, a row a set of runs that differ in their seeds only.

    python benchmarks/rounds_table.py warm=runs/warm/demo scratch=runs/scratch/demo

A folder holds run folders, as `spacy deepal experiment` leaves them. Mean test F1 of its runs of
one function after each round that all of them have, and mean seconds of training in these rounds.
"""

from pathlib import Path
from statistics import mean
from typing import Annotated

import typer

from spacy_deepal.report.runs import read_runs


def main(
    runs: Annotated[list[str], typer.Argument(help="NAME=FOLDER, more than one will do")],
    acquisition: Annotated[str, typer.Option()] = "MNLP",
) -> None:
    """Print the table."""
    folders = dict(item.split("=", 1) for item in runs)
    groups = {
        name: [
            run.rounds
            for run in read_runs(file.parent for file in Path(folder).glob("*/manifest.json"))
            if run.name == acquisition
        ]
        for name, folder in folders.items()
    }
    shared = min(len(rounds) for group in groups.values() for rounds in group)
    first = next(iter(groups.values()))[0][:shared]
    print(f"| words | {' | '.join(f'{each.percent:.0f}%' for each in first)} | training |")
    print("|---" * (shared + 2) + "|")
    for name, group in groups.items():
        f = [mean(100 * rounds[number].f for rounds in group) for number in range(shared)]
        seconds = mean(sum(each.seconds["train"] for each in rounds[:shared]) for rounds in group)
        print(f"| {name} | {' | '.join(f'{value:.1f}' for value in f)} | {seconds:.0f} s |")


if __name__ == "__main__":
    typer.run(main)
