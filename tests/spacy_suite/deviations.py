"""The tests of spaCy that say nothing about another component than spaCy's own `ner`.

Each of them reads the transition system: its moves, its actions, its oracle or its output layer.
`test_restated.py` says without transitions what they say about an entity recognizer.
"""

MOVES = "reads the moves of the transition system"
OUTPUT = "resizes the output layer of the transition system by hand"
ORACLE = "sets update_with_oracle_cut_size, a setting of the transition system's oracle"

DEVIATIONS = {
    "spacy.tests.parser.test_ner::test_issue1967": MOVES,
    "spacy.tests.parser.test_ner::test_issue2179": OUTPUT,
    "spacy.tests.parser.test_ner::test_issue3209": OUTPUT,
    "spacy.tests.parser.test_ner::test_labels_from_BILUO": MOVES,
    "spacy.tests.parser.test_ner::test_accept_blocked_token": MOVES,
    "spacy.tests.parser.test_ner::test_overwrite_token": MOVES,
    "spacy.tests.serialize.test_serialize_pipeline::test_issue4725_1": ORACLE,
}
