"""spaCy imports our commands for each of its own: that is quick and does nothing else."""

import subprocess
import sys
from types import ModuleType

import pytest

from ..pools import call

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
    reading = ["corpus", "corpus.reading", "corpus.sources"]  # the options of the commands
    ours = [
        f"spacy_deepal.{name}"
        for name in ("about", "arguments", "budgets", *reading, "errors", "urls")
    ]
    assert run.stdout == f"[] {ours}\n"


class Interrupted(ModuleType):
    """A module during whose import Ctrl-C is pressed."""

    def __getattr__(self, name):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("convert x y", "pool.convert"),
        ("prepare x y", "experiment.prepare"),
        ("export x y --format iob2", "pool.export"),
        ("vectors x y", "vectors.make"),
        ("score x y z", "acquisition.pool_scoring"),
        ("select x y z --budget-words 1", "acquisition.selection"),
        ("run x y", "rounds.run"),
        ("report x", "report.page"),
        ("status x", "report.status"),
        ("experiment x y z", "experiment.simulation"),
        ("train x y z", "experiment.simulation"),
        ("push x", "annotation.tool_tasks"),
        ("pull x", "annotation.pulled"),
        ("label x", "labelling.begin"),
    ],
)
def test_ctrl_c_while_a_command_is_imported_is_one_message(command, module, monkeypatch):
    module = f"spacy_deepal.{module}"
    monkeypatch.setitem(sys.modules, module, Interrupted(module))
    status, output = call(*command.split())
    assert (status, output.startswith("✘ Stopped. ")) == (130, True), output
