"""Sum up what record_curves.py recorded, and print the tables.

    python scripts/curves_table.py

Writes a line for each data set and acquisition function to results/curves_summary.jsonl. Words are
in percent of the pool, F1 on test is from 0 to 1. A value is null where it does not exist.

data, acquisition, seeds      what the line is about
full_f, shallow_f             F1 of the models of all words: the config's (mean of seeds), the CRF
words_percent_to_99           words at the first round whose mean F1 is 99% of full_f or more;
                              nothing is interpolated
words_percent_to_shallow      the same for shallow_f
seeds_to_99, seeds_to_shallow           how many of the seeds get there by themselves
seeds_percent_to_99, ..._to_shallow     the mean of the words that those seeds need
area, area_range              mean F1 over the range of words that every run of the set covers
seeds_area                    the same for each seed, in the order of `seeds`
words_saved_percent           saving on the words that RAND needs with the same seeds to reach
words_saved_f                 this F1: 99% of full_f where both get there, else the lower best F1
score_seconds, train_seconds  mean time of a round; the one of the seed set does not count
"""

from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from mean_curve import mean_run
from results import DIGITS, RESULTS, markdown, read_lines, show_errors

from spacy_deepal.files import parse_row, write_jsonl
from spacy_deepal.report.compare import BASELINE, Comparison
from spacy_deepal.report.page import PAPER
from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.rounds.rows import Manifest, RoundMetrics
from spacy_deepal.rounds.run_folder import RunFolder

REMEDY = "Restore the file, or record the experiment again."
FULL, SHALLOW = "full", "crf"  # the models of all words, among the acquisition functions
FUNCTIONS = (BASELINE, "LC", "MNLP", "BALD")  # the paper's, in its order


def main(
    curves: Annotated[Path, typer.Argument(help="File of results")] = RESULTS / "curves.jsonl",
    output: Annotated[Path, typer.Option(help="The summary to write")] = (
        RESULTS / "curves_summary.jsonl"
    ),
) -> None:
    """Write the summary, and print Markdown tables."""
    with show_errors():
        sets = read_sets(curves)
    lines = [line for data, runs in sets.items() for line in summarise_set(data, runs)]
    write_jsonl(output, lines)
    for data, runs in sets.items():
        print_curves(data, runs)
    print_summary(lines)
    print_areas(lines)


def read_sets(file: Path) -> dict[str, list[RecordedRun]]:
    """Read what was recorded. A model of all words becomes a run of one round.

    RETURNS (dict): The runs of each data set, in the order of the file.
    """
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
    for line in read_lines(file):
        found[line["data"], line["acquisition"], line["seed"]].append(line)
    sets: dict[str, list[RecordedRun]] = defaultdict(list)
    for (data, name, seed), lines in found.items():
        rounds = [
            parse_row(RoundMetrics, {**line, "ents_per_type": {}, "genres": {}}, str(file), REMEDY)
            for line in sorted(lines, key=lambda line: line["round"])
        ]
        manifest = Manifest.model_construct(seed=seed)
        sets[data].append(RecordedRun(RunFolder(file), name, manifest, tuple(rounds)))
    return sets


def all_words(runs: list[RecordedRun], name: str) -> float | None:
    """RETURNS (float | None): The mean F1 of a model of all words. None if there is none."""
    found = [run.rounds[-1].ents_f for run in runs if run.name == name]
    return mean(found) if found else None


def pool_words(runs: list[RecordedRun]) -> int:
    """RETURNS (int): The words of the pool, which a round or a model of all words says."""
    row = max((run.rounds[-1] for run in runs), key=lambda row: row.words_percent)
    return round(100 * row.words / row.words_percent)


def functions(runs: list[RecordedRun]) -> dict[str, list[RecordedRun]]:
    """RETURNS (dict): The runs of each acquisition function. Those of the paper come first, in its
    order, then the others by name."""
    found: dict[str, list[RecordedRun]] = {name: [] for name in FUNCTIONS}
    for run in sorted(runs, key=lambda run: run.name):
        if run.name not in (FULL, SHALLOW):
            found.setdefault(run.name, []).append(run)
    return {name: group for name, group in found.items() if group}


