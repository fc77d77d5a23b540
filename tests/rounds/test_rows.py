from spacy_deepal.rounds.rows import RoundMetrics


def test_a_round_is_described_with_words_scores_and_time():
    line = RoundMetrics.model_validate(
        {
            "round": 3,
            "selection": "random",
            "words": 12345,
            "words_percent": 12.345,
            "sentences": 500,
            "ents_p": 0.25,
            "ents_r": 0.25,
            "ents_f": 0.25,
            "ents_per_type": {},
            "dev_ents_f": 0.5,
            "stability": None,
            "genres": {},
            "seconds": {"score": 2.4, "select": 0.0, "train": 60.0, "evaluate": 1.0},
        }
    )
    assert line.describe().split() == (
        "round 3 12345 words 12.3% dev F 50.0 test F 25.0 by random (2s score, 60s train)".split()
    )
