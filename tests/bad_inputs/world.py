"""The folder in which the bad inputs are tried, and what comes out of one."""

import re
import shutil
from pathlib import Path

import spacy

from spacy_deepal.experiment.prepare import prepare

from ..pools import AL_CONFIG, call, make_docs, make_pipeline, options, overrides, write_pools
from .cases import SHARD, BadInput, flipped

TEXTS = Path(__file__).with_name("texts.txt")
# Texts of Python, spaCy, confection and click, which change with their versions.
FOREIGN = re.compile(
    r"(Usage:).*$"
    r"|(al\.cfg cannot be used|The pipeline cannot be made|Correct the acquisition function"
    r"|bad\.cfg, line \d+:|bad\.cfg: Error|Couldn't load|No tokenizer|Cannot load|--gpu-id 7"
    r"|\[E\d+\]|a \.spacy file \(|not JSON \(|is not JSON: ).*?(?=: ['\"{\[]|$)"
)


def make_world(folder: Path) -> None:
    """Make the files that the commands need."""
    write_pools(folder)
    prepare_raw = folder / "texts"
    prepare_raw.mkdir()
    for name in ("train", "dev", "test"):
        (prepare_raw / f"{name}.txt").write_text("Mia left Porto.\n")
    prepare(prepare_raw, folder / "prepared", lang="xx")
    shutil.copytree(folder / "prepared" / "train", folder / "raw")
    make_pipeline(make_docs(5, 1)).to_disk(folder / "model")
    spacy.blank("xx").to_disk(folder / "blank")
    (folder / "empty").mkdir()
    (folder / "unread").mkdir()
    (folder / "unread" / "a.png").write_bytes(b"x")
    (folder / "damaged").mkdir()
    (folder / "damaged" / "shard_0000.spacy").write_bytes(flipped(SHARD, 0))
    (folder / "raw.txt").write_text("Mia left Porto.\n")
    (folder / "configs.txt").write_text("x\n")
    (folder / "fails.py").write_text("1 / 0\n")
    (folder / "short.vec").write_text("Mia 1 2\nleft 1 2\nBo 1\n")
    (folder / "other.vec").write_text("qqq 1 2\nzzz 1 2\n")
    status, output = call("score", folder / "model", folder / "pool", folder / "scores")
    assert status == 0, output
    run = overrides({name: folder / name for name in ("pool", "dev", "test")}, rounds=1, passes=1)
    people = {"active_learning.oracle.@misc": "spacy_deepal.FileOracle.v1"}
    for name, values in {"run": run, "waits": run | people}.items():
        status, output = call("run", AL_CONFIG, folder / name, *options(values))
        assert status == 0, output


def outcome(bad: BadInput, folder: Path) -> tuple[int, str]:
    """RETURNS (int, str): The exit status of a command in the folder of the world, and its text."""
    for name, content in bad.files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        if name == "bad.cfg" and isinstance(content, str):
            old, new = content.split("|")
            config = AL_CONFIG.read_text(encoding="utf8")
            assert old in config
            content = config.replace(old, new, 1)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    data = overrides({name: Path(name) for name in ("pool", "dev", "test")}, rounds=1)
    given = {"AL": [str(AL_CONFIG)], "DATA": options(data)}
    status, output = call(*(part for arg in bad.command for part in given.get(arg, [arg])))
    for name in ("out", "data", *bad.files):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    text = output.replace(str(AL_CONFIG), "al.cfg").replace(f"{Path.cwd()}/", "")
    return status, text.removeprefix("✘ ").strip()


def our_own(text: str) -> str:
    """RETURNS (str): The text of an error without what others say in it."""
    return FOREIGN.sub(lambda match: f"{match[1] or match[2]}…", text)


def read_texts() -> dict[str, str]:
    """RETURNS (dict): The text of each error, as it was last read by a person."""
    lines = TEXTS.read_text(encoding="utf8").splitlines() if TEXTS.exists() else []
    return dict(line.split("\t", 1) for line in lines)
