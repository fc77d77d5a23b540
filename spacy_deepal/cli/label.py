"""`spacy deepal label`: label a pool in the browser while the model learns."""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from ..budgets import WHAT_IS_LABELLED
from ..corpus.reading import ReadOptions
from ..errors import DeepALError
from ._app import (
    CodePath,
    Encoder,
    Encoding,
    GpuId,
    app,
    msg,
    parts_between_commas,
    set_up,
    show_errors,
)
from ._reading import takes_read_options
from .init_config import fill_in, init_config

# Fewer than the loop's default: people wait for the training, and each round goes on from the last
# one's weights. Up to about 4,000 labelled words, `min_updates` decides, so nothing changes.
PASSES = 3
SEED_WORDS, ROUND_WORDS = 300, 200  # of the first round, and of each later one

RunDir = Annotated[Path, typer.Argument(help="Folder of the run. It may have begun")]
Texts = Annotated[
    list[Path] | None,
    Option("--pool", help="Text to label: a file or folder. May be repeated", show_default=False),
]
Labels = Annotated[
    str | None, Option(help="Entity types with commas between. In a run that has begun: more types")
]
GivenDev = Annotated[Path | None, Option(help="Labelled file or folder to use as dev")]
GivenTest = Annotated[Path | None, Option(help="Labelled file or folder to use as test")]
DevWords = Annotated[
    int | None, Option(min=1, help="Words of a random dev set to label first; 1000 by default")
]
TestWords = Annotated[
    int | None, Option(min=0, help="Words of a random test set. With 0, dev is the test set too")
]
Terms = Annotated[
    list[str] | None,
    Option(
        help="Words to suggest at first: PERSON=names.txt, one a line. May be repeated",
        show_default=False,
    ),
]
Patterns = Annotated[
    Path | None, Option(help="Patterns to suggest at first, as spaCy's entity_ruler writes them")
]
SuggestBy = Annotated[
    str | None,
    Option(help="A pipeline that suggests until the model is better: name, folder or config file"),
]
Types = Annotated[
    list[str] | None,
    Option(help="Your type for one of its types: PER=PERSON. May be repeated", show_default=False),
]
Double = Annotated[
    float | None, Option(min=0, max=1, help="Share of the sentences that two people label")
]
TextLang = Annotated[str | None, Option(help="Language of the tokenizer; en by default")]
SeedWords = Annotated[
    str | None,
    Option(
        help=f"Words of the first round; {SEED_WORDS} by default. With {WHAT_IS_LABELLED}, it "
        "learns from what is labelled in the text already",
        metavar=f"<int|{WHAT_IS_LABELLED}>",
    ),
]
RoundWords = Annotated[
    int | None, Option(min=1, help=f"Words of each later round; {ROUND_WORDS} by default")
]
OwnConfig = Annotated[Path | None, Option("--config", help="A config of your own for the run")]
Host = Annotated[str, Option(help="Address to serve on. Others than loopback need a token")]
Port = Annotated[int, Option(min=0, max=65535, help="Port of the page. With 0, any free one")]
Browser = Annotated[bool, Option(help="Open the page in a browser")]
Token = Annotated[
    str | None,
    Option(envvar="SPACY_DEEPAL_TOKEN", help="Token for --host. By default, one is made"),
]


