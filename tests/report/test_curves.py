import re

import numpy
import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.compare import Comparison, read_comparison
from spacy_deepal.report.curves import (
    draw_curves,
    inline_svg,
    mean_curve,
    styles,
    write_figure,
)
from spacy_deepal.report.runs import read_runs

from .build import make_run


@pytest.fixture
def runs(tmp_path):
    return read_runs(
        [
            make_run(tmp_path / "a", "MNLP", 0, ((1, 0.5), (10, 0.7), (20, 0.8), (30, 0.9))),
            make_run(tmp_path / "b", "MNLP", 1, ((1, 0.4), (10, 0.8), (20, 0.9))),
            make_run(tmp_path / "c", "RAND", 0, ((1, 0.4), (30, 0.6))),
        ]
    )


def test_seeds_become_one_mean_line_over_the_range_all_cover(runs):
    x, f = mean_curve(runs[:2])
    assert x.tolist() == [1, 10, 20]
    numpy.testing.assert_allclose(f.mean(axis=0), [45, 75, 85])
    numpy.testing.assert_allclose([f.min(axis=0), f.max(axis=0)], [[40, 70, 80], [50, 80, 90]])


def test_seeds_with_other_percentages_are_interpolated_and_never_beyond_their_ends(tmp_path):
    paths = [
        make_run(tmp_path / "a", curve=((1, 0.1), (10, 0.5))),
        make_run(tmp_path / "b", seed=1, curve=((2, 0.2), (12, 0.7))),
    ]
    x, f = mean_curve(read_runs(paths))
    assert x.tolist() == [2, 10]
    numpy.testing.assert_allclose(f[1], [20, 60])


def test_figure_has_curves_band_continuation_and_lines_of_models_of_all_words(runs):
    axes = draw_curves(Comparison(runs, 0.9, "x", 0.7), width=6, height=4).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "full data: 90.00",
        "99% of it: 89.10",
        "shallow model: 70.00",
        "MNLP (2 runs)",
        "RAND",
    ]
    assert len(axes.collections) == 1
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [line.get_xdata().tolist() for line in dotted] == [[20, 30]]
    numpy.testing.assert_allclose(dotted[0].get_ydata(), [80, 90])


def test_seeds_whose_last_batches_end_a_little_apart_have_no_continuation(tmp_path):
    paths = [
        make_run(tmp_path / "a", curve=((1, 0.1), (10, 0.5))),
        make_run(tmp_path / "b", seed=1, curve=((1, 0.2), (10.02, 0.7))),
    ]
    axes = draw_curves(read_comparison(paths), width=6, height=4).axes[0]
    assert len(axes.lines) == 1


def test_a_name_with_dollar_signs_is_drawn_as_it_is(tmp_path):
    path = make_run(tmp_path / "a", acquisition=r"own.$\frac{$.v1")
    assert write_figure(read_comparison([path]), tmp_path / "c.png").exists()


def test_functions_keep_their_looks_and_no_two_share_one():
    names = ["RAND", "LC", "MNLP", "BALD", "A", "B", "C", "D"]
    looks = styles(names)
    assert looks["MNLP"] == styles(["MNLP"])["MNLP"]
    assert len({look.color for look in looks.values()}) == len(names)
    assert len({look.marker for look in looks.values()}) == len(names)


def test_two_drawings_on_a_page_share_no_id(runs):
    drawings = [inline_svg(Comparison(runs), 6, 4, id_) for id_ in ("wide", "narrow")]
    ids = [re.findall(r'\bid="([^"]+)"', drawing) for drawing in drawings]
    assert not set(ids[0]) & set(ids[1])
    for drawing, own in zip(drawings, ids, strict=True):
        used = set(re.findall(r'(?:href="|url\()#([^")]+)', drawing))
        assert used
        assert used <= set(own)


@pytest.mark.parametrize(("name", "start"), [("c.png", b"\x89PNG"), ("new/c.svg", b"<?xml")])
def test_figure_is_written_and_is_the_same_every_time(tmp_path, runs, name, start):
    output = write_figure(Comparison(runs), tmp_path / name)
    content = output.read_bytes()
    assert content.startswith(start)
    assert write_figure(Comparison(runs), tmp_path / name).read_bytes() == content


def test_figure_of_another_kind_is_refused(tmp_path, runs):
    with pytest.raises(DeepALError, match=r"curves\.pdf\. Name the figure \*\.png or \*\.svg"):
        write_figure(Comparison(runs), tmp_path / "curves.pdf")


def test_there_is_no_figure_of_no_round(tmp_path):
    path = make_run(tmp_path / "new", curve=())
    with pytest.raises(DeepALError, match=r"no round is finished in .*new"):
        write_figure(read_comparison([path]), tmp_path / "c.png")
