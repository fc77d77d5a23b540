"""The tables about genres, from what genres.py recorded.

    python scripts/genres_table.py demo-en

Two p values say whether a model that lacks a genre chooses more of it, and one that knows nothing
else less. They come from an exact permutation test. Under its null hypothesis it makes no
difference which genre a model lacked, so the models of a seed that lacked one can change places;
models of different seeds cannot. The unit is a model and not a sentence, since a model chooses its
sentences together. How many sentences of a genre the half-data model chose is the same in each
order, so the test of the share is also that of the difference to the half-data model.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from permutation import permuted, tail
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
    first (dict): The genre's share of the sentences that were chosen first, by training set.
    others (Spread | None): The same share for the models that lacked another genre. They saw about
        as many words as the one that lacked this genre. None if there are no such models.
    share (dict): The genre's share of all that was chosen, by unit and training set.
    more (float): p that a model without another genre has as large a share of it in `first` as the
        model without the genre.
    less (float): p that a model of another genre alone has as small a share of it in `first` as the
        model of the genre alone.
    """

    genre: str
    seeds: int
    words: dict[str, float]
    f: dict[str, Spread]
    genre_f: dict[str, Spread | None]
    pool: dict[str, Spread]
    first: dict[str, Spread]
    others: Spread | None
    share: dict[str, dict[str, Spread]]
    more: float
    less: float


def share(counts: dict[str, dict[str, int]], genre: str, unit: str) -> float:
    """RETURNS (float): A genre's percentage of what was counted, in one of the UNITS."""
    total = sum(found[unit] for found in counts.values())
    return 100 * counts[genre][unit] / total if genre in counts else 0.0


def first_share(line: dict[str, Any], genre: str) -> float:
    """RETURNS (float): A genre's percentage of the sentences that a model chose first."""
    return share(line["first_picks"], genre, "sentences")


def cells(lines: Lines) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """RETURNS (dict): The lines by genre and seed, and then by training set, where all three are
    there."""
    found = defaultdict(dict)
    for line in lines:
        found[line["genre"], line["seed"]][line["training"]] = line
    return {key: cell for key, cell in sorted(found.items()) if len(cell) == len(TRAININGS)}


def tables(lines: Lines, training: str) -> dict[int, tuple[list[str], list[list[int]]]]:
    """RETURNS (dict): For each seed, its genres, and what the models of a kind chose first: a row
    for the model about each genre, with the share of each genre, in tenths of a percent."""
    by_seed = defaultdict(dict)
    for (genre, seed), cell in cells(lines).items():
        by_seed[seed][genre] = cell[training]
    return {
        seed: (
            list(found),
            [[round(10 * first_share(line, genre)) for genre in found] for line in found.values()],
        )
        for seed, found in by_seed.items()
    }


def p_of_genre(lines: Lines, genre: str, training: str) -> float:
    """RETURNS (float): p that the models about other genres have as large a share of a genre in
    what they chose first as the model about it, or as small a share with ALONE."""
    sign = -1 if training == ALONE else 1
    drawn, observed = [], 0
    for genres, table in tables(lines, training).values():
        if genre in genres:
            place = genres.index(genre)
            drawn.append([sign * row[place] for row in table])
            observed += drawn[-1][place]
    return tail(drawn, observed)


def p_of_all(lines: Lines, training: str) -> float:
    """RETURNS (float): The same as `p_of_genre`, for the shares of all genres together."""
    sign = -1 if training == ALONE else 1
    found = [table for _, table in tables(lines, training).values()]
    signed = [[[sign * number for number in row] for row in table] for table in found]
    observed = sum(row[place] for table in signed for place, row in enumerate(table))
    return tail(map(permuted, signed), observed)


def summarise(lines: Lines) -> list[Row]:
    """RETURNS (list[Row]): A row for each genre, by name."""
    genres = defaultdict(list)
    for (genre, _), cell in cells(lines).items():
        genres[genre].append(cell)
    return [summarise_genre(lines, genre, found) for genre, found in genres.items()]


def share_of_others(lines: Lines) -> dict[tuple[str, int], float]:
    """RETURNS (dict): The mean percentage of a genre in what those models chose first that lacked
    another genre, by genre and seed. A genre without such models is left out."""
    found, complete = defaultdict(list), cells(lines)
    for (about, seed), cell in complete.items():
        for genre in {genre for genre, other in complete if other == seed} - {about}:
            found[genre, seed].append(first_share(cell[WITHOUT], genre))
    return {key: mean(shares) for key, shares in found.items()}


