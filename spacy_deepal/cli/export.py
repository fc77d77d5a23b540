"""`spacy deepal export`: from a pool, or from the labelled set of a run, to another format."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from ..errors import DeepALError, list_problems, plural, printable
from ._app import app, msg, parts_between_commas, show_errors

if TYPE_CHECKING:
    from ..labelling.labelled_set import LabelledSet

LEFT_OUT_SHOWN = 3  # sentences that a format cannot hold: most often all for one reason

WrittenLabels = Annotated[
    str | None,
    Option(
        help="Of a run: the entity types to write, such as PERSON,ORG; by default all. A sentence "
        "that was labelled before another type was added is whole for these",
        show_default=False,
    ),
]


WrittenParts = Annotated[
    list[str] | None,
    Option(
        "--part",
        help="Of a run: train, dev or test. May be repeated; by default train",
        show_default=False,
    ),
]
Plain = Annotated[
    bool,
    Option("--plain", help="Leave out comments with ids and texts, as other tools expect"),
]
Force = Annotated[bool, Option("--force", "-F", help="Overwrite the file")]


@app.command("export")
def export_cli(
    source: Annotated[
        str,
        Argument(
            help="Pool: a folder of shards, or a .spacy file; or its URL. Or the folder of a run"
        ),
    ],
    output: Annotated[Path, Argument(help="File to write; for brat, a new folder")],
    format: Annotated[str, Option(help="Format to write, such as conll2003 or prodigy")],
    part: WrittenParts = None,
    labels: WrittenLabels = None,
    plain: Plain = False,
    force: Force = False,
) -> None:
    """Write the sentences of a pool in another format; or what is labelled in a run, where
    sentences without a label, and those that the format cannot hold, are left out and counted."""
    with show_errors(keeps=False):
        from ..labelling.labelled_set import export_labelled, is_run
        from ..pool.export import export
        from ..urls import is_url

        if output.is_file() and not force:
            raise DeepALError(f"{output} exists. Name another file, or overwrite it with --force.")
        if not is_url(source) and is_run(Path(source)):
            types = parts_between_commas(labels)
            found = export_labelled(
                Path(source), output, format, part or ["train"], types, not plain
            )
            count = len(found.docs)
        elif part or labels:
            option = "--part" if part else "--labels"
            raise DeepALError(f"{source} is not the folder of a run, and {option} is about one.")
        else:
            found, count = None, export(source, output, format, comments=not plain)
    if found is not None:
        _show_left_out(found, format)
    msg.good(f"Wrote {plural(count, 'sentence')} as {format}: {output}")


def _show_left_out(found: "LabelledSet", format: str) -> None:
    for reason, count in found.left_out.items():
        msg.warn(f"Left out, as they are {reason}: {count:,}")
    if found.not_held:
        msg.warn(
            f"Left out, as {format} cannot hold them: {len(found.not_held):,}. --format spacy "
            f"holds them. {found.remedy}".rstrip()
        )
        print(printable(list_problems(found.not_held, LEFT_OUT_SHOWN)).lstrip("\n"))
