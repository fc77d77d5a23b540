"""`spacy deepal pull`: the answers of people, from an annotation tool into a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from ..corpus.reading import ReadOptions
from ..errors import DeepALError, list_problems, plural, printable
from ._app import Encoding, app, msg, show_errors
from ._reading import takes_read_options

if TYPE_CHECKING:
    from ..annotation.pulled import Pulled

Confirmed = Annotated[
    bool,
    Option(
        "--confirmed",
        help="Somebody has looked at all sentences of the files, also at those of doccano and brat "
        "that are as push wrote them",
    ),
]


@app.command("pull")
@takes_read_options("text_key", "spans_key", "offsets")
def pull_cli(
    run_dir: Annotated[Path, Argument(help="Folder of the run")],
    inputs: Annotated[
        list[Path] | None,
        Argument(help="Files and folders of answers. Leave them out for Label Studio's server"),
    ] = None,
    *,
    options: ReadOptions,
    encoding: Encoding = "utf-8",
    confirmed: Confirmed = False,
) -> None:
    """Take answers into a run: from its Label Studio project, or from files of Label Studio,
    Prodigy, doccano, brat or a text editor. Answers may be some of those asked for: the rest stays
    open. A second pull changes nothing."""
    with show_errors():
        from ..annotation.pulled import pull_files
        from ..annotation.studio_project import pull_from_studio

        if not inputs and (encoding != "utf-8" or options.spans_key is not None or confirmed):
            raise DeepALError(
                "--encoding, --spans-key and --confirmed are about files, and none is named. Name "
                "the files of answers; or leave the options out to ask Label Studio's server."
            )
        if inputs:
            pulled = pull_files(run_dir, inputs, options, encoding, confirmed=confirmed)
        else:
            pulled = pull_from_studio(run_dir, options=options)
    _show_pulled(pulled)


def _show_pulled(pulled: "Pulled") -> None:
    _show("Answers that cannot be read, so they are not taken", pulled.unread)
    _show("Answers that need you before the run goes on", pulled.problems)
    _show("Spans that are dropped, as they are not whole tokens", pulled.dropped)
    if pulled.others:
        msg.warn(f"Sentences that are of no round of this run: {pulled.others}")
    if pulled.unchanged:
        msg.warn(
            f"Sentences that are as push wrote them, so they are still to do: {pulled.unchanged}. "
            "doccano and brat do not say whether anybody has looked at a sentence. If somebody has "
            "looked at all that are in these files, pull them with --confirmed."
        )
    msg.good(
        f"Labelled of the last round: {pulled.labelled:,} of {plural(pulled.total, 'sentence')}; "
        f"new answers: {pulled.changed:,}"
    )


def _show(title: str, lines: list[str]) -> None:
    if lines:
        msg.warn(f"{title}: {len(lines)}")
        print(printable(list_problems(lines)).lstrip("\n"))
