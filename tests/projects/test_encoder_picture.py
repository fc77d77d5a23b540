"""encoder_picture.py draws curves with an encoder beside those without."""

import pytest
import typer

from spacy_deepal.files import write_jsonl

from ..report.build import make_row


def write_curves(path, seeds, shift=0.0):
    """Curves of MNLP and RAND, a function that is not drawn, and a model of all words."""
    curves = {"MNLP": (0.1, 0.3, 0.5), "RAND": (0.1, 0.2, 0.4), "LC": (0.1, 0.2, 0.3)}
    lines = [
        {"data": "tiny", "acquisition": name, "seed": seed}
        | make_row(number, 10.0 * number, f + shift + seed / 100)
        for name, curve in curves.items()
        for seed in range(seeds)
        for number, f in enumerate(curve)
    ]
    full = {"data": "tiny", "acquisition": "full", "seed": 0} | make_row(0, 100.0, 0.6)
    write_jsonl(path, [*lines, full])
    return path


@pytest.fixture
def files(tmp_path):
    pipelines = tmp_path / "without.jsonl"
    write_jsonl(
        pipelines,
        [{"data": data, "pipeline": "en_ruler 1.2", "ents_f": 0.55} for data in ("tiny", "other")],
    )
    return {
        "plain": write_curves(tmp_path / "plain.jsonl", seeds=3),
        "encoder": write_curves(tmp_path / "encoder.jsonl", seeds=1, shift=0.2),
        "pipelines": pipelines,
    }


def test_curves_and_lines_are_labelled_with_what_they_are(script, files, tmp_path):
    picture = script("encoder_picture")
    plain, encoder = (picture.read_sets(files[key])["tiny"] for key in ("plain", "encoder"))
    axes = picture.draw(plain, encoder, {"en_ruler 1.2, no labels": 0.55}).axes[0]
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}
    assert drawn.keys() == {
        "MNLP, with encoder (1 seed)",
        "RAND, with encoder (1 seed)",
        "MNLP, without",
        "RAND, without",
        "en_ruler 1.2, no labels: 55.0",
    }
    assert drawn["MNLP, with encoder (1 seed)"] == pytest.approx([30, 50, 70])
    assert drawn["RAND, without"] == pytest.approx([11, 21, 41])
    picture.main("tiny", tmp_path / "a.png", **files)
    picture.main("tiny", tmp_path / "b.png", **files)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_data_without_curves_is_an_error(script, files, tmp_path, capsys):
    with pytest.raises(typer.Exit):
        script("encoder_picture").main("other", tmp_path / "a.png", **files)
    assert "do not both have curves of other" in " ".join(capsys.readouterr().out.split())
    assert not (tmp_path / "a.png").exists()
