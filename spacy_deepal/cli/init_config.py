"""`spacy deepal init-config`: write one of the package's configs where users can edit it."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from thinc.api import Config
from typer import Argument, Option

from ..arguments import takes_types
from ..errors import DeepALError
from ._app import Encoder, Lang, app, msg, parts_between_commas, print_line, show_errors

CONFIGS = "spacy_deepal.configs"  # configs/ in the repository
TOKENIZER = "# Settings of this language's own tokenizer.\n"


@app.command("init-config")
def init_config_cli(
    output: Annotated[Path, Argument(help="File to write, or - for stdout", allow_dash=True)],
    paper: Annotated[
        bool, Option("--paper", help="The paper's sizes and loop, for OntoNotes and a GPU")
    ] = False,
    lang: Lang = "en",
    labels: Annotated[
        str | None, Option(help="Entity types with commas between, as in PERSON,ORG")
    ] = None,
    pool: Annotated[str | None, Option(help="[paths] pool: the sentences to choose from")] = None,
    dev: Annotated[Path | None, Option(help="[paths] dev: labelled, to choose models by")] = None,
    test: Annotated[Path | None, Option(help="[paths] test: labelled, to measure models")] = None,
    vectors: Annotated[Path | None, Option(help="[paths] vectors: static word vectors")] = None,
    encoder: Encoder = None,
    force: Annotated[bool, Option("--force", "-F", help="Overwrite the file")] = False,
) -> None:
    """Write a config for active learning and for `spacy train`, with a comment on every setting."""
    paths = {"pool": pool, "dev": dev, "test": test, "vectors": vectors, "encoder": encoder}
    with show_errors(keeps=False):
        from ..files import check_output, write_atomically

        text = init_config(
            paper=paper,
            lang=lang,
            labels=_types(labels),
            **{name: path for name, path in paths.items() if path},
        )
        if str(output) == "-":
            typer.echo(text, nl=False)
            return
        check_output(output, *(path for path in paths.values() if path and Path(path).is_file()))
        if output.exists() and not force:
            raise DeepALError(f"{output} exists. Name another file, or overwrite it with --force.")
        with write_atomically(output) as stream:
            stream.write(text)
    missing = [f"--paths.{name} …" for name in ("pool", "dev", "test") if not paths[name]]
    msg.good(f"Wrote {output}. To use it:")
    print_line(" ".join(["python -m spacy deepal run", str(output), "RUN_DIR", *missing]))


def _types(labels: str | None) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): The types. RAISES (DeepALError): There are no commas between."""
    types = parts_between_commas(labels)
    if len(types) == 1 and " " in types[0]:
        raise DeepALError(
            f"--labels {labels}: put commas between types, as in PERSON,ORG. If this is one type, "
            "write it into the config by hand."
        )
    return types


@takes_types
def init_config(
    *, paper: bool = False, lang: str = "en", labels: Sequence[str] = (), **paths: str | Path
) -> str:
    """Fill in a config that comes with the package.

    paper (bool): Take al_paper.cfg. With False, take al.cfg.
    lang (str): The language of the tokenizer.
    labels (Sequence[str]): The entity types. With none, the config leaves them to the data.
    paths (str | Path): Values of the [paths] section by their keys: `pool`, `dev`, `test`,
        `vectors`, `encoder` and so on.
    RETURNS (str): The config with its comments.
    RAISES (DeepALError): As `blank_pipeline`.
    """
    from ..pipelines import blank_pipeline

    nlp = blank_pipeline(lang)
    values: dict[tuple[str, str], Any] = {("nlp", "lang"): lang}
    if labels:
        values["initialize.components.ner", "labels"] = [label.strip() for label in labels]
    values |= {("paths", name): str(path) for name, path in paths.items()}
    text = files(CONFIGS).joinpath("al_paper.cfg" if paper else "al.cfg").read_text("utf8")
    text = fill_in(text, values)
    if len(nlp.config["nlp"]["tokenizer"]) > 1:
        text = _with_tokenizer(text, nlp.config)
    return text


def _with_tokenizer(text: str, defaults: Config) -> str:
    """RETURNS (str): A config with the settings that the tokenizer of its language has: that of
    Chinese, for example, makes characters or words.

    defaults (Config): The config of a blank pipeline of this language.
    """
    for section, next_one in (("nlp", "components"), ("initialize", "initialize.components")):
        if given := defaults[section].get("tokenizer"):
            own = Config({section: {"tokenizer": given}}).to_str().split("\n\n", 1)[1]
            text = text.replace(f"\n[{next_one}]\n", f"\n{TOKENIZER}{own}\n\n[{next_one}]\n", 1)
    return text


def fill_in(text: str, values: dict[tuple[str, str], Any]) -> str:
    """Set values of a config, and leave its comments.

    values (dict[tuple[str, str], Any]): By section and key.
    RETURNS (str): The config with them.
    RAISES (DeepALError): It has no such key.
    """
    section, lines, left = "", [], dict(values)
    for line in text.splitlines():
        key = line.partition("=")[0].rstrip()
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif (section, key) in left:
            line = f"{key} = {json.dumps(left.pop((section, key)), ensure_ascii=False)}"
        lines.append(line)
    if left:
        missing = ", ".join(f"{key} in [{section}]" for section, key in left)
        raise DeepALError(
            f"The config has no {missing}. Begin with one that `spacy deepal init-config` writes."
        )
    return "\n".join(lines) + "\n"
