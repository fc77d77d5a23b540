"""The tables of docs/results.md on genres, from benchmarks/results/genres.jsonl.

python benchmarks/genres_table.py demo-en
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import typer
from fisher import fisher, sign_test

from spacy_deepal.report.compare import Spread, spread

HALF, WITHOUT, ALONE = TRAININGS = "half", "without", "alone"  # what a model is trained on
RESULTS = Path(__file__).parent / "results" / "genres.jsonl"
UNITS = ("sentences", "words")

Lines = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """A genre. All but the p values by training set, F1 from 0 to 1, shares in percent by unit.

    words (dict): Words trained on, mean of the seeds.
    f, genre_f (dict): F1 on test, and on the genre's part of it.
    pool (dict): The genre's share of the pool, by unit.
    share (dict): Its share of the picks, by unit and training set.
    others (Spread | None): Its share of the sentences chosen by the models that lacked another
        genre instead, and so saw about as many words as the one without it; None: there are none.
    more, less (float): That the model without the genre chose no more of it than the half-data
        model, and the model of it alone no less, in sentences of all seeds.
    """

    genre: str
    seeds: int
    words: dict[str, float]
    f: dict[str, Spread]
    genre_f: dict[str, Spread | None]
    pool: dict[str, Spread]
    share: dict[str, dict[str, Spread]]
    others: Spread | None
    more: float
    less: float


def share(counts: dict[str, dict[str, int]], genre: str, unit: str) -> float:
    """RETURNS (float): A genre's percentage of what was counted; unit: one of UNITS."""
    total = sum(found[unit] for found in counts.values())
    return 100 * counts[genre][unit] / total if genre in counts else 0.0


def picked(line: dict[str, Any]) -> tuple[int, int]:
    """RETURNS (int, int): Sentences chosen of the line's genre, and of others."""
    counts = {genre: found["sentences"] for genre, found in line["picks"].items()}
    mine = counts.get(line["genre"], 0)
    return mine, sum(counts.values()) - mine


def cells(lines: Lines) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """RETURNS (dict): The lines of each genre and seed that has all three, by training set."""
    found = defaultdict(dict)
    for line in lines:
        found[line["genre"], line["seed"]][line["training"]] = line
    return {key: cell for key, cell in sorted(found.items()) if len(cell) == len(TRAININGS)}


def summarise(lines: Lines) -> list[Row]:
    """RETURNS (list[Row]): A row for each genre, by name."""
    genres = defaultdict(list)
    for (genre, _), cell in cells(lines).items():
        genres[genre].append(cell)
    others = share_of_others(lines)
    return [
        summarise_genre(genre, found, spread(s for (g, _), s in others.items() if g == genre))
        for genre, found in genres.items()
    ]


def share_of_others(lines: Lines) -> dict[tuple[str, int], float]:
    """RETURNS (dict): For a genre and a seed, the genre's percentage of the sentences chosen by the
    models that lacked another genre, on average; left out where there are no others."""
    found, complete = defaultdict(list), cells(lines)
    for (about, seed), cell in complete.items():
        for genre in {genre for genre, _ in complete} - {about}:
            found[genre, seed].append(share(cell[WITHOUT]["picks"], genre, "sentences"))
    return {key: mean(shares) for key, shares in found.items()}


def summarise_genre(genre: str, found: list[dict[str, Any]], others: Spread | None) -> Row:
    """RETURNS (Row): Of one genre; found (list): its cells, one a seed."""

    def over_seeds(read) -> dict[str, Spread | None]:
        return {training: spread(read(cell[training]) for cell in found) for training in TRAININGS}

    counts = {}
    for training in TRAININGS:
        pairs = [picked(cell[training]) for cell in found]
        counts[training] = [sum(column) for column in zip(*pairs, strict=True)]
    return Row(
        genre=genre,
        seeds=len(found),
        words={t: value.mean for t, value in over_seeds(lambda line: line["words"]).items()},
        f=over_seeds(lambda line: line["ents_f"]),
        genre_f=over_seeds(lambda line: line["genre_ents_f"]),
        pool={u: spread(share(cell[HALF]["pool"], genre, u) for cell in found) for u in UNITS},
        share={u: over_seeds(lambda line, u=u: share(line["picks"], genre, u)) for u in UNITS},
        others=others,
        more=fisher(*counts[WITHOUT], *counts[HALF]),
        less=fisher(*counts[HALF], *counts[ALONE]),
    )


