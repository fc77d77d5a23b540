"""What the experiments share with benchmarks/: the CRF, spaCy's own `ner`, and samples."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))

from corpora import take
from crf import train_and_score as train_crf
from systems import ner_config, run_spacy, tagger_config

__all__ = ["ner_config", "run_spacy", "tagger_config", "take", "train_crf"]