@app.command("label")
@takes_read_options()
def label_cli(
    run_dir: RunDir,
    options: ReadOptions,
    pool: Texts = None,
    labels: Labels = None,
    lang: TextLang = None,
    dev: GivenDev = None,
    test: GivenTest = None,
    dev_words: DevWords = None,
    test_words: TestWords = None,
    terms: Terms = None,
    patterns: Patterns = None,
    suggest: SuggestBy = None,
    types: Types = None,
    double: Double = None,
    seed_words: SeedWords = None,
    budget_words: RoundWords = None,
    encoder: Encoder = None,
    config: OwnConfig = None,
    host: Host = "127.0.0.1",
    port: Port = 8017,
    token: Token = None,
    browser: Browser = True,
    encoding: Encoding = "utf-8",
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Label text in the browser while the model learns. To go on later, give the command again;
    it then needs the folder of the run only."""
    with show_errors(config):
        from ..labelling import begin, serve

        asked: dict[str, Any] = {"inputs": pool, "dev": dev, "test": test, "code": code}
        asked |= {"dev_words": dev_words, "test_words": test_words, "terms": terms}
        asked |= {"double": double, "patterns": patterns}
        first: dict[str, Any] = {"lang": lang, "encoder": encoder, "config": config}
        first |= {"seed_words": seed_set(seed_words), "budget_words": budget_words, "types": types}
        first |= {"suggest": suggest} | reading_asked(options, encoding)
        with begin.removed_if_it_fails(run_dir):
            _begin(run_dir, parts_between_commas(labels), first, asked)
            serve.serve(run_dir, host=host, port=port, token=token, use_gpu=gpu_id, browser=browser)
    msg.good(f"To go on: python -m spacy deepal label {run_dir}")


def _begin(run: Path, labels: Sequence[str], first: dict[str, Any], asked: dict[str, Any]) -> None:
    """Begin a run, or change what it asks for, and say what the user should know.

    first, asked (dict): Options by name: those that count only when a run begins, and the others.
    """
    from ..labelling.begin import begin_or_change, require_server

    require_server()
    set_up(asked["code"], -1)
    terms = split_pairs(asked["terms"] or (), "--terms", "PERSON=names.txt")
    types = split_pairs(first["types"] or (), "--types", "PER=PERSON")
    own, lang = first["config"], first["lang"] or "en"
    first = first | {key: _absolute(first[key]) for key in ("encoder", "suggest")}
    text = label_config(
        own,
        lang,
        first["seed_words"],
        first["budget_words"],
        first["encoder"],
        other_block(first["suggest"], types),
    )
    first |= {"config": name_version(own), "types": types or None}
    given = {key: value for key, value in first.items() if value is not None}
    asked = asked | {"terms": terms or None, "first": given}
    notice = begin_or_change(run, config=text, labels=labels, lang=lang, asked=asked)
    if notice is not None:
        msg.warn(notice)


def reading_asked(options: ReadOptions, encoding: str) -> dict[str, Any]:
    """RETURNS (dict): How the text is to be read: what is not the default, as JSON has it."""
    values = {**asdict(options), "encoding": encoding}
    defaults = {**asdict(type(options)()), "encoding": "utf-8"}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if value != defaults[key]
    }


def name_version(config: Path | None) -> str | None:
    """RETURNS (str | None): The name of a config and a hash of its text, so that a config that was
    edited is not taken for what it was.

    RAISES (DeepALError): As `label_config`.
    """
    if config is None:
        return None
    return f"{config.name} ({sha256(_read_config(config).encode()).hexdigest()[:8]})"


def _absolute(name: str | None) -> str | None:
    """RETURNS (str | None): A path that is right from any folder. A name stays as it is."""
    return str(Path(name).absolute()) if name and Path(name).exists() else name


def _read_config(path: Path) -> str:
    try:
        return path.read_text("utf8")
    except OSError as error:
        raise DeepALError(f"The config {path} cannot be read: {error.strerror}.") from error


def label_config(
    own: Path | None,
    lang: str,
    seed_words: int | str | None = None,
    budget_words: int | None = None,
    encoder: str | None = None,
    other: dict[str, Any] | None = None,
) -> str:
    """RETURNS (str): The config of a run that people label.

    own (Path | None): The user's own config. None: one that comes with the package.
    seed_words (int | str | None), budget_words (int | None): Words of a round. None: the default of
        this command. What is labelled already waits for no other words than a later round does.
    encoder (str | None): As `init-config` takes it.
    other (dict | None): As `other_block` makes it.
    RAISES (DeepALError): It cannot be read.
    """
    text = init_config(lang=lang) if own is None else _read_config(own)
    if f'seed_words = "{WHAT_IS_LABELLED}"' in text.splitlines() and seed_words is None:
        raise DeepALError(f"{own}: to begin so, give the option --seed-words {WHAT_IS_LABELLED}.")
    words = budget_words or ROUND_WORDS
    first = None if isinstance(seed_words, str) else seed_words or SEED_WORDS
    values: dict[tuple[str, str], Any] = {
        **({("paths", "encoder"): encoder} if encoder else {}),
        **({} if own else {("active_learning", "max_similarity"): 1.0}),  # no copies are asked for
        ("active_learning", "passes"): PASSES,
        ("active_learning", "seed_words"): words if first is None else first,
        ("active_learning", "budget_words"): words,
        ("active_learning.oracle", "@misc"): "spacy_deepal.JournalOracle.v1",
    }
    if other is not None:
        values["annotation", "suggest"] = other
        if "[annotation]" not in text.splitlines():
            text += "\n[annotation]\nsuggest = null\n"
    return fill_in(text, values)


def seed_set(text: str | None) -> int | str | None:
    """RETURNS (int | str | None): The words of the first round, or WHAT_IS_LABELLED.

    RAISES (DeepALError): The text is neither.
    """
    if text is None or text == WHAT_IS_LABELLED:
        return text
    if not text.isdecimal() or int(text) < 1:
        raise DeepALError(
            f"--seed-words {text}: must be a number of words, 1 or more, or {WHAT_IS_LABELLED}."
        )
    return int(text)


def other_block(pipeline: str | None, types: dict[str, str]) -> dict[str, Any] | None:
    """RETURNS (dict | None): [annotation.suggest] for another pipeline; None if there is none.

    types (dict[str, str]): The run's type for each of its types.
    RAISES (DeepALError): There are types without a pipeline.
    """
    if pipeline is None:
        if types:
            raise DeepALError("--types are those of a pipeline. Name it with --suggest.")
        return None
    name = "spacy_deepal.OtherPipeline.v1"
    return {"@misc": name, "pipeline": pipeline, "types": types}


def split_pairs(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    """RETURNS (dict[str, str]): What stands before and behind the = of each text.

    option, example (str): For the message.
    RAISES (DeepALError): A text is not like the example, or two have the same key.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        key, _, value = text.partition("=")
        if not (key and value):
            raise DeepALError(f"{option} {text}: write it as in {option} {example}.")
        if key in pairs:
            raise DeepALError(f"{option} {key}={pairs[key]} and {text}: give one of them.")
        pairs[key] = value
    return pairs
