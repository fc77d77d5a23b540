"""The report: everything about some runs in one HTML file that asks the network for nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..about import __version__
from .compare import TARGET, Full, common_range, find_full, read_f, summarise
from .curves import inline_svg, styles
from .files import write_file
from .runs import Run, read_runs, round_folders
from .sentences import Batch, label_colors, read_batch
from .stopping import Stop, find_stop

TEMPLATE = "report.html"
# A sentence with its entities takes about half a kilobyte: some two megabytes at most.
SENTENCES_A_PAGE = 3000
SENTENCES_A_ROUND = 30
STABILITIES = (0.9, 0.95, 0.98)
# Percent of the words that MNLP needed in Shen et al. (2017): OntoNotes 5, English and Chinese.
PAPER = {"target": (24.9, 30.1), "shallow": (12.0, 16.9)}
SELECTIONS = {"seed": "seed set", "random": "at random", "acquisition": "by score"}


@dataclass(frozen=True)
class Share:
    """A genre's percentage of what was picked, and how many points above the pool's that is."""

    percent: float
    above: float


def report(
    run_dirs: Iterable[Path],
    output: Path,
    *,
    full: Sequence[Path] = (),
    shallow: Path | None = None,
    title: str = "Deep active learning",
) -> Path:
    """Write the report about some runs.

    run_dirs (Iterable[Path]): The run folders; a run in progress is shown as far as it is.
    output (Path): The HTML file.
    full (Sequence[Path]): JSON with the full-data F1, as `spacy evaluate --output` writes it, of
        several models the mean; without it, runs that labelled the whole pool tell that number.
    shallow (Path | None): The same of a shallow model trained on the whole pool.
    title (str): The heading.
    RETURNS (Path): The HTML file.
    RAISES (DeepALError): A folder is no run, or a file in it cannot be read.
    """
    runs = read_runs(run_dirs)
    output = Path(output)
    shallow_f = None if shallow is None else read_f(shallow)
    page = render(runs, find_full(runs, full), shallow_f, title)
    write_file(output, page.encode("utf8"))
    return output


def render(runs: list[Run], full: Full | None, shallow: float | None, title: str) -> str:
    """Fill the template.

    runs (list[Run]): The runs.
    full (Full | None), shallow (float | None): F1 of models trained on the whole pool, if known.
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
    environment.filters |= {
        "number": lambda value: f"{value:,.0f}",
        "gap": lambda value: minus(f"{100 * value:+.2f}"),
        "percent": lambda value: minus(f"{value:.1f}%"),
        "points": lambda value: f"{100 * value:.2f}",
        "signed": lambda value: minus(f"{round(value):+d}") if round(value) else "0",
        "score": lambda value: minus(f"{value:.4g}"),
        "duration": duration,
        "markup": Markup,
    }
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
        pools=len({run.pool["fingerprint"] for run in runs}),
        wide=inline_svg(runs, full, shallow, width=8.6, height=4.7, id="wide") if started else "",
        narrow=inline_svg(runs, full, shallow, width=4, height=4.2, id="narrow") if started else "",
        selections=SELECTIONS,
        shares=genre_shares,
        stops=find_stops,
        batches=read_batches(runs),
    )


def read_batches(runs: list[Run]) -> dict[Path, list[Batch]]:
    """Read what each run picked in each round, fewer sentences of each the more rounds there are.

    runs (list[Run]): The runs.
    RETURNS (dict[Path, list[Batch]]): The batches of each run folder, in order.
    """
    folders = {run.path: round_folders(run.path) for run in runs}
    rounds = sum(len(found) for found in folders.values())
    most = max(1, min(SENTENCES_A_ROUND, SENTENCES_A_PAGE // max(1, rounds)))
    colors = label_colors()
    return {
        run.path: [
            read_batch(number, folder, run.manifest["lang"], colors, most)
            for number, folder in folders[run.path]
        ]
        for run in runs
    }


def genre_shares(run: Run, unit: str) -> dict[str, Any] | None:
    """Compare the genres of what a run picked with those of the pool.

    run (Run): The run.
    unit (str): What is counted, "sentences" or "words".
    RETURNS (dict[str, Any] | None): "pool": percentage of each genre in the pool, that with most
        words first; "rounds": a dict of each round's Share by genre. None if there are no two
        genres.
    """
    pool = percentages(run.pool["genres"], unit)
    if len(pool) < 2:
        return None
    rounds = {}
    for round in run.rounds:
        picked = percentages(round.genres, unit)
        rounds[round.number] = {
            genre: Share(picked.get(genre, 0.0), picked.get(genre, 0.0) - pool[genre])
            for genre in pool
        }
    return {"pool": pool, "rounds": rounds}


def find_stops(run: Run) -> dict[float, Stop | None]:
    """Find where the stopping rule would have ended a run.

    RETURNS (dict[float, Stop | None]): By stability asked for; empty if no round recorded any.
    """
    stability = [round.stability for round in run.rounds]
    if not any(number is not None for number in stability):
        return {}
    f = [round.f for round in run.rounds]
    return {threshold: find_stop(f, stability, threshold) for threshold in STABILITIES}


def percentages(genres: dict[str, dict[str, int]], unit: str) -> dict[str, float]:
    """Turn counts by genre into percentages, that with most words first."""
    total = sum(counts[unit] for counts in genres.values()) or 1
    ordered = sorted(genres.items(), key=lambda item: (-item[1]["words"], item[0]))
    return {genre: 100 * counts[unit] / total for genre, counts in ordered}


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
    """Set a negative number with a minus sign instead of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")
