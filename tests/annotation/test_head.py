"""The beginning of a long text is there before all of it is read."""

import pytest

from spacy_deepal.annotation import head
from spacy_deepal.annotation.divide import divide_text
from spacy_deepal.annotation.labelling_folder import LabellingFolder, LabellingJob
from spacy_deepal.pipelines import blank_pipeline
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_id


@pytest.fixture
def job(tmp_path, monkeypatch):
    text = tmp_path / "articles.txt"
    text.write_text("".join(f"Ada saw town {n} . It rained .\n" for n in range(400)))
    monkeypatch.setattr(head, "LONG", 1000)
    monkeypatch.setattr(head, "BYTES", 500)
    return LabellingJob(inputs=[str(text)], lang="en", dev_words=300, test_words=0)


def test_the_head_has_the_ids_of_the_pool_and_stays_out_of_dev(job, tmp_path):
    folder = LabellingFolder(tmp_path / "run")
    head.queue_head(folder, job)
    shown = {task.id: "".join(task.tokens) for task in folder.read_queue()}
    assert len(shown) > 10
    divide_text(folder, job, seed=0)
    vocab = blank_pipeline("en").vocab
    pool = {sentence_id(doc): doc.text for doc in read_shards(folder.pool, vocab)}
    assert all(pool[name] == text for name, text in shown.items())
    assert len(list(read_shards(folder.reserve("dev"), vocab))) > 100


def test_a_short_text_and_a_run_that_has_begun_have_no_head(job, tmp_path, monkeypatch):
    folder = LabellingFolder(tmp_path / "run")
    monkeypatch.setattr(head, "LONG", 1_000_000)
    head.queue_head(folder, job)
    assert not folder.queue_file.exists()
    folder.write_queue([])
    monkeypatch.setattr(head, "LONG", 1000)
    head.queue_head(folder, job)
    assert folder.read_queue() == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one\ntwo\nthr", "one\ntwo\n"),
        ("a B\nb O\n\na B\nb O\n\na", "a B\nb O\n\na B\nb O\n\n"),
    ],
)
def test_the_beginning_ends_with_a_line_or_a_block(tmp_path, text, wanted):
    file = tmp_path / "text"
    file.write_text(text)
    assert head.beginning(file).decode().strip() == wanted.strip()
