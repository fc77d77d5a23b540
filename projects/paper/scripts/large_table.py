"""Print the tables of the large sets as the pages have them.

    python scripts/large_table.py

The first table is that of docs/results.md: a row for each set of results/large.jsonl, and the
paper's. The others are those of docs/results_small.md: a row for each round, and where
`paired.py --acquisition LC --baseline MNLP` and the like were run, a row for each other function. A
test compares the pages with what this prints, so paste it after new results are recorded.

All is of mean curves, as far as all seeds have come. Nothing is interpolated. The differences are
those of results/paired.jsonl.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from curves_table import FULL, SHALLOW, all_words, functions, points, pool_words, read_sets
from mean_curve import mean_run
from paired import show_difference
from results import RESULTS, markdown, read_lines, show_errors

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.compare import BASELINE, TARGET, Comparison
from spacy_deepal.report.page import PAPER
from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.rounds.rows import RoundMetrics

JUDGED = "MNLP"
HEAD = (
    *("", "words of the pool", "seeds", "full data"),
    *(
        "MNLP: words to 99% of it",
        "RAND: the same",
        "MNLP: words to the CRF's F1",
        "fewer words than RAND",
    ),
    *("last round: words", "MNLP: F1", "RAND: F1", "difference", "95% interval"),
)
OTHERS_HEAD = (
    *("function", "seeds", "last round: words", "F1", "MNLP: F1"),
    *("mean difference after the seed set", "95% interval", "by seed"),
)
# Name, words of the pool, and F1 of CNN-CNN-LSTM trained on all of them (Shen et al. 2017).
PAPER_SETS = (
    ("the paper, English", 1_088_503, 0.8652),
    ("the paper, Chinese", 756_063, 0.7563),
)


def main(
    curves: Annotated[Path, typer.Argument(help="File of results")] = RESULTS / "large.jsonl",
    paired: Annotated[Path, typer.Argument(help="What paired.py wrote")] = RESULTS / "paired.jsonl",
) -> None:
    """Print the summary of all sets, then the rounds of each."""
    with show_errors():
        sets = read_sets(curves)
        differences = {data: read_differences(paired, data, runs) for data, runs in sets.items()}
    rows = [summarise_large(data, runs, differences[data]) for data, runs in sets.items()]
    print(markdown(HEAD, *rows, *map(paper_row, range(len(PAPER_SETS)))))
    for data, runs in sets.items():
        print(f"\n{describe_large(data, runs)}\n")
        print(markdown(*show_rounds(runs, differences[data])))
        if others := list(compare_others(paired, data, runs)):
            print(f"\n**{data}**, other functions beside MNLP:\n")
            print(markdown(OTHERS_HEAD, *others))


def read_differences(paired: Path, data: str, runs: list[RecordedRun]) -> list[dict[str, Any]]:
    """Read the differences of a set.

    RAISES (DeepALError): There are none, or the curves are not of the same seeds, or not of those
        that were paired; a model of all words is missing.
    """
    if all_words(runs, FULL) is None:
        raise DeepALError(f"There is no model of all words of {data}. Record one with --full.")
    lines = read_lines(paired, data=data, acquisition=JUDGED, baseline=BASELINE)
    seeds = {name: [run.seed for run in runs if run.name == name] for name in (JUDGED, BASELINE)}
    seeds[str(paired)] = lines[0]["seeds"]
    ours, others, compared = map(set, seeds.values())
    if ours != others or not compared <= ours:
        told = "\n".join(f"- {name}: {', '.join(map(str, seeds[name]))}" for name in seeds)
        raise DeepALError(
            f"What is recorded of {data} is not of the same seeds:\n{told}\n"
            "Run what is missing, then record_curves.py and paired.py."
        )
    return lines


def compare_others(paired: Path, data: str, runs: list[RecordedRun]) -> Iterator[list[str]]:
    """YIELDS (list[str]): The row of a function that was compared with MNLP, as OTHERS_HEAD says.
    Both curves are those of the seeds that were compared.

    RAISES (DeepALError): The curves of these seeds are not recorded.
    """
    against = [line for line in read_lines(paired, data=data) if line["baseline"] == JUDGED]
    for name in dict.fromkeys(line["acquisition"] for line in against):
        *rounds, mean = (line for line in against if line["acquisition"] == name)
        seeds, last = mean["seeds"], rounds[-1]["round"]
        curves = [
            [
                run
                for run in runs
                if run.name == each and run.seed in seeds and len(run.rounds) > last
            ]
            for each in (name, JUDGED)
        ]
        if any(len(curve) < len(seeds) for curve in curves):
            raise DeepALError(
                f"{paired} compares {name} with {JUDGED} on {data} with seeds "
                f"{', '.join(map(str, seeds))}, and not all curves are recorded. Run "
                "record_curves.py."
            )
        ends = [mean_run(curve).rounds[last] for curve in curves]
        cells = [name, str(len(seeds)), show_words(ends[0])]
        yield [*cells, *(points(row.ents_f) for row in ends), *compare(mean)]


def summarise_large(
    data: str, runs: list[RecordedRun], differences: list[dict[str, Any]]
) -> list[str]:
    """RETURNS (list[str]): The row of a set, as HEAD says."""
    curves = mean_curves(runs)
    full_f, shallow = all_words(runs, FULL), all_words(runs, SHALLOW)
    target = None if full_f is None else TARGET * full_f
    *_, last = (line for line in differences if line["round"] is not None)
    seeds = sorted({run.seed for run in functions(runs)[JUDGED]})
    ends = [curve.rounds[last["round"]] for curve in curves]
    cells = [data, f"{pool_words(runs):,}", str(len(seeds)), show_full(runs)]
    cells += [show_reached(curve, target) for curve in curves]
    cells += [show_reached(curves[0], shallow), show_saved(*curves, full_f)]
    cells += [show_words(ends[0]), *(points(row.ents_f) for row in ends)]
    difference, interval, _ = compare(last)
    of = "" if last["seeds"] == seeds else f" (seed {', '.join(map(str, last['seeds']))})"
    return [*cells, difference + of, interval]


def compare(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): A difference, its interval and whether it is decided, and the seeds'."""
    difference, interval, seeds, decided = show_difference(line)
    return [difference, ", ".join(filter(None, (interval, decided))), seeds]


