"""Where the greedy path breaks the scheme, entities are read off the best path that keeps it."""

import itertools

import numpy
import pytest

from spacy_deepal.tagger.scheme import allowed, keeps_scheme, tag_count

from .build import (
    SENTENCES,
    entities_of,
    initialized,
    jolt,
    make_doc,
    network_of,
    tag_names,
    tagger_in,
)
from .reference import Reference

WORDS = "Khan met Ada Berlin"


def random_nlp(seed=0, beam_width=4, **model):
    """A pipeline whose greedy paths are often inconsistent, and seldom the most probable ones."""
    sentences = [(words, [(a, b, "LOC") for a, b, _ in ents]) for words, ents in SENTENCES]
    nlp = initialized(sentences, beam_width=beam_width, **model)
    jolt(network_of(nlp), seed, scale=0.5)
    return nlp


def predicted(nlp, docs):
    return nlp.get_pipe("deepal_ner").predict(docs)


def log_p(reference, doc, path):
    """Log-probability of a whole path."""
    go = reference.tags
    rows = reference.teacher_forced(doc, [go, *path[:-1]])
    return sum(row[tag] for row, tag in zip(rows, path, strict=True))


def is_consistent(path):
    """Read off the names of the tags, without a look at the package's own table."""
    names = [tag_names(["LOC", "PER"])[tag] for tag in path]
    for before, after in zip(["O", *names], [*names, "O"], strict=True):
        if before[0] in "BI":
            if after[0] not in "IE" or after[1:] != before[1:]:
                return False
        elif after[0] in "IE":
            return False
    return True


def most_probable(reference, doc):
    """The most probable of all consistent paths, by trying every path."""
    paths = itertools.product(range(reference.tags), repeat=len(doc))
    return max(filter(is_consistent, paths), key=lambda path: log_p(reference, doc, path))


def test_every_pair_of_tags_is_allowed_or_not():
    n_tags = tag_count(["LOC", "PER"])
    follows, ends = allowed(n_tags)
    for first in range(n_tags):
        name = tag_names(["LOC", "PER"])[first]
        assert follows[n_tags, first] == (name[0] in "OBS")
        assert ends[first] == (name[0] in "OES")
    for before, after in itertools.product(range(n_tags), repeat=2):
        names = [tag_names(["LOC", "PER"])[tag] for tag in (before, after)]
        if names[0][0] in "BI":
            assert follows[before, after] == (names[1][0] in "IE" and names[1][2:] == names[0][2:])
        else:
            assert follows[before, after] == (names[1][0] in "OBS")


def test_paths_that_keep_the_scheme_are_known():
    paths = list(itertools.product(range(9), repeat=3)) + [(tag,) for tag in range(9)]
    lengths = [len(path) for path in paths]
    found = keeps_scheme(numpy.concatenate(paths), lengths, n_tags=9)
    assert found.tolist() == [is_consistent(path) for path in paths]


def test_where_the_greedy_path_breaks_the_scheme_a_wide_beam_finds_the_most_probable():
    mended = 0
    for seed in range(8):
        nlp = random_nlp(seed, beam_width=625, decode_layers=1 + seed % 2)
        reference = Reference(tagger_in(nlp))
        docs = [make_doc(nlp.vocab, words) for words in (WORDS, "Ada", "Berlin Ada Khan", "met")]
        paths = predicted(nlp, docs)
        for doc, greedy, best in zip(docs, paths.tags, paths.best, strict=True):
            if is_consistent(greedy):
                assert tuple(best) == tuple(greedy)
            else:
                assert tuple(best) == most_probable(reference, doc)
                mended += 1
    assert mended >= 8


@pytest.mark.parametrize("beam_width", [2, 4])
def test_a_narrow_beam_finds_consistent_paths_too(beam_width):
    nlp = random_nlp(3, beam_width)
    paths = predicted(nlp, [make_doc(nlp.vocab, words) for words, _ in SENTENCES])
    assert not all(is_consistent(path) for path in paths.tags)
    assert all(is_consistent(path) for path in paths.best)


def test_the_greedy_path_stays_what_evidence_reads():
    nlp, greedy = random_nlp(0), random_nlp(0, beam_width=1)
    docs = [make_doc(nlp.vocab, words, id=words) for words, _ in SENTENCES]
    found, expected = predicted(nlp, docs), predicted(greedy, docs)
    assert any((a != b).any() for a, b in zip(found.best, found.tags, strict=True))
    for ours, theirs in zip(found.tags, expected.tags, strict=True):
        assert (ours == theirs).all()
    for best, path in zip(expected.best, expected.tags, strict=True):
        assert (best == path).all()  # a width of 1 is the paper's greedy path
    evidence = nlp.get_pipe("deepal_ner").evidence(docs)
    assert [e.tags.tolist() for e in evidence] == [path.tolist() for path in expected.tags]


def test_entities_do_not_depend_on_the_batch():
    docs = [words for words, _ in SENTENCES] * 3
    nlp, narrow = random_nlp(2), random_nlp(2, batch_words=5)
    together = [make_doc(nlp.vocab, words) for words in docs]
    nlp.get_pipe("deepal_ner").set_annotations(together, predicted(nlp, together))
    for words, doc in zip(docs, together, strict=True):
        alone = narrow(make_doc(narrow.vocab, words))
        assert entities_of(alone) == entities_of(doc)


def test_sentences_without_words_have_no_path():
    nlp = random_nlp(0)
    docs = [make_doc(nlp.vocab, words) for words in ("", WORDS, "")]
    assert [len(path) for path in predicted(nlp, docs).best] == [0, 4, 0]