def summarise_set(data: str, runs: list[RecordedRun]) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The line of each acquisition function (see the head of this file)."""
    groups = functions(runs)
    ours = [run for group in groups.values() for run in group]
    full_f, shallow = all_words(runs, FULL), all_words(runs, SHALLOW)
    comparison = Comparison(ours, full_f, FULL, shallow)
    rows = {row.name: row for row in comparison.summaries()}  # the last: of all seeds
    shared, lines = comparison.shared, []
    for name, group in groups.items():
        group = sorted(group, key=lambda run: run.seed)
        row, curve, seeds = rows[name], mean_run(group), [run.seed for run in group]
        rand = [run for run in groups.get(BASELINE, []) if run.seed in seeds]
        compared = name != BASELINE and len(rand) == len(group)
        baseline = mean_run(rand) if compared else None
        saved, saved_f = comparison.words_saved(curve, baseline) or (None, None)
        numbers = {
            "full_f": full_f,
            "shallow_f": shallow,
            "words_percent_to_99": percent_to(curve, comparison.target),
            "words_percent_to_shallow": percent_to(curve, shallow),
            "seeds_to_99": None if full_f is None else row.reached,
            "seeds_to_shallow": None if shallow is None else row.passed,
            "seeds_percent_to_99": row.target_percent and row.target_percent.mean,
            "seeds_percent_to_shallow": row.shallow_percent and row.shallow_percent.mean,
            "area": row.area and row.area.mean,
            "area_range": shared,
            "seeds_area": tuple(run.mean_f(*shared) for run in group) if shared else None,
            "words_saved_percent": saved,
            "words_saved_f": saved_f,
            "score_seconds": seconds_a_round(group, "score"),
            "train_seconds": seconds_a_round(group, "train"),
        }
        head = {"data": data, "acquisition": name, "seeds": seeds}
        lines.append({**head, **{key: rounded(value) for key, value in numbers.items()}})
    return lines


def percent_to(curve: RecordedRun, f: float | None) -> float | None:
    """RETURNS (float | None): Percent of the words at the first round with at least this F1."""
    reached = curve.first_reaching(f)
    return reached and reached.words_percent


def seconds_a_round(runs: list[RecordedRun], step: str) -> float | None:
    """RETURNS (float | None): Mean time of a step, without the round of the seed set."""
    found = [getattr(row.seconds, step) for run in runs for row in run.rounds if row.round]
    return mean(found) if found else None


def rounded(value: Any) -> Any:
    """RETURNS: A number with few digits, or each of several. Anything else stays as it is."""
    if isinstance(value, tuple):
        return [rounded(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def print_curves(data: str, runs: list[RecordedRun]) -> None:
    """Print the mean test F1 of each function after each round."""
    curves = {name: mean_run(group) for name, group in functions(runs).items()}
    if not curves:
        return
    longest = max(curves.values(), key=lambda curve: len(curve.rounds))
    models = {"full data": all_words(runs, FULL), "CRF": all_words(runs, SHALLOW)}
    known = [f"{name} {points(f)}" for name, f in models.items() if f is not None]
    print(f"\nTest F1 on {data}{': ' if known else ''}{', '.join(known)}\n")
    rows = [["words", *(f"{row.words_percent:.0f}%" for row in longest.rounds)]]
    for name, curve in curves.items():
        cells = [name, *(points(row.ents_f) for row in curve.rounds)]
        rows.append(cells + [""] * (len(rows[0]) - len(cells)))
    print(markdown(*rows))


def print_summary(lines: list[dict[str, Any]]) -> None:
    """Print the summary of all sets and functions, and the paper's figures below it."""
    heads = "words to 99%", "seeds", "words to the CRF's F1", "seeds", "mean F1", "fewer words"
    rows = [["", *heads, "scoring", "training"]]
    for line in lines:
        cells = [f"{line['data']}, {line['acquisition']}"]
        for goal in ("99", "shallow"):
            cells.append(percent(line[f"words_percent_to_{goal}"]))
            seeds = line[f"seeds_to_{goal}"]
            own = f" ({percent(line[f'seeds_percent_to_{goal}'])})" if seeds else ""
            cells.append("" if seeds is None else f"{seeds} of {len(line['seeds'])}{own}")
        saved = line["words_saved_percent"]
        at = "" if saved is None else f"{percent(saved)} at {points(line['words_saved_f'])}"
        cells += [points(line["area"]), at]
        cells += [seconds(line[f"{step}_seconds"]) for step in ("score", "train")]
        rows.append(cells)
    target, shallow = (", ".join(map(percent, PAPER[key])) for key in ("target", "shallow"))
    rows.append(["the paper's MNLP, English and Chinese", target, "", shallow, *[""] * 5])
    print("\n" + markdown(*rows))


def print_areas(lines: list[dict[str, Any]]) -> None:
    """Print the mean F1 of each seed, a column a data set. Means of seeds are in brackets."""
    cells = {(line["acquisition"], line["data"]): line for line in lines if line["seeds_area"]}
    names, sets = (dict.fromkeys(key[n] for key in cells) for n in (0, 1))
    rows = [["", *sets]]
    for name in names:
        row = [name]
        for data in sets:
            line = cells.get((name, data))
            seeds = ", ".join(map(points, line["seeds_area"])) if line else ""
            row.append(f"{seeds} ({points(line['area'])})" if seeds.count(",") else seeds)
        rows.append(row)
    print("\nMean F1 of each seed\n\n" + markdown(*rows))


def points(f: float | None) -> str:
    """RETURNS (str): F1 in points."""
    return "" if f is None else f"{100 * f:.1f}"


def percent(value: float | None) -> str:
    """RETURNS (str): The number. A dash where there is none."""
    return "-" if value is None else f"{value:.1f}%"


def seconds(value: float | None) -> str:
    """RETURNS (str): The time of a round."""
    return "" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    typer.run(main)
