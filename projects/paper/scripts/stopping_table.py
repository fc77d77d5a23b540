"""Where the stopping rule would have ended the runs of benchmarks/results/curves.jsonl.

    python benchmarks/stopping_table.py --threshold 0.9 --threshold 0.95

A line a round: data, acquisition, seed, round, words_percent, ents_f and stability. Means of the
seeds; "lost" is what the best of the later rounds, and the last one, had more.
"""

import json
from pathlib import Path
from statistics import mean
from typing import Annotated

import typer
from curves_table import FULL, SHALLOW

from spacy_deepal.report.stopping import find_stop
from spacy_deepal.rounds.stability import ROUNDS

RESULTS = Path(__file__).parent / "results" / "curves.jsonl"


def main(
    results: Annotated[Path, typer.Argument(help="JSONL")] = RESULTS,
    threshold: Annotated[list[float], typer.Option(help="stop_stability")] = [0.9, 0.95],  # noqa: B006
    rounds: Annotated[int, typer.Option(help="stop_rounds")] = ROUNDS,
) -> None:
    """Print a Markdown table: where each function would have been stopped, and what that lost."""
    runs: dict[tuple, list] = {}
    for line in map(json.loads, results.read_text(encoding="utf8").splitlines()):
        if line["acquisition"] not in (FULL, SHALLOW):
            runs.setdefault((line["data"], line["acquisition"], line["seed"]), []).append(line)
    print("| | | stability | stopped | words | F1 | lost to the best | lost to the last |")
    print("|---" * 8 + "|")
    for data, name in dict.fromkeys(key[:2] for key in runs):
        group = [
            sorted(lines, key=lambda line: line["round"])
            for key, lines in runs.items()
            if key[:2] == (data, name)
        ]
        for number in threshold:
            print(f"| {data} | {name} | {number:g} | {row(group, number, rounds)} |")


def row(group: list[list[dict]], threshold: float, rounds: int) -> str:
    """RETURNS (str): The cells of one function and threshold."""
    found = []
    for lines in group:
        f, stability = ([line.get(key) for line in lines] for key in ("ents_f", "stability"))
        stop = find_stop(f, stability, threshold, rounds)
        if stop:
            percent = lines[stop.place]["words_percent"]
            found.append((percent, 100 * stop.f, 100 * stop.lost_to_best, 100 * stop.lost_to_last))
    share = f"{len(found)} of {len(group)}"
    if not found:
        return f"{share} | | | |"
    percent, f, best, last = map(mean, zip(*found, strict=True))
    return f"{share} | {percent:.0f}% | {f:.1f} | {best:.1f} | {last:.1f}"


if __name__ == "__main__":
    typer.run(main)
