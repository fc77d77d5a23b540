"""Write texts.txt anew: `python -m tests.bad_inputs.write` in the root of the repository."""

import os
import tempfile
import warnings
from pathlib import Path

from ..pools import quick
from .cases import all_of_them
from .world import TEXTS, make_world, our_own, outcome

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_world(folder)
        os.chdir(folder)
        with quick():
            seen = [(bad.name, *outcome(bad, folder)) for bad in all_of_them()]
        lines = [f"{name}\t{status} {our_own(text)}\n" for name, status, text in seen]
    TEXTS.write_text("".join(lines), encoding="utf8")
