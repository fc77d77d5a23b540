"""Print the table of docs/results.md that says how far a model of all words can come.

    python scripts/ceiling_table.py

The lines of results/ceiling.jsonl are those of `paper_model.py --words 0`, with configs that differ
from configs/al.cfg in the width of the word CNN and in dropout. A test compares the page with what
this prints.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from results import RESULTS, markdown, read_lines, show_errors
from spacy.util import load_config

SETTINGS = ("width of the word CNN", "dropout", "updates")
SCORES = ("dev_ents_f", "ents_f")


def main(
    results: Annotated[Path, typer.Argument(help="File of results")] = RESULTS / "ceiling.jsonl",
) -> None:
    """Print a row for each setting, and the F1 on dev and test of each data set."""
    with show_errors():
        lines = read_lines(results)
        models = {(setting(line, results.parent), line["data"]): line for line in lines}
    sets = list(dict.fromkeys(line["data"] for line in lines))
    rows = [
        [*map(str, each), *(show(models.get((each, data))) for data in sets)]
        for each in sorted({each for each, _ in models})
    ]
    print(markdown([*SETTINGS, *(f"{data}: dev, test" for data in sets)], *rows))


def setting(line: dict[str, Any], folder: Path) -> tuple[int, float, str]:
    """RETURNS (tuple): Width, dropout and updates of a model.

    folder (Path): That of the file of results. Beside it are the configs.
    """
    config = load_config(folder / "configs" / f"{line['made_of']}.cfg", interpolate=False)
    width = config["components"]["ner"]["model"]["encode"]["width"]
    return width, config["training"]["dropout"], f"{config['training']['max_steps']:,}"


def show(line: dict[str, Any] | None) -> str:
    """RETURNS (str): F1 on dev and test in points. Nothing if there is no such model."""
    return ", ".join(f"{100 * line[score]:.1f}" for score in SCORES) if line else ""


if __name__ == "__main__":
    typer.run(main)
