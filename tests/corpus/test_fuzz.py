"""Any bytes as a file of any format: sentences, bad lines or one error of ours, nothing else."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..bad_inputs.contents import BRAT, COLUMNS, JSON, LISTS, RECORDS, TEXTS, WHOLE, dump
from .edits import TEXT, edited, edits
from .fuzz_target import OPTIONS, SUFFIXES, is_clear, read_anything

GOOD_AND_BAD = [
    *(content for _, content in WHOLE.values()),
    *(given.split("|", 1)[1] for given in (*COLUMNS.values(), *TEXTS.values())),
    *(*JSON.values(), *LISTS.values(), *BRAT.values()),
    *map(dump, RECORDS.values()),
]
SEEDS = list(map(str.encode, GOOD_AND_BAD))
kinds = st.tuples(st.integers(0, len(SUFFIXES) - 1), st.integers(0, len(OPTIONS) - 1))
contents = st.builds(edited, st.sampled_from(SEEDS), edits(TEXT)) | st.binary(max_size=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=300)
@given(kind=kinds, content=contents)
def test_any_bytes_are_read_or_refused(folder, kind, content):
    assert is_clear(*read_anything(folder, *kind, content))


@pytest.mark.slow
@settings(max_examples=5000)
@given(kind=kinds, content=contents)
def test_many_more_bytes_are_read_or_refused(folder, kind, content):
    assert is_clear(*read_anything(folder, *kind, content))


@pytest.mark.slow
def test_atheris_finds_nothing_else(tmp_path):
    """libFuzzer goes where the code branches, from the seeds."""
    pytest.importorskip("atheris", reason="needs atheris, which has no wheel for this Python")
    seeds, found = tmp_path / "seeds", tmp_path / "found"
    seeds.mkdir()
    found.mkdir()
    for number, seed in enumerate(SEEDS):
        for options in range(0, len(OPTIONS), 5):
            data = bytes([number % len(SUFFIXES), options]) + seed
            (seeds / f"{number}_{options}").write_bytes(data)
    command = [sys.executable, "-m", "tests.corpus.atheris_readers", str(seeds)]
    limits = ["-runs=20000", "-max_total_time=120", "-rss_limit_mb=4096", "-timeout=60"]
    limits.append(f"-artifact_prefix={found}/")
    done = subprocess.run([*command, *limits], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
