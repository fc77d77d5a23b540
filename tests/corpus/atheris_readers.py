"""Fuzz the readers by atheris, with the arguments of libFuzzer. It ends with 0 if nothing is found:

`python -m tests.corpus.atheris_readers FOLDER_OF_SEEDS -runs=10000`
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris
import spacy  # noqa: F401  (it is not to be instrumented)

with atheris.instrument_imports(include=["spacy_deepal.corpus"]):
    from .fuzz_target import is_clear, read_anything

with TemporaryDirectory() as name:

    def test_one(data: bytes) -> None:
        suffix, options = data[:2].ljust(2, b"\0")
        assert is_clear(*read_anything(Path(name), suffix, options, data[2:]))

    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()
