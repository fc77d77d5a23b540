"""What is installed: entry points, and what importing the package costs."""

import configparser
import importlib
import re
import subprocess
import sys
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from spacy.util import registry

import spacy_deepal

ROOT = Path(__file__).parent.parent
HEAVY = [
    "spacy_deepal.tagger.network",
    "spacy_deepal.tagger.architecture",
    "spacy_deepal.tagger.features",
    "spacy_deepal.tagger.evidence",
    "matplotlib",
]


def declared_entry_points():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf8")
    for group, lines in setup["options.entry_points"].items():
        for line in filter(None, lines.splitlines()):
            name, target = (part.strip() for part in line.split("="))
            yield group, name, target


DECLARED = list(declared_entry_points())


def test_entry_points_are_declared():
    assert {group for group, _, _ in DECLARED} >= {
        *("spacy_factories", "spacy_architectures", "thinc_acquisition", "spacy_cli")
    }


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


def test_version_is_that_of_the_installed_package():
    assert spacy_deepal.__version__ == version("spacy_deepal")
    assert re.fullmatch(r"\d+\.\d+\.\d+", spacy_deepal.__version__)


def in_fresh_python(code):
    """Run code in a process of its own, warnings as errors where they are ours."""
    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:spacy_deepal", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
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
    """spaCy imports every plugin's factories at each blank pipeline."""
    code = f"""
import sys, spacy
spacy.blank("en")
assert "spacy_deepal.tagger.component" in sys.modules
print([name for name in {HEAVY!r} if name in sys.modules])
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
    names = "BALD DecoderBALD LC MNLP RAND TokenEntropy".split()
    names = [f"spacy_deepal.{name}.v1" for name in names]
    assert in_fresh_python(code) == f"{names}\n"


def test_package_can_be_imported_anew_in_one_process():
    """The registry exists already then, and creating it twice raises."""
    code = """
import sys, spacy_deepal
for name in [name for name in sys.modules if name.startswith("spacy_deepal")]:
    del sys.modules[name]
import spacy, spacy_deepal
spacy.blank("en").add_pipe("deepal_ner")
print("fine")
"""
    assert in_fresh_python(code) == "fine\n"
