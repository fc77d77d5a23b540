"""A run that begins with what is labelled in its pool already."""

import shutil

import pytest

from spacy_deepal.annotation.pulled import pull_files
from spacy_deepal.annotation.waiting_batch import read_waiting_batch
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.errors import DeepALError, LabelsAwaited
from spacy_deepal.files import write_jsonl
from spacy_deepal.labelling.labelled_set import export_labelled
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.run import Run, run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import KEY, labels_looked_for, sentence_id

from ..pools import annotation, make_doc, make_docs, quick_config, write_pools

FILES = {"active_learning.oracle": {"@misc": "spacy_deepal.FileOracle.v1"}}
LABELS = {"initialize.components.ner.labels": ["PER", "LOC"]}
FAST = {"passes": 1, "min_updates": 1, "evaluations": 1}


def partly(count=12, **more):
    """The first sentences are labelled, the others are not."""
    docs = list(make_docs(count, 1, distinct=True))
    return [*docs, *make_docs(45, 4, gold=False, distinct=True)]


def config(paths, seed_words="labelled", more=FILES, **active_learning):
    return quick_config(paths, more=more, seed_words=seed_words, **FAST | active_learning)


def begin(paths, run, tell=print, **values):
    """RETURNS the message that people have to label."""
    with pytest.raises(LabelsAwaited) as caught:
        run_loop(config(paths, **values), run, tell=tell)
    return str(caught.value)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A run whose second batch waits: read only."""
    folder = tmp_path_factory.mktemp("begun")
    paths = write_pools(folder, pool=partly())
    message = begin(paths, folder / "run")
    return paths, RunFolder(folder / "run"), message


def batch(folder, number=0):
    return {sentence_id(doc): doc for doc in folder.round(number).read_batch(None)}


def test_the_first_round_trains_on_all_that_is_labelled_and_on_nothing_else(begun):
    _, folder, message = begun
    gold = {sentence_id(doc): doc for doc in make_docs(12, 1, distinct=True)}
    found = batch(folder)
    assert found.keys() == gold.keys()
    assert all(annotation(found[name]) == annotation(gold[name]) for name in gold)
    (first,) = folder.metrics
    assert first.selection == "labelled"
    assert first.sentences == 12
    assert "labelled before" in first.describe()
    assert "round_01/to_label.jsonl" in message
    assert not (folder.path / "round_00" / "to_label.jsonl").exists()


def test_the_first_batch_that_people_label_is_chosen_by_score(begun):
    _, folder, _ = begun
    selected = folder.round(1).selected.read()
    assert all(row.score is not None for row in selected)
    assert {row.id for row in selected}.isdisjoint(batch(folder))


def test_the_labelled_set_has_what_was_labelled_before(begun, tmp_path):
    _, folder, _ = begun
    assert len(export_labelled(folder.path, tmp_path / "l.conll", "iob2", ["train"]).docs) == 12


def test_what_was_labelled_before_is_corrected_in_the_data_and_not_by_answers(begun, tmp_path):
    _, folder, _ = begun
    name, doc = next(iter(batch(folder).items()))
    write_jsonl(tmp_path / "answers.jsonl", [{"id": name, "text": doc.text, "spans": []}])
    with pytest.raises(DeepALError, match=r"answers\.jsonl"):
        pull_files(folder.path, [tmp_path / "answers.jsonl"], ReadOptions())
    assert not (folder.path / "round_00" / "labelled.jsonl").exists()


def test_a_lost_batch_is_read_from_the_pool_again(begun, tmp_path):
    paths, _, _ = begun
    begin(paths, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    before = {name: annotation(doc) for name, doc in batch(folder).items()}
    folder.round(0).batch.write_bytes(b"damaged")
    begin(paths, tmp_path / "run")
    assert {name: annotation(doc) for name, doc in batch(folder).items()} == before


def test_a_round_that_was_killed_before_its_batch_asks_nobody(begun, tmp_path):
    paths, folder, _ = begun
    shutil.copytree(folder.path, tmp_path / "run")
    cut = RunFolder(tmp_path / "run")
    shutil.rmtree(cut.round(1).path)
    (cut.path / "metrics.jsonl").unlink()
    cut.round(0).batch.unlink()
    with pytest.raises(DeepALError, match="no batch that waits"):
        read_waiting_batch(cut.path)
    with pytest.raises(DeepALError, match="has not selected a sentence yet"):
        pull_files(cut.path, [tmp_path / "answers.jsonl"], ReadOptions())
    begin(paths, cut.path)
    assert batch(cut).keys() == batch(folder).keys()
    assert len(export_labelled(cut.path, tmp_path / "l.conll", "iob2", ["train"]).docs) == 12


def test_labels_in_shards_that_are_added_change_nothing_of_the_seed_set(tmp_path):
    labels = {"initialize.components.ner.labels": ["PER", "LOC", "ORG"]}
    paths, more = write_pools(tmp_path, pool=partly()), FILES | labels
    begin(paths, tmp_path / "run", more=more)
    folder = RunFolder(tmp_path / "run")
    before = {
        name: (annotation(doc), labels_looked_for(doc)) for name, doc in batch(folder).items()
    }
    write_shards([make_doc("new", ["Acme", "fell"], {0: "ORG"})], tmp_path / "more")
    shutil.copy(tmp_path / "more" / "shard_0000.spacy", paths["pool"] / "shard_0009.spacy")
    folder.round(0).batch.unlink()
    begin(paths, tmp_path / "run", more=more)
    now = {name: (annotation(doc), labels_looked_for(doc)) for name, doc in batch(folder).items()}
    assert now == before


def test_of_a_sentence_that_is_labelled_in_part_the_entities_alone_are_known(tmp_path):
    """If there is a type of which the others say nothing: its O words may have that."""
    docs = partly()
    docs[0].set_ents(list(docs[0].ents), missing=[docs[0][4:5]], default="outside")
    paths = write_pools(tmp_path, pool=docs)
    labels = {"initialize.components.ner.labels": ["PER", "LOC", "ORG"]}
    begin(paths, tmp_path / "run", more=FILES | labels)
    doc = batch(RunFolder(tmp_path / "run"))["1-000"]
    assert {token.ent_iob_ for token in doc} == {"B", ""}
    assert not labels_looked_for(doc)


def test_the_command_says_what_the_run_begins_with(tmp_path):
    paths, told = write_pools(tmp_path, pool=partly()), []
    labels = {"initialize.components.ner.labels": ["PER", "LOC", "ORG"]}
    begin(paths, tmp_path / "run", told.append, more=FILES | labels)
    assert any(
        text.startswith("The run begins with 12 sentences (")
        and text.endswith(" labelled with LOC, PER. Of ORG they say nothing.")
        for text in told
    )


def test_what_can_be_written_of_it_is_said(tmp_path):
    paths = write_pools(tmp_path, pool=partly())
    labels = {"initialize.components.ner.labels": ["PER", "LOC", "ORG"]}
    begin(paths, tmp_path / "run", more=FILES | labels)
    with pytest.raises(DeepALError, match=r"--labels LOC,PER.*labelled before the run began\.$"):
        export_labelled(tmp_path / "run", tmp_path / "l.conll", "iob2", ["train"])
    found = export_labelled(tmp_path / "run", tmp_path / "l", "iob2", ["train"], ["PER", "LOC"])
    assert len(found.docs) == 12


def test_of_a_type_that_nobody_has_labelled_it_knows_nothing(tmp_path):
    """A word that is no PER and no LOC may be an ORG: nobody has looked."""
    docs = partly()
    docs[1].user_data[KEY]["labels"] = ["PER"]
    paths = write_pools(tmp_path, pool=docs)
    labels = {"initialize.components.ner.labels": ["PER", "LOC", "ORG"]}
    begin(paths, tmp_path / "run", more=FILES | labels)
    found = batch(RunFolder(tmp_path / "run"))
    assert {labels_looked_for(doc) for doc in found.values()} == {
        frozenset({"PER", "LOC"}),
        frozenset({"PER"}),
    }
    outside = {token.ent_iob_ for doc in found.values() for token in doc if not token.ent_type_}
    assert outside == {"", "O"}  # O in the sentence that says itself what it knows
    assert sum(len(doc.ents) for doc in found.values()) == sum(len(doc.ents) for doc in docs)


@pytest.mark.parametrize(
    ("docs", "message"),
    [
        (make_docs(20, 1, gold=False), r"No entity is labelled in .*pool\. Convert"),
        (
            [make_doc("o", ["Nobody", "knew"]), *make_docs(20, 1, gold=False)],
            r"No entity is labelled in .*pool\. Convert",
        ),
        (make_docs(20, 1), r"Every sentence of .*pool is labelled, so there is none left"),
        (
            [*partly(), make_doc("x", ["Acme", "fell"], {0: "ORG"})],
            r"pool has entities of ORG, and the labels of the run are LOC, PER",
        ),
    ],
    ids=["none", "no entity", "all", "other types"],
)
def test_a_pool_that_does_not_suit_is_told_before_the_run_begins(tmp_path, docs, message):
    paths = write_pools(tmp_path, pool=docs)
    with pytest.raises(DeepALError, match=message):
        run_loop(config(paths, more=FILES | LABELS), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("seed_words", [30, "labelled"])
def test_people_are_told_that_the_pool_has_labels_which_the_run_does_not_read(tmp_path, seed_words):
    paths, told = write_pools(tmp_path, pool=partly()), []
    entities = sum(len(doc.ents) for doc in read_shards(paths["pool"], None))
    begin(paths, tmp_path / "run", told.append, seed_words=seed_words)
    expected = f"{paths['pool']} has {entities} entities."
    advice = "--active_learning.seed_words labelled"
    assert any(expected in text and advice in text for text in told) == (seed_words == 30)


def test_a_simulation_is_not_told_so(tmp_path):
    told = []
    run = Run(
        config(write_pools(tmp_path), seed_words=30, more=()), tmp_path / "r", tell=told.append
    )
    next(iter(run))
    assert not any("seed_words" in text for text in told)
