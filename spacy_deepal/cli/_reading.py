"""The options of all commands that read data: those of `ReadOptions`, which has their defaults."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, get_type_hints

from typer import Option

from ..corpus.reading import BETWEEN_COMMAS, ReadOptions
from ..errors import DeepALError
from ._app import parts_between_commas, show_errors

HELP = {
    "format": "Format of all files, such as conll2003. With auto, each is detected",
    "columns": "What the columns are: word, ner, and _ for all others, as in word,_,_,ner",
    "scheme": "How tags mark entities; io reads types alone. By default it is detected",
    "spans_key": "Key of a record under which its entities are",
    "text_key": "Key of a record under which its text is",
    "tag_names": "Tags that the numbers of ner_tags stand for, from 0, as in O,B-PER,I-PER",
    "entity_types": "Entity types to read, as in PER=PERSON,ORG, which reads PER as PERSON, and no "
    "others; with * as one of them, all others too",
    "offsets": "What the offsets of spans count",
    "border": "A span that is not whole tokens: refuse it, trim it to the tokens inside, snap it "
    "to all tokens that it touches, or drop it",
    "overlap": "Entities that overlap: refuse them, or keep the longest and drop the others",
    "split": "Cut long records into sentences",
    "ids": "Keep the ids of the data, or make ids from the texts if files count from 0",
    "tokens": "Keep the tokens of the data, or make those of the language's own tokenizer: from "
    "the text, or, if there is none, from the tokens joined without spaces, as in Chinese",
    "tokenizer": "Pipeline whose tokenizer is used, instead of the language's own",
}


def takes_read_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command options of the command line in the place of its argument `options`.

    names (str): The fields of `ReadOptions` that it takes. Without names, it takes all.
    """
    added = list(map(_parameter, names or HELP))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def call(**given: Any) -> None:
            values = {each.name: given.pop(each.name) for each in added}
            for name in values.keys() & BETWEEN_COMMAS:
                values[name] = parts_between_commas(values[name])
            with show_errors(keeps=False):
                options = ReadOptions(**values)
            command(**given, options=options)

        own = [p for p in signature(command).parameters.values() if p.name != "options"]
        # `inspect.signature` takes it from there.
        vars(call)["__signature__"] = signature(command).replace(parameters=[*own, *added])
        call.__annotations__ = {p.name: p.annotation for p in (*own, *added)}
        return call

    return decorate


def _parameter(name: str) -> Parameter:
    """RETURNS (Parameter): A field of `ReadOptions` as typer takes it."""
    hint, default = get_type_hints(ReadOptions)[name], getattr(ReadOptions, name)
    if name in BETWEEN_COMMAS:
        hint, default = str, ""
    flags = [f"--{name}"] if hint is bool else []  # without its opposite, --no-split
    option = Option(*flags, help=HELP[name])
    return Parameter(
        name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, option]
    )


@contextmanager
def says_what_prepare_reads(command: str) -> Iterator[None]:
    """Add to an error that names options of `ReadOptions` how they can be given, in a command that
    has none of them.

    command (str): Its name.
    RAISES (DeepALError): The error, with what was added.
    """
    names = "|".join(name.replace("_", "-") for name in [*HELP, "encoding"])
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
