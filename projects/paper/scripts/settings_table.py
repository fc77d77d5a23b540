"""Runs with other settings than configs/al.cfg, recorded, and their learning curves as a table.

    python benchmarks/settings.py runs/random/demo-en runs/representative/demo-en

A folder holds run folders, as `spacy deepal experiment` leaves them; its name is that of the data.
Appends a line for each of their rounds to benchmarks/results/settings.jsonl, with what differs in
[active_learning]; what is there is not recorded again. Prints all that the file holds, a row a set
and settings: mean test F1 of the seeds after each round that all of them have, and the seconds of
training in these rounds.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from curves_table import DIGITS
from records import append, matching
from thinc.api import Config

from spacy_deepal.cli._app import show_errors
from spacy_deepal.errors import DeepALError
from spacy_deepal.report.runs import Run, read_runs
from spacy_deepal.rounds.settings import DEFAULTS, ENDS, SECTION

HERE = Path(__file__).parent
COMMON = Config().from_disk(HERE.parent / "configs" / "al.cfg", interpolate=False)[SECTION]
OWN = ("seed", "acquisition", "oracle", *ENDS)  # not settings that are compared


def main(
    folders: Annotated[list[Path] | None, typer.Argument(help="With run folders")] = None,
    output: Annotated[Path, typer.Option()] = HERE / "results" / "settings.jsonl",
) -> None:
    """Record the runs, print the table of all."""
    with show_errors():
        for folder in folders or ():
            for run in read_runs(file.parent for file in sorted(folder.glob("*/manifest.json"))):
                record(run, folder.name, output)
        print_table(matching(output, {}))


def record(run: Run, data: str, output: Path) -> None:
    """Append the rounds of a run that are not there yet.

    RAISES (DeepALError): Another run with these settings is there.
    """
    key = {"data": data, "settings": settings_of(run), "acquisition": run.name, "seed": run.seed}
    for each in run.rounds:
        line = {
            "words_percent": round(each.percent, DIGITS),
            "sentences": each.sentences,
            "ents_f": round(each.f, DIGITS),
            "seconds": each.seconds,
        }
        there = matching(output, {**key, "round": each.number})
        if not there:
            append(output, {**key, "round": each.number, **line})
        elif not line.items() <= there[0].items():
            raise DeepALError(
                f"{output} has another run like {run.path}. Give another file as --output."
            )


def settings_of(run: Run) -> dict[str, Any]:
    """RETURNS (dict): The settings of a run that are not those of configs/al.cfg."""
    block = DEFAULTS | Config().from_str(run.manifest["config"])[SECTION]
    return {key: value for key, value in block.items() if key not in OWN and value != COMMON[key]}


def print_table(lines: list[dict[str, Any]]) -> None:
    """Print the curves: of each set those of few rounds and those of many, each in a table."""
    tables: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
    for (data, settings), runs in groups(lines):
        shared = min(map(len, runs))
        words = tuple(round(line["words_percent"]) for line in runs[0][:shared])
        f = [mean(100 * run[number]["ents_f"] for run in runs) for number in range(shared)]
        train = mean(sum(line["seconds"]["train"] for line in run[:shared]) for run in runs)
        cells = [settings, str(len(runs)), *(f"{value:.1f}" for value in f), f"{train:.0f} s"]
        tables[data, words].append(f"| {' | '.join(cells)} |")
    for (data, words), rows in tables.items():
        heads = [data, "seeds", *(f"{percent}%" for percent in words), "training"]
        print(f"\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|", *rows, sep="\n")


def groups(lines: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], list[list[dict]]]]:
    """YIELDS (tuple, list): A set and the settings and function, for people; its runs, of each the
    lines in the order of the rounds."""
    found: dict[tuple[str, str], dict[int, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for line in sorted(lines, key=lambda line: line["round"]):
        said = [f"{key} = {json.dumps(value)}" for key, value in line["settings"].items()]
        name = ", ".join(said) or "configs/al.cfg"
        found[line["data"], f"{line['acquisition']}: {name}"][line["seed"]].append(line)
    for key, seeds in sorted(found.items()):
        yield key, list(seeds.values())


if __name__ == "__main__":
    typer.run(main)
