"""`spacy deepal label`: label a pool in the browser while the model learns."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer import Option
from wasabi import msg

from ..errors import DeepALError
from ._app import CodePath, GpuId, Lang, app, show_errors
from .init_config import init_config

RunDir = Annotated[Path, typer.Argument(help="Folder of the run. It may have begun")]
PoolPaths = Annotated[
    list[Path] | None,
    Option("--pool", help="Text to label: files or folders. May be repeated", show_default=False),
]
Labels = Annotated[
    str | None, Option(help="Entity types with commas between. Later: types to add")
]
Terms = Annotated[
    list[str] | None,
    Option(
        help="Words to suggest at first: PERSON=names.txt, one a line. May be repeated",
        show_default=False,
    ),
]
Port = Annotated[int, Option(min=0, max=65535, help="Port of the page. With 0, any free one")]
DevWords = Annotated[int | None, Option(min=1, help="Words of the random dev set [default: 1000]")]
TestWords = Annotated[
    int | None,
    Option(min=0, help="Words of a random test set. With 0, dev is used as test [default: 0]"),
]
Host = Annotated[str, Option(help="Address to serve on. Others than loopback need a token")]
Token = Annotated[
    str | None,
    Option(envvar="SPACY_DEEPAL_TOKEN", help="Token for --host; by default one is made"),
]


@app.command("label")
def label_cli(
    run_dir: RunDir,
    pool: PoolPaths = None,
    labels: Labels = None,
    lang: Lang = "en",
    dev: Annotated[Path | None, Option(help="Labelled file or folder to use as dev")] = None,
    test: Annotated[Path | None, Option(help="Labelled file or folder to use as test")] = None,
    dev_words: DevWords = None,
    test_words: TestWords = None,
    terms: Terms = None,
    patterns: Annotated[
        Path | None, Option(help="Patterns to suggest at first, as spaCy's entity_ruler writes them")
    ] = None,
    double: Annotated[
        float | None, Option(min=0, max=1, help="Share of the sentences that two people label")
    ] = None,
    seed_words: Annotated[int, Option(min=1, help="Words of the first round")] = 300,
    budget_words: Annotated[int, Option(min=1, help="Words of each later round")] = 200,
    config: Annotated[
        Path | None, Option(help="Config of the run, in place of one with these settings")
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8017,
    token: Token = None,
    browser: Annotated[bool, Option(help="Open the page in a browser")] = True,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Label text in the browser while the model learns. The same command goes on later; then the
    folder of the run is enough."""
    with show_errors(config):
        from ..annotation.begin import begin_or_change, require_server
        from ..annotation.serve import serve

        require_server()
        types = split_labels(labels)
        text = config.read_text("utf8") if config is not None else None
        begin_or_change(
            run_dir,
            config=text or label_config(lang, seed_words, budget_words),
            labels=types,
            lang=lang,
            asked={
                "inputs": [str(path) for path in pool] if pool else None,
                "dev": dev,
                "test": test,
                "dev_words": dev_words,
                "test_words": test_words,
                "double": double,
                "terms": split_terms(terms) if terms else None,
                "patterns": patterns,
                "code": code,
            },
        )
        serve(
            run_dir,
            host=host,
            port=port,
            token=token,
            use_gpu=gpu_id,
            browser=browser,
            show=lambda text: typer.echo(text),
        )
    msg.good(f"The labels are in {run_dir}. To go on: python -m spacy deepal label {run_dir}")


def label_config(lang: str, seed_words: int, budget_words: int) -> str:
    """RETURNS (str): The config of a run that people label."""
    text = init_config(lang=lang)
    return fill_in_oracle(text, seed_words, budget_words)


def fill_in_oracle(text: str, seed_words: int, budget_words: int) -> str:
    """RETURNS (str): The config with the oracle of the journal and with these sizes of rounds."""
    from .init_config import fill_in

    values = {
        ("active_learning", "seed_words"): seed_words,
        ("active_learning", "budget_words"): budget_words,
        ("active_learning.oracle", "@misc"): "spacy_deepal.JournalOracle.v1",
    }
    return fill_in(text, values)


def split_labels(text: str | None) -> list[str]:
    """RETURNS (list[str]): The types of a list with commas between."""
    return [label.strip() for label in text.split(",") if label.strip()] if text else []


def split_terms(texts: Sequence[str]) -> dict[str, str]:
    """RETURNS (dict[str, str]): The file of each type. RAISES (DeepALError): Not TYPE=FILE."""
    files = {}
    for text in texts:
        label, _, file = text.partition("=")
        if not (label and file):
            raise DeepALError(f"--terms {json.dumps(text)}: write TYPE=FILE, as in PERSON=names.txt.")
        files[label] = file
    return files
