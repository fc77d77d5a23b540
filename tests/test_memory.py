"""Memory does not grow with the data: `convert` and `select` keep a shard at a time.

What Python and spaCy's Docs take is counted, so the tests need neither time nor much data.
`test_score.py` and `test_network.py` measure whole processes.
"""

import itertools
import tracemalloc

import pytest
import spacy

from spacy_deepal.acquisition.selection import select_batch
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.shards import read_shards, write_shards

from .pools import PEOPLE, PLACES, fill_scores, make_doc, make_score

FEW, MANY, SHARD = 200, 1000, 100


def peak(work, *args):
    """RETURNS (float): The most memory that something took at once, in MB."""
    tracemalloc.start()
    try:
        work(*args)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def grows(work):
    """RETURNS (float): How many MB the larger data take more than the smaller ones."""
    work(FEW)  # what is imported and kept for good is not counted
    return peak(work, MANY) - peak(work, FEW)


def sentences(count):
    pairs = itertools.cycle(itertools.product(PEOPLE, PLACES))
    return (f"{person} lives in {place} now" for person, place in itertools.islice(pairs, count))


def test_what_is_measured_here_would_see_docs_that_are_kept():
    def keep(count):
        nlp = spacy.blank("xx")
        return [nlp(text) for text in sentences(count)]

    assert grows(keep) > 2


@pytest.mark.parametrize("suffix", ["txt", "iob2", "jsonl"])
def test_converting_more_takes_no_more_memory(suffix, tmp_path):
    line = {
        "txt": "{}\n".format,
        "iob2": lambda text: "".join(f"{word}\tO\n" for word in text.split()) + "\n",
        "jsonl": '{{"text": "{}"}}\n'.format,
    }[suffix]
    for count in (FEW, MANY):
        (tmp_path / f"{count}.{suffix}").write_text("".join(map(line, sentences(count))))

    def work(count):
        file, output = tmp_path / f"{count}.{suffix}", tmp_path / "out" / str(count)
        assert convert([file], output, lang="xx", sentences_per_shard=SHARD).sentences == count

    assert grows(work) < 0.5


def test_selecting_from_more_takes_no_more_memory(tmp_path):
    vocab = spacy.blank("xx").vocab
    for count in (FEW, MANY):
        docs = (make_doc(f"s{n}", t.split(), {}, vocab) for n, t in enumerate(sentences(count)))
        pool = tmp_path / f"pool{count}"
        write_shards(docs, pool, sentences_per_shard=SHARD)
        scores = (make_score(f"s{n}", 5, n * 7919 % count) for n in range(count))
        fill_scores(tmp_path / f"scores{count}", pool, scores)

    def work(count):
        pool, scores = tmp_path / f"pool{count}", tmp_path / f"scores{count}"
        batch = tmp_path / f"batch{count}.spacy"
        assert len(select_batch(scores, pool, batch, vocab, budget=50)) == 10
        assert len(list(read_shards(batch, vocab))) == 10

    assert grows(work) < 0.5
