"""The tables of what the programs on speed have written as JSON.

    python benchmarks/speed_table.py

results/speed has a file of tagger_speed.py for each data set, results/latency files of
round_latency.py, and results/encoder files of encoder_speed.py.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from records import markdown

RESULTS = Path(__file__).parent / "results"
SPEED = {  # what tagger_speed.py prints, and what the table calls it
    "train_ratio": "training, words a second over `ner`'s",
    "predict_ratio": "prediction, words a second over `ner`'s",
    "bald_ratio": "BALD, 100 samples, over an MNLP pass",
    "bald_decoder_ratio": "DecoderBALD, 100 samples",
    "bald_20_samples_ratio": "BALD, 20 samples",
    "bald_anytime_ratio": "BALD for a budget of 2% of the words",
    "bald_anytime_finds": "share of BALD's batch that it finds",
    "bald_20_samples_finds": "share that 20 samples find",
    "bald_decoder_finds": "share that DecoderBALD finds",
    "bald_20_samples_spearman": "rank correlation with BALD: 20 samples",
    "bald_mnlp_spearman": "rank correlation with BALD: MNLP",
    "bald_decoder_spearman": "rank correlation with BALD: DecoderBALD",
}
GOALS = {"train_ratio": "3", "predict_ratio": "5", "bald_ratio": "70", "bald_decoder_ratio": "20"}
STEPS = ("total", "train", "evaluate", "score", "select", "rest", "read", "encode", "write")
SIZES = ("pool", "labelled", "threads")
ENCODER = {
    "encoder_words_s": "the encoder itself, words a second",
    "encoder_network_share": "share of its time that its network takes",
    "mnlp_without_words_s": "MNLP without it, words a second",
    "mnlp_with_words_s": "MNLP with its vectors from the cache",
    "bald_without_words_s": "BALD, 100 samples, without it",
    "bald_with_words_s": "BALD with its vectors from the cache",
}


def main() -> None:
    """Print a Markdown table for each of the three programs."""
    speed, latency, encoder = map(read, ("speed", "latency", "encoder"))
    goals = [[GOALS.get(key, "")] for key in SPEED]
    table = map(list.__add__, rows(SPEED, speed.values()), goals)
    print(markdown(["`--quick`", *speed, "goal"], *table))
    lines = [line for file in latency.values() for line in file["figures"]]
    print("\n" + markdown([*SIZES, "", *STEPS], *map(latency_row, lines)))
    print("\n" + markdown(["", *encoder], *rows(ENCODER, encoder.values())))


def read(folder: str) -> dict[str, Any]:
    """RETURNS (dict): What the files of a folder hold, by their names without the ending."""
    files = sorted((RESULTS / folder).glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf8")) for file in files}


def rows(names: dict[str, str], files: Iterable[dict[str, Any]]) -> Iterator[list[str]]:
    """YIELDS (list[str]): Of each figure, its name and what each file says."""
    sets = list(files)
    return ([name, *(show(file[key]) for file in sets)] for key, name in names.items())


def latency_row(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The cells of a line of round_latency.py."""
    system = f"`{line['system']}`"
    if line["system"] == "deepal_ner":
        system += f", {line['acquisition']}{', encoder' if line['encoder'] else ''}"
    sizes = [f"{line[size]:,}" for size in SIZES]
    return [*sizes, system, *(show(line[step]) if step in line else "" for step in STEPS)]


def show(number: float) -> str:
    """RETURNS (str): A number with as many digits as count."""
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.0f}" if number >= 20 else f"{number:.1f}" if number >= 2 else f"{number:.2f}"


if __name__ == "__main__":
    main()
