"""curves_picture.py draws a panel for each large set, and for each set with an encoder."""

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
def results(tmp_path):
    """A folder of results with a large set and one with an encoder, both called tiny."""
    pipelines = [
        {"data": data, "pipeline": "en_ruler 1.2", "ents_f": 0.55} for data in ("tiny", "other")
    ]
    write_jsonl(tmp_path / "without_labels.jsonl", pipelines)
    write_curves(tmp_path / "curves.jsonl", seeds=3)
    write_curves(tmp_path / "encoder.jsonl", seeds=1, shift=0.2)
    write_curves(tmp_path / "large.jsonl", seeds=2)
    pair = {"data": "tiny", "acquisition": "MNLP", "baseline": "RAND"}
    rounds = [
        pair | {"round": number, "words_percent": percent, "difference": f, "low": 0, "high": 2 * f}
        for number, percent, f in ((0, 0, 0), (1, 10, 0.1), (2, 20, 0.2), (None, None, 0.15))
    ]
    write_jsonl(tmp_path / "paired.jsonl", rounds)
    return tmp_path


def drawn(axes):
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}


def test_curves_and_lines_with_an_encoder_are_labelled_with_what_they_are(script, results):
    picture = script("curves_picture")
    axes = picture.draw([picture.read_encoder("tiny", results)]).axes[0]
    lines = drawn(axes)
    assert lines.keys() == {
        "MNLP, with encoder (1 seed)",
        "RAND, with encoder (1 seed)",
        "MNLP, without",
        "RAND, without",
        "en_ruler 1.2, no labels: 55.0",
        "all words, no encoder: 60.0",
    }
    assert lines["MNLP, with encoder (1 seed)"] == pytest.approx([30, 50, 70])
    assert lines["RAND, without"] == pytest.approx([11, 21, 41])
    assert axes.get_title("left") == "tiny: 1,000 words"


def test_a_large_set_has_all_words_and_99_percent_of_them(script, results):
    picture = script("curves_picture")
    panels = [picture.read_large("tiny", results), picture.read_encoder("tiny", results)]
    left, right = picture.draw(panels).axes
    lines = drawn(left)
    assert lines.keys() == {
        *("full data: 60.00", "99% of it: 59.40", "MNLP (2 runs)", "RAND (2 runs)")
    }
    assert lines["MNLP (2 runs)"] == pytest.approx([10.5, 30.5, 50.5])
    assert "MNLP, without" in drawn(right)


def test_below_a_large_set_stand_its_differences(script, results):
    picture = script("curves_picture")
    lines = picture.read_lines(results / "paired.jsonl")
    above, below = picture.draw([picture.read_large("tiny", results)], [lines]).axes
    points = next(line for line in below.get_lines() if line.get_marker() == "o")
    assert list(points.get_xdata()) == [10, 20]
    assert list(points.get_ydata()) == pytest.approx([10, 20])
    assert below.get_xlim() == above.get_xlim()
    assert below.get_xlim()[0] == 0


def test_the_same_results_make_the_same_picture(script, results, tmp_path):
    for name in ("a.png", "b.png"):
        script("curves_picture").main(
            tmp_path / name, large=["tiny"], encoder=["tiny"], differences=True, results=results
        )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Name data sets with --large or --encoder"),
        ({"large": ["other"]}, "large.jsonl has no curves of other. It has those of tiny."),
        ({"encoder": ["other"]}, "curves.jsonl has no curves of other"),
    ],
)
def test_data_without_curves_is_an_error(script, results, tmp_path, capsys, options, message):
    with pytest.raises(typer.Exit):
        script("curves_picture").main(tmp_path / "a.png", results=results, **options)
    assert message in " ".join(capsys.readouterr().out.split())
    assert not (tmp_path / "a.png").exists()
