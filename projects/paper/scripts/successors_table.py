"""The table of what successors.py recorded.

    python scripts/successors_table.py

A cell is the mean test F1 of its seeds. Their number stands beside it where it is not three.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from results import RESULTS, markdown, read_lines, show_errors

SEEDS = 3


def main(
    results: Annotated[Path, typer.Argument(help="File of results")] = RESULTS / "successors.jsonl",
) -> None:
    """Print a Markdown table: who was trained, on whose sentences, at each share of the words."""
    with show_errors():
        lines = read_lines(results)
    shares = sorted({line["share"] for line in lines})
    names = sorted({line["acquisition"] for line in lines})
    rows = [["", "trained", "picked by", *(f"{share:.0%}" for share in shares)]]
    for data in dict.fromkeys(line["data"] for line in lines):
        mine = [line for line in lines if line["data"] == data]
        for system in dict.fromkeys(line["system"] for line in mine):
            models = {key(line): line["ents_f"] for line in mine if line["system"] == system}
            rows += rows_of([data, f"`{system}`"], models, names, shares)
        loop = {key(line): line["deepal_ner_ents_f"] for line in mine}
        rows += rows_of([data, "the loop's own"], loop, names, shares)
    print(markdown(*rows))


def key(line: dict[str, Any]) -> tuple[str, float, int]:
    """RETURNS (tuple): What identifies a labelled set: function, share of the words, seed."""
    return line["acquisition"], line["share"], line["seed"]


def rows_of(
    head: list[str], models: dict[tuple, float], names: Iterable[str], shares: Iterable[float]
) -> Iterator[list[str]]:
    """Make a row for each function that selected sentences.

    models (dict): Test F1, from 0 to 1, by `key`.
    YIELDS (list[str]): The cells of a row.
    """
    for name in names:
        found = [
            [100 * f for (by, size, _), f in models.items() if (by, size) == (name, share)]
            for share in shares
        ]
        if any(found):
            yield [*head, name, *(cell(values) for values in found)]


def cell(values: list[float]) -> str:
    """RETURNS (str): The mean, and the number of seeds where it is not the usual one."""
    if not values:
        return ""
    return f"{mean(values):.1f}" + ("" if len(values) == SEEDS else f" ({len(values)})")


if __name__ == "__main__":
    typer.run(main)
