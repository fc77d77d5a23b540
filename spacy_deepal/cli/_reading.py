"""The options of all commands that read data: how to read what can be read in several ways."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from ..errors import DeepALError
from ._app import parts_between_commas

if TYPE_CHECKING:
    from ..corpus.reading import ReadOptions

FormatName = Annotated[
    str, Option(help="Format of all files, such as conll2003. With auto, each is detected")
]
Columns = Annotated[
    str, Option(help="What the columns are: word, ner, and _ for all others, as in word,_,_,ner")
]
Scheme = Annotated[
    Literal["iob1", "iob2", "bioes", "io"] | None,
    Option(help="How tags mark entities; io reads types alone. By default it is detected"),
]
SpansKey = Annotated[str | None, Option(help="Key of a record under which its entities are")]
TextKey = Annotated[str | None, Option(help="Key of a record under which its text is")]
TagNames = Annotated[
    str, Option(help="Tags that the numbers of ner_tags stand for, from 0, as in O,B-PER,I-PER")
]
OffsetsOf = Annotated[
    Literal["characters", "utf16", "bytes"], Option(help="What the offsets of spans count")
]
BorderOf = Annotated[
    Literal["refuse", "trim", "snap", "drop"],
    Option(
        help="A span that is not whole tokens: refuse it, trim it to the tokens inside, snap it to "
        "all tokens that it touches, or drop it"
    ),
]
OverlapOf = Annotated[
    Literal["refuse", "longest"],
    Option(help="Entities that overlap: refuse them, or keep the longest and drop the others"),
]
Split = Annotated[bool, Option("--split", help="Cut long records into sentences")]
IdsOf = Annotated[
    Literal["data", "text"],
    Option(help="Keep the ids of the data, or make ids from the texts if files count from 0"),
]
Tokens = Annotated[
    Literal["data", "pipeline", "joined"],
    Option(
        help="Keep the tokens of the data, or make those of the language's own tokenizer: from "
        "the text, or, if there is none, from the tokens joined without spaces, as in Chinese"
    ),
]
TokenizerOf = Annotated[
    str | None, Option(help="Pipeline whose tokenizer is used, instead of the language's own")
]


def read_options(
    format: FormatName = "auto",
    columns: Columns = "",
    scheme: Scheme = None,
    spans_key: SpansKey = None,
    text_key: TextKey = None,
    tag_names: TagNames = "",
    offsets: OffsetsOf = "characters",
    border: BorderOf = "refuse",
    overlap: OverlapOf = "refuse",
    split: Split = False,
    ids: IdsOf = "data",
    tokens: Tokens = "data",
    tokenizer: TokenizerOf = None,
) -> "ReadOptions":
    """RETURNS (ReadOptions): What the options of the command line say."""
    from ..corpus.reading import ReadOptions

    return ReadOptions(
        format=format,
        columns=parts_between_commas(columns),
        scheme=scheme,
        spans_key=spans_key,
        text_key=text_key,
        tag_names=parts_between_commas(tag_names),
        offsets=offsets,
        border=border,
        overlap=overlap,
        split=split,
        ids=ids,
        tokens=tokens,
        tokenizer=tokenizer,
    )


def takes_read_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all arguments of `read_options` in the place of its argument `options`."""
    added = signature(read_options).parameters
    own = [p for p in signature(command).parameters.values() if p.name != "options"]

    @wraps(command)
    def call(**given: Any) -> None:
        options = read_options(**{name: given.pop(name) for name in added})
        command(**given, options=options)

    parameters: list[Parameter] = [*own, *added.values()]
    # `inspect.signature` takes it from there.
    vars(call)["__signature__"] = signature(command).replace(parameters=parameters)
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call


@contextmanager
def says_what_prepare_reads(command: str) -> Iterator[None]:
    """Add to an error that names options of `read_options` how they can be given, in a command that
    has none of them.

    command (str): Its name.
    RAISES (DeepALError): The error, with what was added.
    """
    names = "|".join(
        name.replace("_", "-") for name in [*signature(read_options).parameters, "encoding"]
    )
    try:
        yield
    except DeepALError as error:
        found = dict.fromkeys(re.findall(rf"(?<![\w-])--(?:{names})(?![\w.-])", str(error)))
        if not found:
            raise
        raise DeepALError(
            f"{error}\n`{command}` has no option {' or '.join(found)}. Give it to `spacy deepal "
            f"prepare`, and name the folder that this writes as the data of `{command}`."
        ) from error
