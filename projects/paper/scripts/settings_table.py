"""Record runs with other settings than configs/al.cfg, and print their learning curves.

    python scripts/settings_table.py runs/settings-paper runs/settings-600

A workspace of `spacy deepal experiment` holds its runs as WORKSPACE/NAME/RUN. Records a line for
each round, with the settings of [active_learning] that differ from configs/al.cfg. Prints all that
the file of results holds: for each data set and settings, the mean test F1 of the seeds after each
round that all seeds have, and the seconds of training in these rounds.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from results import DIGITS, RESULTS, keep_config, markdown, read_lines, record, show_errors
from thinc.api import Config

from spacy_deepal.report.runs import RecordedRun, read_runs
from spacy_deepal.rounds.settings import ENDS, SECTION

COMMON_FILE = Path(__file__).resolve().parents[3] / "configs" / "al.cfg"
COMMON = Config().from_disk(COMMON_FILE, interpolate=False)[SECTION]
OWN = ("seed", "acquisition", "oracle", *ENDS)  # not settings that are compared


def main(
    workspaces: Annotated[list[Path] | None, typer.Argument(help="Workspaces to record")] = None,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "settings.jsonl",
) -> None:
    """Record the runs, and print a table of all that is recorded."""
    with show_errors():
        files = [file for each in workspaces or () for file in each.glob("*/*/manifest.json")]
        runs = read_runs(sorted(file.parent for file in files)) if files else []
        lines = [line for run in runs for line in lines_of(run, output.parent)]
        record(output, lines, by=("data", "settings", "acquisition", "seed"))
        print_table(read_lines(output))


def lines_of(run: RecordedRun, folder: Path) -> list[dict[str, Any]]:
    """Make the lines of a run, and keep its config.

    folder (Path): Where the results go.
    RETURNS (list[dict]): A line for each round.
    """
    config = Config().from_str(run.manifest.config, interpolate=False)
    settings = config[SECTION]
    changed = {k: settings[k] for k in settings if k not in OWN and settings[k] != COMMON.get(k)}
    head = {"data": run.folder.path.parent.name, "made_of": keep_config(config, folder)}
    head |= {"settings": changed, "acquisition": run.name, "seed": run.seed}
    return [
        {
            **head,
            "round": row.round,
            "words_percent": round(row.words_percent, DIGITS),
            "sentences": row.sentences,
            "ents_f": round(row.ents_f, DIGITS),
            "seconds": row.seconds.model_dump(),
        }
        for row in run.rounds
    ]


def print_table(lines: list[dict[str, Any]]) -> None:
    """Print a table for each data set and range of words."""
    tables: dict[tuple[str, tuple[int, ...]], list[list[str]]] = defaultdict(list)
    for (data, settings), runs in groups(lines):
        shared = min(map(len, runs))
        words = tuple(round(line["words_percent"]) for line in runs[0][:shared])
        f = [mean(100 * run[number]["ents_f"] for run in runs) for number in range(shared)]
        train = mean(sum(line["seconds"]["train"] for line in run[:shared]) for run in runs)
        cells = [settings, str(len(runs)), *(f"{value:.1f}" for value in f), f"{train:.0f} s"]
        tables[data, words].append(cells)
    for (data, words), rows in tables.items():
        head = [data, "seeds", *(f"{percent}%" for percent in words), "training"]
        print("\n" + markdown(head, *rows))


def groups(lines: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], list[list[dict]]]]:
    """YIELDS (tuple, list): A data set and its settings in words; and the lines of each of its
    runs, in the order of the rounds."""
    found: dict[tuple[str, str], dict[int, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for line in sorted(lines, key=lambda line: line["round"]):
        said = [f"{key} = {json.dumps(value)}" for key, value in line["settings"].items()]
        name = ", ".join(said) or "configs/al.cfg"
        found[line["data"], f"{line['acquisition']}: {name}"][line["seed"]].append(line)
    for key, seeds in sorted(found.items()):
        yield key, list(seeds.values())


if __name__ == "__main__":
    typer.run(main)
