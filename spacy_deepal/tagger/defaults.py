"""The default config of the factory `deepal_ner`: the one home of every size."""

from thinc.api import Config

DEFAULT_CONFIG = """
[model]
@architectures = "spacy_deepal.CnnCnnLstm.v1"
tok2vec = null

[model.embed]
char_width = 25
char_filters = 50
char_kernel = 3
char_layers = 1
char_dropout = null
max_chars = 48
word_width = 64
word_init = "zeros"
word_drop = 0.5
word_min_freq = 2
max_words = 100000
attrs = ["NORM", "SHAPE", "PREFIX1", "PREFIX2", "PREFIX3", "PREFIX4", "SUFFIX1", "SUFFIX2", "SUFFIX3", "SUFFIX4"]
attr_rows = [2000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]
attr_width = 8
vectors_projection = 96
tok2vec_projection = 96
dropout = null

[model.encode]
width = 128
kernel = 3
layers = 2
dropout = null
layer_norm = true

[model.decode]
width = 64
layers = 1
tag_width = 16
dropout = null
"""  # noqa: E501 (a list cannot be broken)

DEFAULT_MODEL = Config().from_str(DEFAULT_CONFIG)["model"]
BEAM_WIDTH = 4
BATCH_WORDS = 12_000
