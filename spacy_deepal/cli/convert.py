"""`spacy deepal convert`: from files of any format to a pool."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option
from wasabi import msg

from ._app import Lang, app, show_errors

if TYPE_CHECKING:
    from ..pool.convert import ConvertSummary

ROWS_SHOWN = 12


@app.command("convert")
def convert_cli(
    inputs: Annotated[list[Path], Argument(help="Files, or folders of files")],
    output: Annotated[Path, Argument(help="Folder of the pool to write")],
    format: Annotated[
        str,
        Option(help="auto (detected), iob2, conll2003, conll2012, inline, jsonl, text or spacy"),
    ] = "auto",
    lang: Lang = "en",
    genre: Annotated[str | None, Option(help="Genre of sentences whose source names none")] = None,
    skip_bad: Annotated[
        bool, Option("--skip-bad", help="Leave out lines that cannot be converted")
    ] = False,
    sentences_per_shard: Annotated[int, Option(help="Sentences in a shard")] = 1000,
) -> None:
    """Convert annotated or raw text to a pool: a folder of .spacy files, which spaCy reads as they
    are. If a line cannot be converted, nothing is written."""
    from ..pool.convert import convert

    with show_errors():
        summary = convert(
            inputs,
            output,
            format=format,
            lang=lang,
            genre=genre,
            skip_bad=skip_bad,
            sentences_per_shard=sentences_per_shard,
        )
    if summary.skipped:
        msg.warn(f"Bad lines left out: {summary.skipped}", "\n".join(summary.problems))
    if summary.without_words:
        msg.warn(f"Sentences without a word left out: {summary.without_words}")
    print_summaries({"pool": summary})
    msg.good(f"Wrote {output}")


def print_summaries(summaries: "Mapping[str, ConvertSummary]") -> None:
    """Print a table with a column for each pool: sentences, words, entities by label, genres."""
    pools = summaries.values()
    rows = [
        ("sentences", *(f"{pool.sentences:,}" for pool in pools)),
        ("words", *(f"{pool.words:,}" for pool in pools)),
        ("labelled", *(f"{pool.labelled:,}" for pool in pools)),
        ("entities", *(f"{pool.entities.total():,}" for pool in pools)),
        *_count_rows("", [pool.entities for pool in pools]),
    ]
    if any(set(pool.genres) != {None} for pool in pools):
        rows += _count_rows("genre ", [pool.genres for pool in pools])
    msg.table(rows, header=("", *summaries), aligns=("l", *("r" for _ in pools)), divider=True)


def _count_rows(prefix: str, counts: list[Counter]) -> list[tuple[str, ...]]:
    """RETURNS (list): A row for each key, the most frequent first. All keys after the first 12
    share one row."""
    keys = [key for key, _ in sum(counts, Counter()).most_common()]
    rows = [
        (f"  {prefix}{key or '-'}", *(f"{count[key]:,}" for count in counts))
        for key in keys[:ROWS_SHOWN]
    ]
    if rest := keys[ROWS_SHOWN:]:
        others = (f"{sum(count[key] for key in rest):,}" for count in counts)
        rows.append((f"  {len(rest)} more", *others))
    return rows
