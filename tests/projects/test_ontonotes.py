"""What an owner of OntoNotes 5 does, on made-up files (see projects/paper/README.md)."""

import pytest
import spacy
from spacy.cli.project.run import project_run
from spacy.util import load_config

from spacy_deepal.experiment.prepare import document, prepare
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_info

from ..ontonotes import SOURCES, TYPES, write_release
from ..pools import call, read_jsonl
from .conftest import ROOT

QUICK = {
    "components.ner.model.encode.width": 16,
    "components.ner.model.decode.width": 16,
    "active_learning.budget_words": 2500,
    "active_learning.passes": 1,
    "training.max_epochs": 2,
}
LANGUAGES = {"en": "english", "zh": "chinese"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """RETURNS (tuple[Path, dict]): A copy of OntoNotes, and the words of its splits by language."""
    folder = tmp_path_factory.mktemp("ontonotes") / "conll-2012" / "v4"
    words = {
        code: [*write_release(folder / "data", language=name, words=4000).values()]
        for code, name in LANGUAGES.items()
    }
    return folder, words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_prepare_reads_each_sentence_once_from_its_gold_file(copy, tmp_path, lang):
    folder, words = copy
    summaries = prepare(folder, tmp_path, lang=lang)
    assert [summary.words for summary in summaries.values()] == words[lang]
    for summary in summaries.values():
        assert set(summary.genres) == set(SOURCES)
        assert summary.labelled == summary.sentences
        assert {file.path.name.split(".")[1] for file in summary.files} == {"v4_gold_conll"}
        assert not summary.notes
    assert set(summaries["train"].entities) <= set(TYPES)
    docs = {
        split: list(read_shards(tmp_path / split, spacy.blank(lang).vocab)) for split in summaries
    }
    documents = [{document(doc) for doc in each} for each in docs.values()]
    assert len(set.union(*documents)) == sum(map(len, documents)), "a document is in one split"
    assert any(name.endswith("/002") for name in documents[0]), "a part is a document"
    for doc in docs["train"]:
        assert document(doc).startswith(f"{sentence_info(doc)['genre']}/")
        assert doc[0].ent_type_ == "", "the automatic files begin with an ORG"
    every = {token.text for doc in docs["train"] for token in doc}
    assert {"(", ")", ".", "%uh"} <= every
    assert not {"-LRB-", "/.", "[WORD]"} & every


def test_the_owner_is_told_what_was_left_out(copy, tmp_path):
    code, output = call("prepare", copy[0], tmp_path / "pools", "--lang", "en")
    assert code == 0
    assert "in all: another form of the document is read" in output
    assert "in all: OntoNotes in another language, or its Bible" in output


@pytest.mark.slow
@pytest.mark.parametrize(("command", "lang"), [("curves", "en"), ("curves-zh", "zh")])
def test_the_paper_is_repeated_until_the_pool_is_used_up(project, copy, command, lang):
    paper = load_config(ROOT / "configs" / "al_paper.cfg", overrides=QUICK, interpolate=False)
    paper.to_disk(project / "paper.cfg")
    overrides = {"vars.data": str(copy[0]), "vars.config": "paper.cfg", "vars.rounds": 0}
    project_run(project, command, overrides=overrides | {"vars.seeds": "0"}, capture=True)
    lines = [
        line
        for line in read_jsonl(project / "runs" / "curves.jsonl")
        if line["data"] == f"v4-{lang}"
    ]
    assert {line["acquisition"] for line in lines} == {"crf", "full", "RAND", "LC", "MNLP", "BALD"}
    last = [line for line in lines if line["words"] == copy[1][lang][0]]
    assert len(last) == 6, "the models of all words, and the last round of each run"
    assert (project / "runs" / f"v4-{lang}" / "report.html").exists()
