"""The beginning of a long text is there before all of it is read."""

import gzip
import json

import pytest

from spacy_deepal.corpus import sources
from spacy_deepal.labelling import head
from spacy_deepal.labelling.divide import divide_text
from spacy_deepal.labelling.labelling_folder import LabellingFolder, LabellingJob
from spacy_deepal.pipelines import blank_pipeline
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_id


@pytest.fixture
def job(tmp_path, monkeypatch):
    text = tmp_path / "articles.txt"
    text.write_text("".join(f"Ada saw town {n} . It was day {n} .\n" for n in range(400)))
    monkeypatch.setattr(head, "LONG", 1000)
    monkeypatch.setattr(head, "HEAD_SENTENCES", 50)
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


def test_the_head_asks_for_nothing_that_is_labelled_in_the_text(job, tmp_path):
    text = tmp_path / "articles.jsonl"
    lines = [{"text": f"Ada saw town {n} ."} | ({} if n % 2 else {"spans": []}) for n in range(400)]
    text.write_text("\n".join(map(json.dumps, lines)))
    update = {"inputs": [str(text)], "first": {"seed_words": "labelled"}}
    folder = LabellingFolder(tmp_path / "run")
    head.queue_head(folder, job.model_copy(update=update))
    shown = {"".join(task.tokens) for task in folder.read_queue()}
    assert shown
    assert shown <= {line["text"] for line in lines if "spans" not in line}


def test_what_the_head_has_shown_is_not_drawn_in_another_place(job, tmp_path):
    text = tmp_path / "articles.txt"
    text.write_text("".join(f"Ada saw town {n % 150} .\n" for n in range(400)))
    folder = LabellingFolder(tmp_path / "run")
    head.queue_head(folder, job)
    shown = {"".join(task.tokens) for task in folder.read_queue()}
    divide_text(folder, job, seed=0)
    vocab = blank_pipeline("en").vocab
    dev = {doc.text for doc in read_shards(folder.reserve("dev"), vocab)}
    pool = {doc.text for doc in read_shards(folder.pool, vocab)}
    assert dev
    assert shown <= pool
    assert dev.isdisjoint(pool)


def test_the_head_shows_nothing_of_a_dev_set_that_is_given(job, tmp_path):
    dev = tmp_path / "dev.iob2"
    dev.write_text("".join(f"Ada\tO\nsaw\tO\ntown\tO\n{n}\tO\n.\tO\n\n" for n in range(0, 400, 2)))
    folder, job = LabellingFolder(tmp_path / "run"), job.model_copy(update={"dev": str(dev)})
    head.queue_head(folder, job)
    shown = {task.id: "".join(task.tokens) for task in folder.read_queue()}
    assert "Ada saw town 1 ." in shown.values()
    assert "Ada saw town 2 ." not in shown.values()
    divide_text(folder, job, seed=0)
    vocab = blank_pipeline("en").vocab
    assert (
        shown.items() <= {sentence_id(d): d.text for d in read_shards(folder.pool, vocab)}.items()
    )


def test_a_short_text_and_a_run_that_has_begun_have_no_head(job, tmp_path, monkeypatch):
    folder = LabellingFolder(tmp_path / "run")
    monkeypatch.setattr(head, "LONG", 1_000_000)
    head.queue_head(folder, job)
    assert not folder.queue_file.exists()
    folder.write_queue([])
    monkeypatch.setattr(head, "LONG", 1000)
    head.queue_head(folder, job)
    assert folder.read_queue() == []


WORDS = "\n\n".join(f"Ada\tO\nsaw\tO\ntown{n}\tO" for n in range(400)) + "\n"
TABLE = "sentence,word,ner\n" + "".join(
    f"{n},{word},O\n" for n in range(400) for word in ("Ada", "saw", f"town{n}")
)
RECORDS = [{"text": f"Ada saw town {n}"} for n in range(400)]


@pytest.mark.parametrize(
    "files",
    [
        {"a.iob2": WORDS},
        {"a.csv": TABLE},
        {"a.iob2.gz": WORDS},
        {"a.json": json.dumps(RECORDS, indent=1)},
        {"a.jsonl": "\n".join(map(json.dumps, RECORDS))},
        {"a.txt": "It rained .\nIt rained .\n", "b.iob2": WORDS, "c.txt": "Bob left .\n"},
    ],
    ids=lambda files: " ".join(files),
)
def test_any_format_has_a_head_that_goes_beyond_the_first_file(job, tmp_path, files):
    given, folder = tmp_path / "given", LabellingFolder(tmp_path / "run")
    given.mkdir()
    for name, text in files.items():
        packed = name.endswith(".gz")
        (given / name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    job = job.model_copy(update={"inputs": [str(given)]})
    head.queue_head(folder, job)
    shown = {task.id: "".join(task.tokens) for task in folder.read_queue()}
    assert len(shown) == head.HEAD_SENTENCES
    divide_text(folder, job, seed=0)
    vocab = blank_pipeline("en").vocab
    pool = {sentence_id(doc): doc.text for doc in read_shards(folder.pool, vocab)}
    assert all(pool[name] == text for name, text in shown.items())
    assert any("town" in text for text in shown.values())


def test_the_beginning_of_a_long_file_is_read_and_its_bad_lines_are_passed_over(
    job, tmp_path, monkeypatch
):
    monkeypatch.setattr(sources, "FIRST_BYTES", 500)
    lines = ["{broken", *map(json.dumps, RECORDS)]
    text = tmp_path / "bad.jsonl"
    text.write_bytes("\n".join(lines).encode() + b"\n\xff")  # which is no UTF-8
    other = tmp_path / "other.txt"
    other.write_text("Bob left .\n")
    folder = LabellingFolder(tmp_path / "run")
    head.queue_head(folder, job.model_copy(update={"inputs": [str(text), str(other)]}))
    shown = ["".join(task.tokens) for task in folder.read_queue()]
    assert 5 < len(shown) < 20
    assert shown == [record["text"] for record in RECORDS[: len(shown)]]


def test_a_text_whose_beginning_tells_nothing_has_no_head(job, tmp_path):
    text, folder = tmp_path / "a.csv", LabellingFolder(tmp_path / "run")
    text.write_text("one,two\n" * 1000)
    head.queue_head(folder, job.model_copy(update={"inputs": [str(text)]}))
    assert not folder.queue_file.exists()


def test_a_packed_text_is_longer_than_its_file(job, tmp_path, monkeypatch):
    text, folder = tmp_path / "articles.txt.gz", LabellingFolder(tmp_path / "run")
    text.write_bytes(gzip.compress(b"".join(b"Ada saw town %d .\n" % n for n in range(400))))
    monkeypatch.setattr(head, "LONG", 2 * text.stat().st_size)
    head.queue_head(folder, job.model_copy(update={"inputs": [str(text)]}))
    assert folder.read_queue()
