"""The page of genres.py, with a picture like Figure 5 of the paper."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from genres_table import (
    ALONE,
    HALF,
    WITHOUT,
    Lines,
    Row,
    choices,
    count_wins,
    p_of_all,
    share_of_half,
    share_of_others,
    show_p,
    summarise,
)

from spacy_deepal.files import write_atomically
from spacy_deepal.report.curves import INK, MUTED, figure_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours for all kinds of colour vision.
LOOKS = {
    HALF: ("#6f6f6f", "half of the data"),
    WITHOUT: ("#0072b2", "everything but the genre"),
    ALONE: ("#e69f00", "the genre alone"),
}
BAR = 0.26  # of the room of a genre


def draw(rows: Sequence[Row], *, width: float, height: float, columns: int) -> "Figure":
    """Draw F1 on test, and the genre's share of what was chosen first, for each genre and model.

    width, height (float): In inches.
    columns (int): With 2, the two drawings stand side by side. With 1, one above the other.
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width, height), layout="constrained")
    left, right = drawing.subplots(2 // columns, columns)
    draw_bars(left, rows, lambda row, t: row.f[t], scale=100)
    left.set_ylabel("test F1 (points)", color=INK)
    draw_bars(right, rows, lambda row, t: row.first[t])
    for place, row in enumerate(rows):
        level, wide = row.pool["sentences"].mean, 1.7 * BAR
        right.plot([place - wide, place + wide], [level, level], color=INK, lw=1.2, ls=(0, (3, 2)))
    right.plot([], [], color=INK, lw=1.2, ls=(0, (3, 2)), label="its share of the pool")
    right.set_ylabel("sentences chosen of the genre (%)", color=INK)
    handles, labels = right.get_legend_handles_labels()
    drawing.legend(
        handles, labels, loc="outside upper left", ncols=2 if width < 5 else 4, frameon=False,
        labelcolor=INK, fontsize=8.5, handlelength=1.4, columnspacing=1.4, borderpad=0,
    )  # fmt: skip
    return drawing


def draw_bars(axes: "Axes", rows: Sequence[Row], read: Callable, scale: float = 1) -> None:
    """Draw a bar for each genre and training set, with a line from the lowest seed to the highest.

    read (Callable): Gives the Spread of a row and a training set.
    scale (float): What its numbers are multiplied by.
    """
    for place, (training, (color, label)) in enumerate(LOOKS.items()):
        x = [number + (place - 1) * BAR for number in range(len(rows))]
        spreads = [read(row, training) for row in rows]
        axes.bar(x, [scale * each.mean for each in spreads], BAR * 0.92, color=color, label=label)
        lows, highs = ([scale * getattr(each, end) for each in spreads] for end in ("low", "high"))
        axes.vlines(x, lows, highs, color=INK, lw=0.9)
    axes.set_xticks(range(len(rows)), [row.genre for row in rows])
    axes.set_xlim(-0.6, len(rows) - 0.4)
    if len(rows) > 4 and max(len(row.genre) for row in rows) > 6:
        axes.tick_params(axis="x", rotation=30)
    axes.grid(axis="y", color="#e4e7eb", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b6bdc5")
    axes.tick_params(color="#b6bdc5", labelcolor=MUTED)


def write_page(lines: Lines, output: Path) -> None:
    """Write the page, which holds its pictures, and the wide picture as .png beside it.

    output (Path): The HTML file.
    """
    rows = summarise(lines)
    wide = figure_bytes(draw(rows, width=8.6, height=3.7, columns=2), "png")
    narrow = figure_bytes(draw(rows, width=4, height=6.2, columns=1), "png")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("genres.html").render(
        name=lines[0]["data"],
        function=lines[0]["acquisition"],
        budget=f"{lines[0]['budget']:.0%}",
        first=lines[0]["first"],
        rows=rows,
        looks=LOOKS,
        choices=choices(lines),
        half=count_wins(lines, share_of_half(lines)),
        others=count_wins(lines, share_of_others(lines)),
        p=p_of_all(lines, WITHOUT),
        show_p=show_p,
        wide=base64.b64encode(wide).decode(),
        narrow=base64.b64encode(narrow).decode(),
    )
    for path, content in ((output.with_suffix(".png"), wide), (output, page.encode("utf8"))):
        with write_atomically(path, "wb") as stream:
            stream.write(content)
