"""`spacy deepal label`: label a pool in the browser while the model learns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from ..errors import DeepALError
from ._app import CodePath, GpuId, Lang, app, msg, parts_between_commas, show_errors
from .init_config import fill_in, init_config

# Fewer than the loop's default: people wait for the training, and each round goes on from the last
# one's weights. Up to about 4,000 labelled words, `min_updates` decides, so nothing changes.
PASSES = 3

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
SeedWords = Annotated[int, Option(min=1, help="Words of the first round")]
RoundWords = Annotated[int, Option(min=1, help="Words of each later round")]
Encoder = Annotated[
    str | None, Option(help="The folder of a transformer, or hub:NAME to download one")
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
def label_cli(
    run_dir: RunDir,
    pool: Texts = None,
    labels: Labels = None,
    lang: Lang = "en",
    dev: GivenDev = None,
    test: GivenTest = None,
    dev_words: DevWords = None,
    test_words: TestWords = None,
    terms: Terms = None,
    patterns: Patterns = None,
    suggest: SuggestBy = None,
    types: Types = None,
    double: Double = None,
    seed_words: SeedWords = 300,
    budget_words: RoundWords = 200,
    encoder: Encoder = None,
    config: OwnConfig = None,
    host: Host = "127.0.0.1",
    port: Port = 8017,
    token: Token = None,
    browser: Browser = True,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Label text in the browser while the model learns. The same command goes on later; then the
    folder of the run is enough."""
    with show_errors(config):
        from ..annotation.begin import begin_or_change, require_server
        from ..annotation.serve import serve

        require_server()
        other = other_block(suggest, types or ())
        text = label_config(config, lang, seed_words, budget_words, encoder, other)
        asked: dict[str, Any] = {"inputs": pool, "dev": dev, "test": test, "code": code}
        asked |= {"patterns": patterns, "dev_words": dev_words, "test_words": test_words}
        files = split_pairs(terms or (), "--terms", "PERSON=names.txt")
        asked |= {"terms": files or None, "double": double}
        names = [*parts_between_commas(labels)]
        begin_or_change(run_dir, config=text, labels=names, lang=lang, asked=asked)
        serve(run_dir, host=host, port=port, token=token, use_gpu=gpu_id, browser=browser)
    msg.good(f"To go on: python -m spacy deepal label {run_dir}")


def label_config(
    own: Path | None,
    lang: str,
    seed_words: int,
    budget_words: int,
    encoder: str | None = None,
    other: dict[str, Any] | None = None,
) -> str:
    """RETURNS (str): The config of a run that people label.

    own (Path | None): The user's own config. None: one that comes with the package.
    encoder (str | None): As `init-config` takes it.
    other (dict | None): As `other_block` makes it.
    RAISES (DeepALError): It cannot be read.
    """
    try:
        text = init_config(lang=lang) if own is None else own.read_text("utf8")
    except OSError as error:
        raise DeepALError(f"The config {own} cannot be read: {error.strerror}.") from error
    values: dict[tuple[str, str], Any] = {
        **({("paths", "encoder"): encoder} if encoder else {}),
        **({} if own else {("active_learning", "max_similarity"): 1.0}),  # no copies are asked for
        ("active_learning", "passes"): PASSES,
        ("active_learning", "seed_words"): seed_words,
        ("active_learning", "budget_words"): budget_words,
        ("active_learning.oracle", "@misc"): "spacy_deepal.JournalOracle.v1",
    }
    if other is not None:
        values["annotation", "suggest"] = other
        if "[annotation]" not in text.splitlines():
            text += "\n[annotation]\nsuggest = null\n"
    return fill_in(text, values)


def other_block(pipeline: str | None, types: Sequence[str]) -> dict[str, Any] | None:
    """RETURNS (dict | None): [annotation.suggest] for another pipeline; None if there is none.

    RAISES (DeepALError): A type is not THEIRS=OURS, or there are types without a pipeline.
    """
    pairs = split_pairs(types, "--types", "PER=PERSON")
    if pipeline is None:
        if pairs:
            raise DeepALError("--types are those of a pipeline. Name it with --suggest.")
        return None
    name = "spacy_deepal.OtherPipeline.v1"
    return {"@misc": name, "pipeline": pipeline, "types": pairs}


def split_pairs(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    """RETURNS (dict[str, str]): What stands before and behind the = of each text.

    option, example (str): For the message.
    RAISES (DeepALError): A text is not like the example.
    """
    pairs = {}
    for text in texts:
        key, _, value = text.partition("=")
        if not (key and value):
            raise DeepALError(f"{option} {text}: write it as in {option} {example}.")
        pairs[key] = value
    return pairs
