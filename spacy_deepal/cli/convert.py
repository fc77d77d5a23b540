"""`spacy deepal convert`: from files of any format to a pool."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from ..corpus.reading import ReadOptions
from ..errors import plural, printable
from ._app import Encoding, Lang, app, msg, show_errors, show_table
from ._reading import takes_read_options

if TYPE_CHECKING:
    from ..pool.summary import ConvertSummary

ROWS_SHOWN = 12


@app.command("convert")
@takes_read_options()
def convert_cli(
    inputs: Annotated[list[Path], Argument(help="Files, folders, .gz and .zip files")],
    output: Annotated[Path, Argument(help="Folder of the pool to write")],
    options: ReadOptions,
    lang: Lang = "en",
    genre: Annotated[str | None, Option(help="Genre of sentences whose source names none")] = None,
    skip_bad: Annotated[
        bool, Option("--skip-bad", help="Leave out lines that cannot be converted")
    ] = False,
    sentences_per_shard: Annotated[
        int, Option(min=1, max=10_000_000, help="Sentences in a shard")
    ] = 1000,
    encoding: Encoding = "utf-8",
) -> None:
    """Convert annotated or raw text to a pool: a folder of .spacy files, which spaCy reads as they
    are. If a line cannot be converted, or a file can be read in several ways, nothing is written.
    """
    with show_errors(keeps=False):
        from ..pool.convert import convert

        summary = convert(
            inputs,
            output,
            options=options,
            lang=lang,
            encoding=encoding,
            genre=genre,
            skip_bad=skip_bad,
            sentences_per_shard=sentences_per_shard,
        )
    print_files({"pool": summary})
    print_summaries({"pool": summary})
    msg.good(f"Wrote {output}")


def print_files(summaries: "Mapping[str, ConvertSummary]") -> None:
    """Print how each file was read, what was left out of it, and which files were not read."""
    for summary in summaries.values():
        rows = [
            (
                str(file.path),
                file.format,
                file.how,
                f"{file.sentences:,}",
                f"{file.words:,}",
                ", ".join(f"{n:,} {label}" for label, n in file.entities.most_common(3))
                + (" …" if len(file.entities) > 3 else "")
                or ("none" if file.labelled else "not labelled" if file.sentences else "-"),
            )
            for file in summary.files[:ROWS_SHOWN]
        ]
        header = ("file", "format", "read as", "sentences", "words", "entities")
        show_table(rows, header=header, max_col=60)
        if more := summary.files[ROWS_SHOWN:]:
            formats = Counter(file.format for file in more)
            kinds = ", ".join(f"{count:,} {format}" for format, count in formats.items())
            msg.text(f"And {plural(len(more), 'file')} more: {kinds}\n")
        if summary.unread:
            _print_unread(summary.unread)
        if summary.skipped:
            title = f"Bad lines left out, each with its whole sentence: {summary.skipped:,}"
            _warn(title, summary.problems)
        if summary.dropped:
            reasons = "as they are not whole tokens, or overlap a longer one"
            _warn(f"Spans dropped, {reasons}: {summary.dropped:,}", summary.drops)
        for text, count in [
            *((note, count) for note, count in summary.notes.items()),
            ("sentences without a word left out", summary.without_words),
            ("exact doubles left out", summary.doubles),
            ("unlabelled sentences left out, as the same text is labelled", summary.replaced),
            ("sentences labelled only in part", summary.partly),
        ]:
            if count:
                msg.warn(f"{text[:1].upper()}{text[1:]}: {count:,}")


def _print_unread(unread: "Mapping[Path, str]") -> None:
    lines = [f"{path}: {reason}" for path, reason in sorted(unread.items())]
    _warn(f"Files not read: {len(unread):,}", lines)
    if len(unread) > ROWS_SHOWN:
        reasons = Counter(unread.values()).most_common()
        print(*(f"{count:,} in all: {reason}" for reason, count in reasons), sep="\n")


def _warn(title: str, lines: list[str]) -> None:
    msg.warn(title)
    print(*map(printable, lines[:ROWS_SHOWN]), sep="\n")
    if rest := lines[ROWS_SHOWN:]:
        print(f"… and {len(rest):,} more")


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
    show_table(rows, header=("", *summaries), aligns=("l", *("r" for _ in pools)))


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
