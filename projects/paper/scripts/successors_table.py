"""The table of docs/results.md from benchmarks/results/successors.jsonl.

    python benchmarks/successors_table.py

A cell is the mean test F1 of its seeds, with their number where it is not three.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from tagger_table import cell

RESULTS = Path(__file__).parent / "results" / "successors.jsonl"


def main(results: Annotated[Path, typer.Argument(help="JSONL")] = RESULTS) -> None:
    """Print a Markdown table: who was trained, on whose picks, at each share of the words."""
    lines = [json.loads(line) for line in results.read_text(encoding="utf8").splitlines()]
    shares = sorted({line["share"] for line in lines})
    names = sorted({line["acquisition"] for line in lines})
    print(f"| | trained | picked by | {' | '.join(f'{share:.0%}' for share in shares)} |")
    print("|---" * (len(shares) + 3) + "|")
    for data in dict.fromkeys(line["data"] for line in lines):
        mine = [line for line in lines if line["data"] == data]
        for system in dict.fromkeys(line["system"] for line in mine):
            models = {key(line): line["ents_f"] for line in mine if line["system"] == system}
            print_rows(f"{data} | `{system}`", models, names, shares)
        loop = {key(line): line["deepal_ner_ents_f"] for line in mine}
        print_rows(f"{data} | the loop's own", loop, names, shares)


def key(line: dict[str, Any]) -> tuple[str, float, int]:
    """RETURNS (tuple): What a labelled set is known by: function, share of the words, seed."""
    return line["acquisition"], line["share"], line["seed"]


def print_rows(
    head: str, models: dict[tuple, float], names: Iterable[str], shares: Iterable[float]
) -> None:
    """Print a row for each function by which sentences were picked.

    models (dict): Test F1, from 0 to 1, by what `key` gives.
    """
    for name in names:
        found = [
            [100 * f for (by, size, _), f in models.items() if (by, size) == (name, share)]
            for share in shares
        ]
        if any(found):
            print(f"| {head} | {name} | {' | '.join(cell(values, False) for values in found)} |")


if __name__ == "__main__":
    typer.run(main)
