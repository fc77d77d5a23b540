"""The lines of genres.py as a page with a picture like the paper's Figure 5, and as tables.

    python benchmarks/genres_page.py demo-en

prints the Markdown tables of docs/results.md from benchmarks/results/genres.jsonl.
"""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import typer
from fisher import fisher, sign_test

from spacy_deepal.report.compare import Spread, spread
from spacy_deepal.report.curves import INK, MUTED, render
from spacy_deepal.report.files import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HALF, WITHOUT, ALONE = "half", "without", "alone"  # what a model is trained on
RESULTS = Path(__file__).parent / "results" / "genres.jsonl"
# Okabe and Ito's colours for all kinds of colour vision.
LOOKS = {
    HALF: ("#6f6f6f", "half of the data"),
    WITHOUT: ("#0072b2", "everything but the genre"),
    ALONE: ("#e69f00", "the genre alone"),
}
BAR = 0.26  # of the room of a genre
UNITS = ("sentences", "words")

Lines = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """A genre. All but the p values by training set, F1 from 0 to 1, shares in percent by unit.

    words (dict): Words trained on, mean of the seeds.
    f, genre_f (dict): F1 on test, and on the genre's part of it.
    pool (dict): The genre's share of the pool, by unit.
    share (dict): Its share of the picks, by unit and training set.
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
    return {key: cell for key, cell in sorted(found.items()) if len(cell) == len(LOOKS)}


def summarise(lines: Lines) -> list[Row]:
    """RETURNS (list[Row]): A row for each genre, by name."""
    genres = defaultdict(list)
    for (genre, _), cell in cells(lines).items():
        genres[genre].append(cell)
    return [summarise_genre(genre, found) for genre, found in genres.items()]


def summarise_genre(genre: str, found: list[dict[str, dict[str, Any]]]) -> Row:
    """RETURNS (Row): Of one genre; found (list): its cells, one a seed."""

    def over_seeds(read) -> dict[str, Spread | None]:
        return {training: spread(read(cell[training]) for cell in found) for training in LOOKS}

    counts = {t: [sum(n) for n in zip(*(picked(c[t]) for c in found), strict=True)] for t in LOOKS}
    return Row(
        genre=genre,
        seeds=len(found),
        words={t: value.mean for t, value in over_seeds(lambda line: line["words"]).items()},
        f=over_seeds(lambda line: line["ents_f"]),
        genre_f=over_seeds(lambda line: line["genre_ents_f"]),
        pool={u: spread(share(cell[HALF]["pool"], genre, u) for cell in found) for u in UNITS},
        share={u: over_seeds(lambda line, u=u: share(line["picks"], genre, u)) for u in UNITS},
        more=fisher(*counts[WITHOUT], *counts[HALF]),
        less=fisher(*counts[HALF], *counts[ALONE]),
    )


def count_wins(lines: Lines) -> tuple[int, int, float]:
    """RETURNS (int, int, float): In how many cells the model without the genre chose a larger share
    of sentences of it than the half-data model, in how many a smaller; p of a sign test."""
    outcomes: Counter[bool] = Counter()
    for (genre, _), cell in cells(lines).items():
        mine, half = (share(cell[t]["picks"], genre, "sentences") for t in (WITHOUT, HALF))
        if mine != half:
            outcomes[mine > half] += 1
    return outcomes[True], outcomes[False], sign_test(outcomes[True], outcomes[False])


def draw(rows: Sequence[Row], *, width: float, height: float, columns: int) -> "Figure":
    """Draw F1 on test, and the genre's share of the sentences chosen, for each genre and model.

    width, height (float): In inches. columns (int): 2: side by side; 1: one above the other.
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width, height), layout="constrained")
    left, right = drawing.subplots(2 // columns, columns)
    draw_bars(left, rows, lambda row, t: [100 * v for v in vars(row.f[t]).values()])
    left.set_ylabel("test F1 (points)", color=INK)
    draw_bars(right, rows, lambda row, t: list(vars(row.share["sentences"][t]).values()))
    for place, row in enumerate(rows):
        mean, wide = row.pool["sentences"].mean, 2 * BAR
        right.plot([place - wide, place + wide], [mean, mean], color=INK, lw=1.2, ls=(0, (3, 2)))
    right.plot([], [], color=INK, lw=1.2, ls=(0, (3, 2)), label="its share of the pool")
    right.set_ylabel("sentences chosen that are of the genre (%)", color=INK)
    handles, labels = right.get_legend_handles_labels()
    drawing.legend(
        handles, labels, loc="outside upper left", ncols=2 if width < 5 else 4, frameon=False,
        labelcolor=INK, fontsize=8.5, handlelength=1.4, columnspacing=1.4, borderpad=0,
    )  # fmt: skip
    return drawing


def draw_bars(axes: "Axes", rows: Sequence[Row], read) -> None:
    """Draw a bar for each genre and training set, with a line from the lowest seed to the highest.

    read (Callable): Mean, lowest and highest of a row and a training set.
    """
    for place, (training, (color, label)) in enumerate(LOOKS.items()):
        x = [number + (place - 1) * BAR for number in range(len(rows))]
        means, lows, highs = zip(*(read(row, training) for row in rows), strict=True)
        axes.bar(x, means, BAR * 0.92, color=color, label=label)
        axes.vlines(x, lows, highs, color=INK, lw=0.9)
    axes.set_xticks(range(len(rows)), [row.genre for row in rows])
    if len(rows) > 4 and max(len(row.genre) for row in rows) > 6:
        axes.tick_params(axis="x", rotation=30)
    axes.grid(axis="y", color="#e4e7eb", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b6bdc5")
    axes.tick_params(color="#b6bdc5", labelcolor=MUTED)


def write_page(lines: Lines, output: Path) -> None:
    """Write the page, and the picture beside it as .png.

    output (Path): The HTML file; it holds its pictures.
    """
    rows = summarise(lines)
    wide = render(draw(rows, width=8.6, height=3.7, columns=2), "png")
    narrow = render(draw(rows, width=4, height=6.2, columns=1), "png")
    write_file(output.with_suffix(".png"), wide)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    wins, losses, p = count_wins(lines)
    page = environment.get_template("genres.html").render(
        name=lines[0]["data"],
        function=lines[0]["acquisition"],
        budget=f"{lines[0]['budget']:.0%}",
        rows=rows,
        looks=LOOKS,
        choices=choices(lines),
        wins=wins,
        pairs=len(cells(lines)),
        ties=len(cells(lines)) - wins - losses,
        p=p,
        show_p=show_p,
        wide=base64.b64encode(wide).decode(),
        narrow=base64.b64encode(narrow).decode(),
    )
    write_file(output, page.encode("utf8"))


def choices(lines: Lines) -> list[tuple[str, str | None, dict[str, float]]]:
    """RETURNS (list): What was trained on, the genre it is about, and each genre's percentage of
    the sentences: of the pool, and of what each model chose; means over the seeds."""
    complete = cells(lines)
    genres = sorted({genre for cell in complete.values() for genre in cell[HALF]["pool"]})

    def mean(found: Iterable[dict]) -> dict[str, float]:
        found = list(found)
        return {g: spread(share(counts, g, "sentences") for counts in found).mean for g in genres}

    half = {seed: cell[HALF] for (_, seed), cell in complete.items()}.values()
    table = [
        ("pool", None, mean(line["pool"] for line in half)),
        (HALF, None, mean(line["picks"] for line in half)),
    ]
    for genre in dict.fromkeys(genre for genre, _ in complete):
        own = [cell for (name, _), cell in complete.items() if name == genre]
        for training in (WITHOUT, ALONE):
            table.append((training, genre, mean(cell[training]["picks"] for cell in own)))
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
    print("\n| genre | pool | chosen, % of sentences | p, more | p, less | % of words |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        sentences, words = (
            " / ".join(f"{value.mean:.1f}" for value in row.share[unit].values()) for unit in UNITS
        )
        print(
            f"| {row.genre} | {row.pool['sentences'].mean:.1f} | {sentences} "
            f"| {show_p(row.more)} | {show_p(row.less)} | {words} |"
        )
    wins, losses, p = count_wins(lines)
    print(
        f"\nThe model without the genre chose more of it than the half-data model in {wins} of "
        f"{len(cells(lines))} pairs of a genre and a seed, less in {losses} (sign test, "
        f"p = {show_p(p)}). Of three numbers: half / everything but the genre / it alone."
    )


def main(data: str, acquisition: str = "spacy_deepal.MNLP.v1", results: Path = RESULTS) -> None:
    """Print the tables of a set."""
    lines = [json.loads(line) for line in results.read_text(encoding="utf8").splitlines()]
    wanted = {"data": data, "acquisition": acquisition}
    print_table([line for line in lines if wanted.items() <= line.items()])


if __name__ == "__main__":
    typer.run(main)
