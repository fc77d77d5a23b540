import pytest
import spacy

from spacy_deepal.acquisition.functions import MNLP
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.acquisition.upstream import find_tagger
from spacy_deepal.errors import DeepALError

from ..pools import make_docs


def test_scoring_without_a_tagger_names_the_components(nlp):
    other = spacy.blank("xx")
    other.add_pipe("sentencizer")
    with pytest.raises(DeepALError, match=r"has none\. Its components: sentencizer"):
        list(score_docs(other, make_docs(4, 1), MNLP()))
    other.add_pipe("deepal_ner", name="one")
    other.add_pipe("deepal_ner", name="two")
    with pytest.raises(DeepALError, match=r"has 2 of them \(one, two\)"):
        find_tagger(other)
    assert find_tagger(nlp) is nlp.get_pipe("deepal_ner")
