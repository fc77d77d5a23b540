"""The report: runs in one HTML file that loads nothing from the network."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..about import __version__
from ..files import write_atomically
from ..rounds.rows import GenreCount
from .batches import ShownBatch, label_colors, show_batch
from .compare import TARGET, Full, common_range, find_full, read_f, summarise
from .curves import inline_svg, styles
from .runs import Run, read_runs
from .stopping import Stop, find_stop

TEMPLATE = "report.html"
# A sentence with its entities takes about half a kilobyte, so they take two megabytes at most.
SENTENCES_A_PAGE = 3000
SENTENCES_A_ROUND = 30
STABILITIES = (0.9, 0.95, 0.98)
# Percent of the words that MNLP needed in Shen et al. (2017): OntoNotes 5, English and Chinese.
PAPER = {"target": (24.9, 30.1), "shallow": (12.0, 16.9)}
SELECTIONS = {"seed": "seed set", "random": "at random", "acquisition": "by score"}


@dataclass(frozen=True)
class GenreShare:
    """A genre's percentage of what was selected, and how many points above the pool's that is."""

    percent: float
    above: float


def write_report(
    run_dirs: Iterable[Path],
    output: Path,
    *,
    full: Sequence[Path] = (),
    shallow: Path | None = None,
    title: str = "Deep active learning",
) -> Path:
    """Write the report about some runs.

    run_dirs (Iterable[Path]): The run folders. A run in progress is shown as far as it is.
    output (Path): The HTML file.
    full (Sequence[Path]): JSON with the full-data F1, as `spacy evaluate --output` writes it. Of
        several files the mean counts. Without any, runs that labelled the whole pool count.
    shallow (Path | None): The same for a shallow model trained on the whole pool.
    title (str): The heading.
    RETURNS (Path): The HTML file.
    RAISES (DeepALError): If a folder is not a run, or a file in it is damaged.
    """
    runs = read_runs(run_dirs)
    output = Path(output)
    shallow_f = None if shallow is None else read_f(shallow)
    page = fill_template(runs, find_full(runs, full), shallow_f, title)
    with write_atomically(output) as stream:
        stream.write(page)
    return output


def fill_template(runs: list[Run], full: Full | None, shallow: float | None, title: str) -> str:
    """Fill the template.

    runs (list[Run]): The runs.
    full (Full | None), shallow (float | None): F1 of models trained on the whole pool, if it is
        known.
    title (str): The heading.
    RETURNS (str): The page.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS | {"markup": Markup}
    started = any(run.rounds for run in runs)
    return environment.get_template(TEMPLATE).render(
        title=title,
        version=__version__,
        runs=runs,
        styles=styles(run.name for run in runs),
        full=full,
        shallow=shallow,
        paper=PAPER,
        target=f"{TARGET:.0%}",
        rows=summarise(runs, full, shallow),
        shared=common_range(runs),
        pools=len({run.manifest.pool.fingerprint for run in runs}),
        wide=inline_svg(runs, full, shallow, width=8.6, height=4.7, id="wide") if started else "",
        narrow=inline_svg(runs, full, shallow, width=4, height=4.2, id="narrow") if started else "",
        selections=SELECTIONS,
        shares=genre_shares,
        stops=find_stops,
        batches=show_batches(runs),
    )


def show_batches(runs: list[Run]) -> dict[Path, list[ShownBatch]]:
    """Draw what each run selected in each round: the more rounds, the fewer sentences of each.

    RETURNS (dict[Path, list[ShownBatch]]): The batches of each run folder, in order.
    """
    rounds = {run.folder.path: run.folder.rounds() for run in runs}
    total = sum(map(len, rounds.values()))
    most = max(1, min(SENTENCES_A_ROUND, SENTENCES_A_PAGE // max(1, total)))
    colors = label_colors()
    return {
        run.folder.path: [
            show_batch(here, run.manifest.lang, colors, most) for here in rounds[run.folder.path]
        ]
        for run in runs
    }


def genre_shares(run: Run, unit: str) -> dict[str, Any] | None:
    """Compare the genres of what a run selected with those of the pool.

    run (Run): The run.
    unit (str): What is counted, "sentences" or "words".
    RETURNS (dict[str, Any] | None): "pool": the percentage of each genre in the pool, the one with
        most words first; "rounds": the GenreShare of each genre in each round. None if the pool has
        only one genre.
    """
    pool = percentages(run.manifest.pool.genres, unit)
    if len(pool) < 2:
        return None
    rounds = {}
    for row in run.rounds:
        selected = percentages(row.genres, unit)
        rounds[row.round] = {
            genre: GenreShare(selected.get(genre, 0.0), selected.get(genre, 0.0) - pool[genre])
            for genre in pool
        }
    return {"pool": pool, "rounds": rounds}


def find_stops(run: Run) -> dict[float, Stop | None]:
    """Find where the stopping rule would have ended a run.

    RETURNS (dict[float, Stop | None]): By the stability asked for; empty if no round recorded any.
    """
    stability = [row.stability for row in run.rounds]
    if not any(number is not None for number in stability):
        return {}
    f = [row.ents_f for row in run.rounds]
    return {threshold: find_stop(f, stability, threshold) for threshold in STABILITIES}


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
