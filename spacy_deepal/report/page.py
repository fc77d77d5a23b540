"""The report: runs in one HTML file that loads nothing from the network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..about import __version__
from ..errors import plural
from ..files import write_atomically
from ..labelling.differences import find_differences
from ..labelling.labelling_folder import LabellingFolder
from ..rounds.rows import GenreCount
from .batches import LabelColors, ShownBatch, show_batch
from .compare import TARGET, Comparison
from .curves import inline_svg, styles
from .reliability import reliability_svg
from .runs import RecordedRun, Stop

TEMPLATE = "report.html"
# A sentence with its entities takes about half a kilobyte, so they take two megabytes at most.
SENTENCES_A_PAGE = 3000
SENTENCES_A_ROUND = 30
STABILITIES = (0.9, 0.95, 0.98)
# Percent of the words that MNLP needed in Shen et al. (2017): OntoNotes 5, English and Chinese.
PAPER = {"target": (24.9, 30.1), "shallow": (12.0, 16.9)}


def write_report(comparison: Comparison, output: Path, title: str = "Deep active learning") -> Path:
    """Write the report about some runs. A run in progress is shown as far as it is.

    title (str): The heading.
    RETURNS (Path): The HTML file.
    RAISES (DeepALError): A file of a run is damaged, or the report cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"plural": plural}
    environment.filters |= FILTERS | {"markup": Markup}
    page = environment.get_template(TEMPLATE).render(
        comparison=comparison,
        title=title,
        version=__version__,
        styles=styles(run.name for run in comparison.runs),
        paper=PAPER,
        target=f"{TARGET:.0%}",
        wide=inline_svg(comparison, 8.6, 4.7, "wide"),
        narrow=inline_svg(comparison, 4, 4.2, "narrow"),
        shares=genre_shares,
        stops=find_stops,
        batches=_show_batches(comparison.runs),
        reliability=reliability_svg,
        differences=lambda run: find_differences(LabellingFolder(run.folder.path).annotations),
    )
    with write_atomically(output) as stream:
        stream.write(page)
    return Path(output)


def _show_batches(runs: list[RecordedRun]) -> dict[Path, list[ShownBatch]]:
    """RETURNS (dict): The batches of each run folder; the more rounds, the fewer sentences each."""
    rounds = {run.folder.path: run.folder.rounds() for run in runs}
    total = sum(map(len, rounds.values()))
    most = max(1, min(SENTENCES_A_ROUND, SENTENCES_A_PAGE // max(1, total)))
    colors = LabelColors()
    return {
        run.folder.path: [
            show_batch(here, run.manifest.lang, colors, most) for here in rounds[run.folder.path]
        ]
        for run in runs
    }


def genre_shares(run: RecordedRun, unit: str) -> dict[str, Any] | None:
    """Compare the genres of what a run selected with those of the pool, in "sentences" or "words".

    RETURNS (dict[str, Any] | None): The percentage of each genre in the "pool", the one with most
        words first, and in each of the "rounds". None if the pool has only one genre.
    """
    pool = percentages(run.manifest.pool.genres, unit)
    if len(pool) < 2:
        return None
    rounds = {row.round: percentages(row.genres, unit) for row in run.rounds}
    return {
        "pool": pool,
        "rounds": {
            number: {genre: selected.get(genre, 0.0) for genre in pool}
            for number, selected in rounds.items()
        },
    }


def find_stops(run: RecordedRun) -> dict[float, Stop | None]:
    """RETURNS (dict): Where the stopping rule would have ended a run, by the stability asked for;
    empty if no round recorded any."""
    if all(row.stability is None for row in run.rounds):
        return {}
    return {threshold: run.find_stop(threshold) for threshold in STABILITIES}


def percentages(genres: dict[str, GenreCount], unit: str) -> dict[str, float]:
    """Turn counts by genre into percentages, the genre with most words first."""
    total = sum(getattr(count, unit) for count in genres.values()) or 1
    ordered = sorted(genres.items(), key=lambda item: (-item[1].words, item[0]))
    return {genre: 100 * getattr(count, unit) / total for genre, count in ordered}


def duration(seconds: float) -> str:
    """Write a time as people read it: "0.4 s", "2 min 05 s", "1 h 02 min"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"


def minus(text: str) -> str:
    """Write a negative number with a minus sign instead of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


FILTERS: dict[str, Callable[[float], str]] = {
    "number": lambda value: f"{value:,.0f}",
    "gap": lambda value: minus(f"{100 * value:+.2f}"),
    "percent": lambda value: minus(f"{value:.1f}%"),
    "points": lambda value: f"{100 * value:.2f}",
    "signed": lambda value: minus(f"{round(value):+d}") if round(value) else "0",
    "score": lambda value: minus(f"{value:.4g}"),
    "duration": duration,
}
