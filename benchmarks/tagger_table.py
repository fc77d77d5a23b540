"""The tables of what tagger_accuracy.py recorded.

    python benchmarks/tagger_table.py

A cell is the mean test F1 of its seeds. Their number stands beside it where it is not three. The
CRF has no random number, so it is trained once on all words.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from statistics import mean

from records import markdown

RESULTS = Path(__file__).parent / "results" / "tagger_accuracy.jsonl"
SEEDS = 3
SYSTEMS = (  # of the tables of all sets
    "ner",
    "crf",
    "deepal_ner",
    "ner_vectors",
    "deepal_ner_vectors",
    "deepal_ner_paper",
    "deepal_ner_plain",
)
WITH_ENCODER = {  # a system and its share of the labels, and what the table calls them
    ("ner_encoder", 0.1): "`ner_encoder`",
    ("deepal_ner_encoder", 0.1): "`deepal_ner_encoder`",
    ("deepal_ner", 0.1): "`deepal_ner`, 10% without pretrained knowledge",
    ("deepal_ner", 1.0): "`deepal_ner`, all labels without pretrained knowledge",
}
Found = dict[tuple[str, float], dict[str, list[float]]]  # system and share: F1 of each set's seeds


def main() -> None:
    """Print a Markdown table for each share of the training words, and that of the encoder."""
    found: Found = {}
    for line in map(json.loads, RESULTS.read_text(encoding="utf8").splitlines()):
        of_system = found.setdefault((line["system"], line["share"]), {})
        of_system.setdefault(line["data"], []).append(100 * line["ents_f"])
    for share in (0.1, 1.0):
        names = {(system, share): f"`{system}`" for system in SYSTEMS if (system, share) in found}
        print_table(found, names, found["deepal_ner", share], ["mean"])
    print_table(found, WITH_ENCODER, found["deepal_ner_encoder", 0.1])


def print_table(
    found: Found, names: dict[tuple[str, float], str], sets: Iterable[str], more: Iterable[str] = ()
) -> None:
    """Print a row for each of some systems, and a column for each of some sets.

    names (dict): The systems and their shares, and what the table calls them.
    more (Iterable[str]): Nothing, or "mean": another column.
    """
    sets, more, rows = list(sets), list(more), []
    for (system, share), name in names.items():
        of_sets = [found[system, share].get(data, []) for data in sets]
        once = (system, share) == ("crf", 1)
        means = [f"{mean(map(mean, of_sets)):.1f}" if all(of_sets) else "" for _ in more]
        rows.append([name, *(cell(values, once) for values in of_sets), *means])
    print(markdown(["", *sets, *more], *rows) + "\n")


def cell(values: list[float], complete: bool) -> str:
    """RETURNS (str): The mean, and the number of seeds where some are missing."""
    if not values:
        return ""
    return f"{mean(values):.1f}" + ("" if complete or len(values) == SEEDS else f" ({len(values)})")


if __name__ == "__main__":
    main()
