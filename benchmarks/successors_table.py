"""The table of docs/results.md from benchmarks/results/successors.jsonl.

    python benchmarks/successors_table.py

A cell is the mean test F1 of its seeds, with their number where it is not three.
"""

import json
from pathlib import Path
from typing import Annotated

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
        for system, field in (("ner", "ents_f"), ("deepal_ner", "deepal_ner_ents_f")):
            for name in names:
                found = [
                    [
                        100 * line[field]
                        for line in lines
                        if (line["data"], line["acquisition"], line["share"]) == (data, name, share)
                    ]
                    for share in shares
                ]
                if any(found):
                    cells = " | ".join(cell(values, False) for values in found)
                    print(f"| {data} | `{system}` | {name} | {cells} |")


if __name__ == "__main__":
    typer.run(main)
