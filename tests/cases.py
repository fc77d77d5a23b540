"""The inputs of ../shared/cases, which once failed."""

import shutil
from pathlib import Path

import pytest
import spacy

from spacy_deepal.pool.shards import read_shards

from .pools import call

CASES = Path(__file__).parents[2] / "shared" / "cases"


def copy_case(name: str, folder: Path) -> Path:
    """RETURNS (Path): A copy of the input of a case, which may be changed."""
    if not (CASES / name).is_dir():
        pytest.skip("needs the inputs in ../shared/cases")
    target = folder / name
    shutil.copytree(CASES / name, target, copy_function=shutil.copyfile)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def convert_case(source: Path, *options) -> list[tuple[list[str], list[tuple[str, str]]]]:
    """RETURNS (list): The words and the entities of each sentence of the pool."""
    pool = source.with_name(f"{source.name}.pool")
    status, output = call("convert", source, pool, *options)
    assert status == 0, output
    docs = read_shards(pool, spacy.blank("en").vocab)
    return [([t.text for t in d], [(e.text, e.label_) for e in d.ents]) for d in docs]
