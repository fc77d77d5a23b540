"""The loop with a frozen pretrained encoder."""

import spacy

from spacy_deepal.pool.shards import read_shards
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.vectors.frozen_encoder import encoder_shim
from spacy_deepal.vectors.pretrained import PretrainedEncoder

from ..pools import quick_config, read_jsonl
from ..vectors.build import make_encoder


def test_a_sentence_is_encoded_once_for_all_rounds_and_runs(paths, tmp_path, monkeypatch):
    config = quick_config(paths, acquisition="MNLP")
    config["paths"]["encoder"] = str(make_encoder(tmp_path / "encoder"))
    config["paths"]["encoder_cache"] = str(tmp_path / "cache")
    encoded, encode = [], PretrainedEncoder.encode

    def count(encoder, sentences):
        encoded.extend(map(tuple, sentences))
        return encode(encoder, sentences)

    monkeypatch.setattr(PretrainedEncoder, "encode", count)
    run_loop(config, tmp_path / "one", keep="all")
    assert len(read_jsonl(tmp_path / "one" / "metrics.jsonl")) == 3
    vocab = spacy.blank("en").vocab
    texts = {
        tuple(token.text for token in doc if not token.is_space)
        for path in paths.values()
        for doc in read_shards(path, vocab)
    }
    assert len(encoded) == len(set(encoded))
    assert set(encoded) == texts - {()}
    run_loop(config, tmp_path / "two")
    assert len(encoded) == len(set(encoded))
    for name in ("initial", "round_00/model", "round_02/model"):
        nlp = spacy.load(tmp_path / "one" / name)
        shim = encoder_shim(nlp.get_pipe("ner").model.layers[0])
        assert (shim.files, len(shim.fingerprint)) == ({}, 32)