def count_wins(lines: Lines, against: dict[tuple[str, int], float]) -> tuple[int, int, int, float]:
    """How often the model without a genre chose a larger share of sentences of it.

    against (dict): Other shares, in percent, by genre and seed.
    RETURNS (int, int, int, float): Pairs; those where it was larger, smaller; p of a sign test.
    """
    outcomes: Counter[bool] = Counter()
    found = cells(lines)
    for key, other in against.items():
        mine = share(found[key][WITHOUT]["picks"], key[0], "sentences")
        if mine != other:
            outcomes[mine > other] += 1
    wins, losses = outcomes[True], outcomes[False]
    return len(against), wins, losses, sign_test(wins, losses)


def share_of_half(lines: Lines) -> dict[tuple[str, int], float]:
    """RETURNS (dict): As `share_of_others`, for the half-data models."""
    return {k: share(cell[HALF]["picks"], k[0], "sentences") for k, cell in cells(lines).items()}


def choices(lines: Lines) -> list[tuple[str, str | None, dict[str, float]]]:
    """RETURNS (list): What was trained on, the genre it is about, and each genre's percentage of
    the sentences: of the pool, and of what each model chose; means over the seeds."""
    complete = cells(lines)
    genres = sorted({genre for cell in complete.values() for genre in cell[HALF]["pool"]})

    def shares(found: Iterable[dict]) -> dict[str, float]:
        found = list(found)
        return {g: mean(share(counts, g, "sentences") for counts in found) for g in genres}

    half = {seed: cell[HALF] for (_, seed), cell in complete.items()}.values()
    table = [
        ("pool", None, shares(line["pool"] for line in half)),
        (HALF, None, shares(line["picks"] for line in half)),
    ]
    for genre in dict.fromkeys(genre for genre, _ in complete):
        own = [cell for (name, _), cell in complete.items() if name == genre]
        for training in (WITHOUT, ALONE):
            table.append((training, genre, shares(cell[training]["picks"] for cell in own)))
    return table


def show_p(p: float) -> str:
    """RETURNS (str): A p value as people write it."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def print_table(lines: Lines) -> None:
    """Print F1 and choices of each genre as Markdown."""
    rows = summarise(lines)
    print("\n| genre | words trained on | F1 on test | F1 on the genre's part of test |")
    print("|---|---|---|---|")
    for row in rows:
        trained = " / ".join(f"{value:,.0f}" for value in row.words.values())
        f, own = (
            " / ".join(f"{100 * value.mean:.1f}" if value else "-" for value in found.values())
            for found in (row.f, row.genre_f)
        )
        print(f"| {row.genre} | {trained} | {f} | {own} |")
    print("\n| genre | pool | chosen, % of sentences | others | p, more | p, less | % of words |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        sentences, words = (
            " / ".join(f"{value.mean:.1f}" for value in row.share[unit].values()) for unit in UNITS
        )
        print(
            f"| {row.genre} | {row.pool['sentences'].mean:.1f} | {sentences} "
            f"| {f'{row.others.mean:.1f}' if row.others else '-'} "
            f"| {show_p(row.more)} | {show_p(row.less)} | {words} |"
        )
    print("\nOf three numbers: half / everything but the genre / it alone.")
    for name, against in (
        ("the half-data model", share_of_half(lines)),
        ("the mean of those that lacked another genre", share_of_others(lines)),
    ):
        pairs, wins, losses, p = count_wins(lines, against)
        print(
            f"The model without the genre chose more of it than {name} in {wins} of {pairs} pairs "
            f"of a genre and a seed, less in {losses} (sign test, p = {show_p(p)})."
        )


def main(data: str, acquisition: str = "MNLP", results: Path = RESULTS) -> None:
    """Print the tables of a set."""
    lines = [json.loads(line) for line in results.read_text(encoding="utf8").splitlines()]
    wanted = {"data": data, "acquisition": acquisition}
    if not (found := [line for line in lines if wanted.items() <= line.items()]):
        raise typer.BadParameter(f"{results} has no line of {data} and {acquisition}.")
    print_table(found)


if __name__ == "__main__":
    typer.run(main)
