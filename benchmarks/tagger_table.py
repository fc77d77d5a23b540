"""The tables of what tagger_accuracy.py recorded.

    python benchmarks/tagger_table.py

A cell is the mean test F1 of its seeds. Their number stands beside it where it is not three. The
CRF has no random number, so it is trained once on all words.
"""

import json
from pathlib import Path
from statistics import mean

RESULTS = Path(__file__).parent / "results" / "tagger_accuracy.jsonl"
SEEDS = 3


def main() -> None:
    """Print a Markdown table for each share of the training words."""
    lines = [json.loads(line) for line in RESULTS.read_text(encoding="utf8").splitlines()]
    sets = list(dict.fromkeys(line["data"] for line in lines))
    systems = list(dict.fromkeys(line["system"] for line in lines))
    for share in sorted({line["share"] for line in lines}):
        print(f"\nTest F1 with {share:.0%} of the training words\n")
        print(f"| | {' | '.join(sets)} | mean |")
        print("|---" * (len(sets) + 2) + "|")
        for system in systems:
            found = [
                [
                    100 * line["ents_f"]
                    for line in lines
                    if (line["data"], line["share"], line["system"]) == (data, share, system)
                ]
                for data in sets
            ]
            complete = system == "crf" and share == 1
            cells = [cell(values, complete) for values in found]
            cells.append(f"{mean(map(mean, found)):.1f}" if all(found) else "")
            if any(found):
                print(f"| `{system}` | {' | '.join(cells)} |")


def cell(values: list[float], complete: bool) -> str:
    """RETURNS (str): The mean, and the number of seeds where some are missing."""
    if not values:
        return ""
    return f"{mean(values):.1f}" + ("" if complete or len(values) == SEEDS else f" ({len(values)})")


if __name__ == "__main__":
    main()
