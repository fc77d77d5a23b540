"""Print the tables of the loop with a pretrained encoder as the pages have them.

    python scripts/encoder_table.py

The first table is that of docs/results.md: a row for each set of results/encoder.jsonl. The others
are those of docs/results_small.md: a row for each round, beside the same round without the encoder,
from results/curves.jsonl. A test compares the pages with what this prints, so paste it after new
results are recorded.

All is of mean curves, as far as all seeds have come. Nothing is interpolated.
"""

from pathlib import Path
from statistics import mean
from typing import Annotated

import typer
from curves_table import FULL, all_words, functions, points, pool_words, read_sets
from large_table import JUDGED, show_full, show_reached, show_saved, show_words
from mean_curve import mean_run
from results import RESULTS, markdown, show_errors, signed

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.compare import BASELINE, TARGET
from spacy_deepal.report.curves import VISIBLE
from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.rounds.rows import RoundMetrics

NAMES = {"demo-en": "demo"}  # of sets that the pages call otherwise
DRAWN = (JUDGED, BASELINE)
HEAD = (
    *("", "words of the pool", "seeds", "all words, with it", "all words, without"),
    *("MNLP: words to what all give without", "RAND: the same"),
    *("MNLP: words to 99% of what all give with it", "RAND: the same"),
    *("fewer words than RAND", "last round: words", "MNLP: F1", "RAND: F1", "difference (by seed)"),
)


def main(
    encoder: Annotated[Path, typer.Argument(help="With the encoder")] = RESULTS / "encoder.jsonl",
    plain: Annotated[Path, typer.Argument(help="Without it")] = RESULTS / "curves.jsonl",
) -> None:
    """Print the summary of all sets, then the rounds of each."""
    with show_errors():
        others = read_sets(plain)
        sets = {data: (runs, others.get(data, [])) for data, runs in read_sets(encoder).items()}
        for data, (runs, _) in sets.items():
            check_pairs(encoder, data, runs)
    print(markdown(HEAD, *(summarise_encoder(data, *runs) for data, runs in sets.items())))
    for data, (runs, without) in sets.items():
        print(f"\n{describe_encoder(data, runs, without)}\n")
        print(markdown(*show_rounds(runs, without)))


def check_pairs(encoder: Path, data: str, runs: list[RecordedRun]) -> None:
    """RAISES (DeepALError): MNLP and RAND do not have the same seeds, or the model of all words is
    missing."""
    ours, others, full = ({run.seed for run in runs if run.name == name} for name in (*DRAWN, FULL))
    if ours != others or not ours or not full:
        raise DeepALError(
            f"{encoder} does not have {JUDGED} and {BASELINE} with the same seeds, and a model of "
            f"all words, of {data}. Run what is missing, then record_curves.py."
        )


def summarise_encoder(data: str, runs: list[RecordedRun], plain: list[RecordedRun]) -> list[str]:
    """RETURNS (list[str]): The row of a set, as HEAD says."""
    groups = functions(runs)
    ours, rand = (mean_run(groups[name]) for name in DRAWN)
    full, without = all_words(runs, FULL), all_words(plain, FULL)
    target = None if full is None else TARGET * full
    cells = [NAMES.get(data, data), f"{pool_words(runs):,}", str(len(groups[JUDGED]))]
    cells += [show_full(runs), points(without)]
    cells += [show_reached(curve, f) for f in (without, target) for curve in (ours, rand)]
    cells.append(show_saved(ours, rand, full))
    number = min(len(run.rounds) for name in DRAWN for run in groups[name]) - 1
    ends = [curve.rounds[number] for curve in (ours, rand)]
    found = [{run.seed: run.rounds[number].ents_f for run in groups[name]} for name in DRAWN]
    pairs = [100 * (found[0][seed] - found[1][seed]) for seed in found[0]]
    by_seed = f" ({', '.join(map(signed, pairs))})" if len(pairs) > 1 else ""
    cells += [show_words(ends[0]), *(points(row.ents_f) for row in ends)]
    return [*cells, signed(mean(pairs)) + by_seed]


def describe_encoder(data: str, runs: list[RecordedRun], plain: list[RecordedRun]) -> str:
    """RETURNS (str): The line above the rounds of a set."""
    full = all_words(plain, FULL)
    without = "" if full is None else f", without it {points(full)}"
    return f"**{NAMES.get(data, data)}** (all words with the encoder {show_full(runs)}{without}):"


def show_rounds(runs: list[RecordedRun], plain: list[RecordedRun]) -> list[list[str]]:
    """RETURNS (list[list[str]]): A head, and a row for each round with the encoder. Columns without
    it are only there if there are such runs."""
    curves = {f"{name} with the encoder": mean_run(functions(runs)[name]) for name in DRAWN}
    groups = functions(plain)
    curves |= {name: mean_run(groups[name]) for name in DRAWN if name in groups}
    longest = max(list(curves.values())[: len(DRAWN)], key=lambda curve: len(curve.rounds))
    rows = [["words", *curves]]
    for row in longest.rounds:
        found = (find_round(curve, row.words_percent) for curve in curves.values())
        rows.append([show_words(row), *(points(found and found.ents_f) for found in found)])
    return rows


def find_round(curve: RecordedRun, percent: float) -> RoundMetrics | None:
    """RETURNS (RoundMetrics | None): The round of a curve that has this percent of the words."""
    return next((row for row in curve.rounds if abs(row.words_percent - percent) < VISIBLE), None)


if __name__ == "__main__":
    typer.run(main)