def paper_row(number: int) -> list[str]:
    """RETURNS (list[str]): The row of one of the paper's sets. It does not report what is empty."""
    name, words, f = PAPER_SETS[number]
    target, shallow = (f"{PAPER[key][number]}%" for key in ("target", "shallow"))
    cells = [name, f"{words:,}", "", points(f), target, "", shallow]
    return cells + [""] * (len(HEAD) - len(cells))


def mean_curves(runs: list[RecordedRun]) -> list[RecordedRun]:
    """RETURNS (list[RecordedRun]): The mean curves of MNLP and of RAND."""
    groups = functions(runs)
    return [mean_run(groups[name]) for name in (JUDGED, BASELINE)]


def describe_large(data: str, runs: list[RecordedRun]) -> str:
    """RETURNS (str): The line above the rounds of a set."""
    shallow = all_words(runs, SHALLOW)
    crf = "" if shallow is None else f", CRF {points(shallow)}"
    return f"**{data}** ({pool_words(runs):,} words; full data {show_full(runs)}{crf}):"


def show_full(runs: list[RecordedRun]) -> str:
    """RETURNS (str): The mean F1 of the models of all words, and how many there are, unless each
    seed has one."""
    seeds = {run.seed for run in runs if run.name == FULL}
    others = {run.seed for run in functions(runs)[JUDGED]}
    number = "" if seeds == others else f" ({len(seeds)} of {len(others)} seeds)"
    return points(all_words(runs, FULL)) + number


def show_reached(curve: RecordedRun, f: float | None) -> str:
    """RETURNS (str): The words at the first round with this F1 (0 to 1). Where the curve does not
    get there, it is more than its last round has. Empty if there is no such F1."""
    if f is None:
        return ""
    reached = curve.first_reaching(f)
    return f"over {curve.rounds[-1].words_percent:.1f}%" if reached is None else show_words(reached)


def show_saved(ours: RecordedRun, rand: RecordedRun, full_f: float | None) -> str:
    """RETURNS (str): How many fewer words than RAND our curve needs, in percent, at which F1:
    99% of the full-data F1 where both get there, or else the lower of their best F1."""
    saved = Comparison([ours, rand], full_f).words_saved(ours, rand)
    return "" if saved is None else f"{saved[0]:.0f}% at {points(saved[1])}"


def show_words(row: RoundMetrics) -> str:
    """RETURNS (str): The words of a round, in percent of the pool and as a number."""
    return f"{row.words_percent:.1f}% ({row.words:,})"


def show_rounds(runs: list[RecordedRun], differences: list[dict[str, Any]]) -> list[list[str]]:
    """RETURNS (list[list[str]]): A head, a row for each round, and one for the mean of all rounds
    but the first."""
    rows = [["words", JUDGED, BASELINE, "difference", "95% interval", "by seed"]]
    curves = mean_curves(runs)
    rounds = zip(*(curve.rounds for curve in curves), strict=False)
    pairs = [tuple(row.ents_f for row in pair) for pair in rounds]
    for line in differences:
        number = line["round"]
        found = pairs[1 : len(differences) - 1] if number is None else [pairs[number]]
        means = [points(sum(fs) / len(found)) for fs in zip(*found, strict=True)]
        words = (
            "mean after the seed set" if number is None else show_words(curves[0].rounds[number])
        )
        compared = ["0", "", ""] if number == 0 else compare(line)
        rows.append([words, *means, *compared])
    return rows


if __name__ == "__main__":
    typer.run(main)
