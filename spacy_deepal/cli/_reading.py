"""The options of all commands that read data: how to read what can be read in several ways."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

if TYPE_CHECKING:
    from ..corpus.reading import ReadOptions

FormatName = Annotated[
    str, Option(help="FormatName of all files, such as conll2003. With auto, each is detected")
]
Columns = Annotated[
    str, Option(help="What the columns are: word, ner, and _ for all others, as in word,_,_,ner")
]
Scheme = Annotated[
    Literal["iob1", "iob2", "bioes", "io"] | None,
    Option(help="How tags mark entities, if not detected"),
]
SpansKey = Annotated[str, Option(help="Key of a record under which its entities are")]
TagNames = Annotated[
    str, Option(help="Tags that the numbers of ner_tags stand for, from 0, as in O,B-PER,I-PER")
]
OffsetsOf = Annotated[
    Literal["characters", "utf16", "bytes"], Option(help="What the offsets of spans count")
]
BorderOf = Annotated[
    Literal["refuse", "trim", "snap"],
    Option(
        help="A span that is not whole tokens: refuse it, trim it to the tokens inside, or snap it "
        "to all tokens that it touches"
    ),
]
Split = Annotated[bool, Option("--split", help="Cut long records into sentences")]
Tokens = Annotated[
    Literal["data", "pipeline"],
    Option(help="Keep the tokens of the data, or make those of the language's own tokenizer"),
]
Encoding = Annotated[str, Option(help="Encoding of all files")]


def read_options(
    format: str,
    columns: str,
    scheme: Literal["iob1", "iob2", "bioes", "io"] | None,
    spans_key: str,
    tag_names: str,
    offsets: Literal["characters", "utf16", "bytes"],
    border: Literal["refuse", "trim", "snap"],
    split: bool,
    tokens: Literal["data", "pipeline"],
) -> "ReadOptions":
    """RETURNS (ReadOptions): What the options say."""
    from ..corpus.reading import ReadOptions

    def parts(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",")) if text else ()

    return ReadOptions(
        format=format,
        columns=parts(columns),
        scheme=scheme,
        spans_key=spans_key or None,
        tag_names=parts(tag_names),
        offsets=offsets,
        border=border,
        split=split,
        tokens=tokens,
    )
