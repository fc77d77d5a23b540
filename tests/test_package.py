"""What is installed: entry points, and what importing the package costs."""

import configparser
import importlib
import re
import subprocess
import sys
from importlib.metadata import distribution, version
from importlib.resources import files
from pathlib import Path

import pytest
from spacy.util import registry

import spacy_deepal

ROOT = Path(__file__).parent.parent
HEAVY = [
    "spacy_deepal.tagger.network",
    "spacy_deepal.tagger.model",
    "spacy_deepal.tagger.decoding",
    "matplotlib",
]
# Rooms that a blank pipeline has no use for.
UNUSED = [f"spacy_deepal.{room}" for room in ("acquisition", "corpus", "pool", "rounds", "report")]


def declared_entry_points():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf8")
    for group, lines in setup["options.entry_points"].items():
        for line in filter(None, lines.splitlines()):
            name, target = (part.strip() for part in line.split("="))
            yield group, name, target


DECLARED = list(declared_entry_points())


def test_entry_points_are_declared():
    groups = {"spacy_factories", "spacy_architectures", "thinc_acquisition", "spacy_cli"}
    assert {group for group, _, _ in DECLARED} >= groups


@pytest.mark.parametrize(
    ("group", "name", "target"), DECLARED, ids=[f"{group}:{name}" for group, name, _ in DECLARED]
)
def test_entry_point_resolves(group, name, target):
    module, _, attribute = target.partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))


@pytest.mark.parametrize(
    ("group", "name", "target"),
    [row for row in DECLARED if row[0] not in ("spacy_cli", "spacy_factories")],
    ids=[name for group, name, _ in DECLARED if group not in ("spacy_cli", "spacy_factories")],
)
def test_entry_point_is_found_by_spacys_registry(group, name, target):
    module, _, attribute = target.partition(":")
    function = getattr(importlib.import_module(module), attribute)
    assert getattr(registry, group.partition("_")[2]).get(name) is function


def test_what_is_installed_is_what_is_declared():
    points = distribution("spacy_deepal").entry_points
    installed = {(point.group, point.name, point.value) for point in points}
    assert installed == set(DECLARED), "install the package again: pip install -e ."


@pytest.mark.parametrize("file", [".github/workflows/tests.yml", ".ci/installed"])
def test_the_tests_are_run_with_every_extra_that_they_import(file):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf8")
    skipped_without = {"ray", "docs"}
    needed = {*setup["options.extras_require"]} - skipped_without
    (lists,) = re.findall(r"\[([\w,]+,dev)\]", (ROOT / file).read_text(encoding="utf8"))
    assert {*lists.split(",")} == needed


def test_version_is_that_of_the_installed_package():
    assert spacy_deepal.__version__ == version("spacy_deepal")
    assert re.fullmatch(r"\d+\.\d+\.\d+", spacy_deepal.__version__)


def test_type_checkers_find_the_types():
    assert files("spacy_deepal").joinpath("py.typed").is_file()


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.cfg")), ids=lambda at: at.name)
def test_a_config_is_installed_with_the_package(config):
    """What a message tells users to open has to be there without the checkout."""
    installed = files("spacy_deepal.configs").joinpath(config.name)
    assert installed.read_bytes() == config.read_bytes()


def in_fresh_python(code, *args):
    """Run code in a process of its own, in the checkout. A deprecation in our code is an error."""
    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:spacy_deepal", "-c", code, *args],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_spacy_finds_the_component_without_another_import():
    code = """
import spacy
nlp = spacy.blank("en")
nlp.add_pipe("deepal_ner")
print(nlp.pipe_names, nlp.get_pipe("deepal_ner").model.name)
"""
    assert in_fresh_python(code) == "['deepal_ner'] cnn_cnn_lstm\n"


def test_blank_pipeline_imports_nothing_heavy_of_ours():
    """spaCy imports the factories and the loggers of every plugin whenever it makes a blank
    pipeline."""
    code = f"""
import sys, spacy
spacy.blank("en")
assert {{"spacy_deepal.tagger.component", "spacy_deepal.progress"}} <= sys.modules.keys()
print([name for name in {[*HEAVY, *UNUSED]!r} if name in sys.modules])
"""
    assert in_fresh_python(code) == "[]\n"


def test_package_is_light_to_import():
    code = f"""
import sys, spacy_deepal
print([name for name in {HEAVY!r} if name in sys.modules], spacy_deepal.__version__)
"""
    assert in_fresh_python(code) == f"[] {spacy_deepal.__version__}\n"


def test_acquisition_functions_are_registered_without_another_import():
    code = """
import spacy
spacy.blank("en")
print(sorted(spacy.registry.acquisition.get_all()))
"""
    names = "BALD DecoderBALD LC MNLP RAND".split()
    names = [f"spacy_deepal.{name}.v1" for name in names]
    assert in_fresh_python(code) == f"{names}\n"


def test_package_can_be_imported_anew_in_one_process():
    """The second import meets a registry that exists already. To create it again would raise."""
    code = """
import sys, spacy_deepal
for name in [name for name in sys.modules if name.startswith("spacy_deepal")]:
    del sys.modules[name]
import spacy, spacy_deepal
spacy.blank("en").add_pipe("deepal_ner")
print("fine")
"""
    assert in_fresh_python(code) == "fine\n"


IMPORT_ALL = """
import os, sys, importlib, pkgutil
import torch

handlers = []
register = os.register_at_fork
def record(**handler):
    handlers.append(sys._getframe(1).f_globals["__name__"])
    register(**handler)
os.register_at_fork = record

threads = torch.get_num_threads()
import spacy_deepal
for module in pkgutil.walk_packages(spacy_deepal.__path__, "spacy_deepal."):
    importlib.import_module(module.name)
print([name for name in handlers if name.startswith("spacy_deepal")])
print(torch.get_num_threads() - threads)
"""


def test_no_module_changes_the_process_that_imports_it():
    """An import registers no fork handler and leaves the number of torch's threads alone."""
    assert in_fresh_python(IMPORT_ALL) == "[]\n0\n"


def test_importing_the_commands_ends_no_command_of_spacy():
    """spaCy imports our commands to run its own, whatever their arguments are."""
    code = """
import sys
sys.argv[0] = "spacy"
import spacy_deepal.cli
print(sys.argv[1:3])
"""
    arguments = ["project", "run", "al-loop", ".", "--vars.nonsense", "1"]
    assert in_fresh_python(code, *arguments) == "['project', 'run']\n"
