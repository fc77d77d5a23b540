"""Any bytes as a file of any format: sentences, bad lines or one error of ours, nothing else."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..bad_inputs.contents import BRAT, COLUMNS, JSON, LISTS, RECORDS, TEXTS, WHOLE, dump
from .fuzz_target import OPTIONS, SUFFIXES, is_clear, read_anything

SEEDS = [
    *(content for _, content in WHOLE.values()),
    *(given.split("|", 1)[1] for given in (*COLUMNS.values(), *TEXTS.values())),
    *(*JSON.values(), *LISTS.values(), *BRAT.values()),
    *map(dump, RECORDS.values()),
]
PIECES = [
    *'\t\n\r"{}[],:-#O019|_=;',
    " ",
    "\ufeff",
    "null",
    "1e9",
    "\\ud800",
    "B-",
    "I-X",
    "# text = ",
]
places = st.floats(0, 1)
changes = st.lists(
    st.tuples(places, st.integers(0, 20), st.sampled_from(PIECES) | st.text(max_size=3)), max_size=5
)


def changed(content, given):
    """The content with pieces put in the place of others."""
    for at, gone, piece in given:
        place = int(at * len(content))
        content = content[:place] + piece + content[place + gone :]
    return content.encode("utf-8", "surrogatepass")


kinds = st.tuples(st.integers(0, len(SUFFIXES) - 1), st.integers(0, len(OPTIONS) - 1))
contents = st.builds(changed, st.sampled_from(SEEDS), changes) | st.binary(max_size=200)


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
    for number, seed in enumerate(SEEDS):
        for options in range(0, len(OPTIONS), 5):
            data = bytes([number % len(SUFFIXES), options]) + seed.encode()
            (tmp_path / f"{number}_{options}").write_bytes(data)
    command = [sys.executable, "-m", "tests.corpus.atheris_readers", str(tmp_path)]
    limits = ["-runs=20000", "-max_total_time=120", "-rss_limit_mb=4096", "-timeout=60"]
    done = subprocess.run([*command, *limits], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