def summarise_genre(lines: Lines, genre: str, found: list[dict[str, Any]]) -> Row:
    """RETURNS (Row): The row of a genre, from its cells, one for each seed."""

    def over_seeds(read) -> dict[str, Spread | None]:
        return {training: spread(read(cell[training]) for cell in found) for training in TRAININGS}

    others = [value for (name, _), value in share_of_others(lines).items() if name == genre]
    return Row(
        genre=genre,
        seeds=len(found),
        words={t: value.mean for t, value in over_seeds(lambda line: line["words"]).items()},
        f=over_seeds(lambda line: line["ents_f"]),
        genre_f=over_seeds(lambda line: line["genre_ents_f"]),
        pool={u: spread(share(cell[HALF]["pool"], genre, u) for cell in found) for u in UNITS},
        first=over_seeds(lambda line: first_share(line, genre)),
        others=spread(others),
        share={u: over_seeds(lambda line, u=u: share(line["picks"], genre, u)) for u in UNITS},
        more=p_of_genre(lines, genre, WITHOUT),
        less=p_of_genre(lines, genre, ALONE),
    )


def count_wins(lines: Lines, against: dict[tuple[str, int], float]) -> tuple[int, int, int]:
    """Count how often the model without a genre has a larger share of it in what it chose first.

    against (dict): The shares to compare with, in percent, by genre and seed.
    RETURNS (int, int, int): The pairs; those with a larger and those with a smaller share.
    """
    outcomes: Counter[bool] = Counter()
    found = cells(lines)
    for key, other in against.items():
        mine = first_share(found[key][WITHOUT], key[0])
        if mine != other:
            outcomes[mine > other] += 1
    return len(against), outcomes[True], outcomes[False]


def share_of_half(lines: Lines) -> dict[tuple[str, int], float]:
    """RETURNS (dict): The same as `share_of_others`, for the half-data models."""
    return {key: first_share(cell[HALF], key[0]) for key, cell in cells(lines).items()}


def choices(lines: Lines) -> list[tuple[str, str | None, dict[str, float]]]:
    """RETURNS (list): For the pool and for what each model chose first: the training set, the genre
    that it is about, and each genre's percentage of the sentences, a mean over the seeds."""
    complete = cells(lines)
    genres = sorted({genre for cell in complete.values() for genre in cell[HALF]["pool"]})

    def shares(found: Iterable[dict]) -> dict[str, float]:
        found = list(found)
        return {g: mean(share(counts, g, "sentences") for counts in found) for g in genres}

    half = {seed: cell[HALF] for (_, seed), cell in complete.items()}.values()
    table = [
        ("pool", None, shares(line["pool"] for line in half)),
        (HALF, None, shares(line["first_picks"] for line in half)),
    ]
    for genre in dict.fromkeys(genre for genre, _ in complete):
        own = [cell for (name, _), cell in complete.items() if name == genre]
        for training in (WITHOUT, ALONE):
            table.append((training, genre, shares(cell[training]["first_picks"] for cell in own)))
    return table


def show_p(p: float) -> str:
    """RETURNS (str): A p value as people write it."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def print_table(lines: Lines) -> None:
    """Print what was chosen of each genre, and F1, as Markdown."""
    rows = summarise(lines)
    whole = any(row.share["sentences"] != row.first for row in rows)
    chosen = f"first {lines[0]['first']:,} chosen" if whole else "chosen"
    print()
    print(markdown(
        ["genre", "F1 on test", "pool, % of sentences", chosen, "others", "p, more", "p, less",
         *["all chosen"] * whole, "% of words chosen"],
        *(show_choices(row, whole) for row in rows),
    ))  # fmt: skip
    print()
    print(markdown(
        ["genre", "words trained on", "F1 on the genre's part of test"],
        *([row.genre, " / ".join(f"{words:,.0f}" for words in row.words.values()),
           show_f(row.genre_f)] for row in rows),
    ))  # fmt: skip
    print("\nOf three numbers: half / everything but the genre / it alone.")
    for name, against in (
        ("the half-data model", share_of_half(lines)),
        ("the mean of those that lacked another genre", share_of_others(lines)),
    ):
        pairs, wins, losses = count_wins(lines, against)
        print(
            f"The model without the genre chose more of it than {name} in {wins} of {pairs} pairs "
            f"of a genre and a seed, less in {losses}."
        )
    more, less = (show_p(p_of_all(lines, training)) for training in (WITHOUT, ALONE))
    print(f"Over all genres: p = {more} (more), {less} (less).")


def show_f(found: dict[str, Spread | None]) -> str:
    """RETURNS (str): Mean F1 in points by training set."""
    return " / ".join(f"{100 * value.mean:.1f}" if value else "-" for value in found.values())


def show_choices(row: Row, whole: bool) -> list[str]:
    """RETURNS (list[str]): The cells of a genre that say what was chosen of it, in percent.

    whole (bool): Also the genre's share of all sentences that were chosen.
    """
    first, sentences, words = (
        " / ".join(f"{value.mean:.1f}" for value in found.values())
        for found in (row.first, row.share["sentences"], row.share["words"])
    )
    others = f"{row.others.mean:.1f}" if row.others else "-"
    pool = f"{row.pool['sentences'].mean:.1f}"
    tests = [show_p(row.more), show_p(row.less)]
    return [row.genre, show_f(row.f), pool, first, others, *tests, *[sentences] * whole, words]


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
