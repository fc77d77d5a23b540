"""The tables about genres, from what genres.py recorded.

python scripts/genres_table.py demo-en
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from fisher import fisher, sign_test
from results import RESULTS, markdown, read_lines, show_errors

from spacy_deepal.report.compare import Spread, spread

HALF, WITHOUT, ALONE = TRAININGS = "half", "without", "alone"  # what a model is trained on
UNITS = ("sentences", "words")

Lines = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """A genre, over all seeds. F1 is from 0 to 1, shares are in percent.

    words (dict): Mean number of words trained on, by training set.
    f, genre_f (dict): F1 on test and on the genre's part of test, by training set.
    pool (dict): The genre's share of the pool, by unit.
    share (dict): The genre's share of the sentences chosen, by unit and training set.
    others (Spread | None): The genre's share of the sentences that the models chose which lacked
        another genre. They saw about as many words as the one that lacked this genre. None if there
        are no such models.
    more (float): p that the model without the genre chose no more sentences of it than the
        half-data model.
    less (float): p that the model of the genre alone chose no fewer of it than the half-data model.
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
    """RETURNS (float): A genre's percentage of what was counted, in one of the UNITS."""
    total = sum(found[unit] for found in counts.values())
    return 100 * counts[genre][unit] / total if genre in counts else 0.0


def picked(line: dict[str, Any]) -> tuple[int, int]:
    """RETURNS (int, int): Sentences chosen of the line's genre, and of others."""
    counts = {genre: found["sentences"] for genre, found in line["picks"].items()}
    mine = counts.get(line["genre"], 0)
    return mine, sum(counts.values()) - mine


def cells(lines: Lines) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """RETURNS (dict): The lines by genre and seed, and then by training set, where all three are
    there."""
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
    """RETURNS (dict): The mean percentage of sentences of a genre that were chosen by the models
    that lacked another genre, by genre and seed. A genre without such models is left out."""
    found, complete = defaultdict(list), cells(lines)
    for (about, seed), cell in complete.items():
        for genre in {genre for genre, _ in complete} - {about}:
            found[genre, seed].append(share(cell[WITHOUT]["picks"], genre, "sentences"))
    return {key: mean(shares) for key, shares in found.items()}


def summarise_genre(genre: str, found: list[dict[str, Any]], others: Spread | None) -> Row:
    """RETURNS (Row): The row of a genre, from its cells, one for each seed."""

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
    """Count how often the model without a genre chose a larger share of sentences of it.

    against (dict): The shares to compare with, in percent, by genre and seed.
    RETURNS (int, int, int, float): The pairs; those with a larger and those with a smaller share;
        p of a sign test.
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
    """RETURNS (dict): The same as `share_of_others`, for the half-data models."""
    return {k: share(cell[HALF]["picks"], k[0], "sentences") for k, cell in cells(lines).items()}


def choices(lines: Lines) -> list[tuple[str, str | None, dict[str, float]]]:
    """RETURNS (list): For the pool and for what each model chose: the training set, the genre that
    it is about, and each genre's percentage of the sentences, a mean over the seeds."""
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
    print()
    print(markdown(
        ["genre", "words trained on", "F1 on test", "F1 on the genre's part of test"],
        *([row.genre, " / ".join(f"{words:,.0f}" for words in row.words.values()),
           show_f(row.f), show_f(row.genre_f)] for row in rows),
    ))  # fmt: skip
    print()
    print(markdown(
        ["genre", "pool", "chosen, % of sentences", "others", "p, more", "p, less", "% of words"],
        *(show_choices(row) for row in rows),
    ))  # fmt: skip
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


def show_f(found: dict[str, Spread | None]) -> str:
    """RETURNS (str): Mean F1 in points by training set."""
    return " / ".join(f"{100 * value.mean:.1f}" if value else "-" for value in found.values())


def show_choices(row: Row) -> list[str]:
    """RETURNS (list[str]): The cells of a genre that say what was chosen of it."""
    sentences, words = (
        " / ".join(f"{value.mean:.1f}" for value in row.share[unit].values()) for unit in UNITS
    )
    others = f"{row.others.mean:.1f}" if row.others else "-"
    pool = f"{row.pool['sentences'].mean:.1f}"
    return [row.genre, pool, sentences, others, show_p(row.more), show_p(row.less), words]


def main(
    data: Annotated[str, typer.Argument(help="Name of a data set, as demo-en")],
    acquisition: Annotated[str, typer.Option(help="Acquisition function")] = "MNLP",
    results: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "genres.jsonl",
) -> None:
    """Print the tables of a data set."""
    with show_errors():
        print_table(read_lines(results, data=data, acquisition=acquisition))


if __name__ == "__main__":
    typer.run(main)
