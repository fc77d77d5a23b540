"""spaCy imports our commands for each of its own: that is quick and does nothing else."""

import subprocess
import sys

CODE = """
import sys
sys.argv = ["spacy", "project", "run", "x", ".", "--vars.unknown", "3"]
import spacy.cli
before = set(sys.modules)
import spacy_deepal.cli
new = {name.split(".")[0] for name in set(sys.modules) - before} - {"spacy_deepal"}
ours = {name for name in sys.modules if name.startswith("spacy_deepal.")}
print(sorted(new), sorted(name for name in ours if not name.startswith("spacy_deepal.cli")))
"""


def test_importing_the_commands_imports_nothing_heavy_and_reads_no_arguments():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "[] ['spacy_deepal.about', 'spacy_deepal.errors']\n"
