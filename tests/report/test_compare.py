import pytest
import srsly

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.compare import (
    Full,
    Spread,
    common_range,
    find_full,
    first_reaching,
    mean_f,
    summarise,
    words_saved,
)
from spacy_deepal.report.runs import read_runs

from .build import make_run


@pytest.fixture
def load(tmp_path):
    def load(**curves):
        """Runs from name_seed=curve."""
        for name, curve in curves.items():
            function, seed = name.split("_")
            make_run(tmp_path / name, function, int(seed), curve)
        return read_runs(tmp_path / name for name in curves)

    return load


def test_full_data_f1_is_read_from_what_spacy_evaluate_writes(tmp_path, load):
    file = tmp_path / "full.json"
    srsly.write_json(file, {"ents_p": 0.9, "ents_f": 0.8652})
    assert find_full(load(MNLP_0=((100, 0.5),)), [file]) == Full(pytest.approx(0.8652), "full.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"ents_p": 1}, r"full\.json: ents_f is missing\. Name a file"),
        ({"ents_f": 86.5}, r"ents_f = 86\.5: must be less than or equal to 1"),
    ],
)
def test_a_file_without_full_data_f1_is_an_error(tmp_path, content, message):
    file = tmp_path / "full.json"
    srsly.write_json(file, content)
    with pytest.raises(DeepALError, match=message):
        find_full([], [file])


def test_a_missing_full_data_file_is_named(tmp_path):
    with pytest.raises(DeepALError, match=r"There is no file .*full\.json"):
        find_full([], [tmp_path / "full.json"])


def test_full_data_f1_is_else_the_mean_of_runs_that_labelled_the_whole_pool(load):
    runs = load(MNLP_0=((1, 0.1), (100, 0.8)), MNLP_1=((100, 0.9),), MNLP_2=((99, 0.3),))
    full = find_full(runs, [])
    assert full.f == pytest.approx(0.85)
    assert full.source == "mean of the 2 runs that labelled the whole pool"
    assert find_full(runs[2:], []) is None


def test_first_round_at_99_percent_counts_and_nothing_is_interpolated(load):
    (run,) = load(MNLP_0=((1, 0.5), (10, 0.791), (20, 0.792), (30, 0.8)))
    assert first_reaching(run, Full(0.8, "").target).words == 200
    assert first_reaching(run, 0.81) is None


def test_mean_f_is_the_area_over_its_width(load):
    (run,) = load(MNLP_0=((0, 0.0), (10, 0.5), (20, 0.7)))
    assert mean_f(run, 0, 20) == pytest.approx((2.5 + 6) / 20)
    assert mean_f(run, 5, 15) == pytest.approx((5 * 0.375 + 5 * 0.55) / 10)


def test_common_range_is_what_all_started_runs_cover(load):
    runs = load(MNLP_0=((1, 0.5), (20, 0.6)), MNLP_1=((2, 0.5), (10, 0.6)), RAND_0=())
    assert common_range(runs) == (2, 10)
    assert common_range(load(LC_0=((1, 0.5), (2, 0.6)), LC_1=((1, 0.5),))) is None


def test_words_saved_are_counted_at_99_percent_if_both_reached_it(load):
    mnlp, rand = load(MNLP_0=((10, 0.7), (25, 0.8)), RAND_0=((10, 0.6), (50, 0.795), (90, 0.85)))
    assert words_saved(mnlp, rand, Full(0.8, "")) == (50, pytest.approx(0.792))


def test_words_saved_are_else_counted_at_the_lower_of_the_best(load):
    mnlp, rand = load(MNLP_0=((10, 0.7), (20, 0.8)), RAND_0=((10, 0.6), (50, 0.75), (80, 0.7)))
    assert words_saved(mnlp, rand, None) == (60, 0.75)
    assert words_saved(rand, mnlp, Full(0.9, "")) == (-150, 0.75)


def test_nothing_is_saved_against_a_baseline_that_needed_no_word(load):
    mnlp, rand = load(MNLP_0=((0, 0.7),), RAND_0=((0, 0.6), (50, 0.5)))
    assert words_saved(mnlp, rand, None) is None


def test_summary_has_a_row_a_run_and_the_mean_of_several_seeds(load):
    curve = ((10, 0.6), (20, 0.8))
    runs = load(MNLP_0=curve, MNLP_1=((10, 0.7), (40, 0.9)), RAND_0=((10, 0.5), (40, 0.7)))
    rows = summarise(runs, Full(0.8, ""))
    assert [(row.name, row.seed) for row in rows] == [
        ("MNLP", 0),
        ("MNLP", 1),
        ("MNLP", None),
        ("RAND", 0),
    ]
    first, second, mean, rand = rows
    assert first.target_words == Spread(200, 200, 200)
    assert mean.target_words == Spread(300, 200, 400)
    assert (mean.reached, mean.runs, rand.reached) == (2, 2, 0)
    assert mean.final_f == Spread(pytest.approx(0.85), 0.8, 0.9)
    assert mean.train_seconds == Spread(60, 60, 60)
    assert first.saved == Spread(50, 50, 50)
    assert second.saved is None, "RAND has no run with this seed"
    assert mean.saved == first.saved
    assert rand.saved is None


def test_full_data_f1_of_several_models_is_their_mean(tmp_path):
    for name, f in (("a", 0.8), ("b", 0.9)):
        srsly.write_json(tmp_path / name, {"ents_f": f})
    full = find_full([], [tmp_path / "a", tmp_path / "b"])
    assert full == Full(pytest.approx(0.85), "mean of 2 models")


def test_words_to_pass_a_shallow_model_are_those_of_the_first_round_at_its_f1(load):
    runs = load(MNLP_0=((10, 0.6), (20, 0.8)), MNLP_1=((10, 0.7), (40, 0.9)), RAND_0=((10, 0.5),))
    *seeds, mean, rand = summarise(runs, None, 0.7)
    assert [row.shallow_percent.mean for row in seeds] == [20, 10]
    assert mean.shallow_percent == Spread(15, 10, 20)
    assert mean.shallow_words == Spread(150, 100, 200)
    assert (mean.passed, rand.passed, rand.shallow_percent) == (2, 0, None)


def test_a_run_without_rounds_has_an_empty_row_and_hides_no_other(load):
    started, rand = summarise(load(MNLP_0=(), RAND_0=((10, 0.5), (40, 0.7))), None)
    assert started.final_f is None
    assert rand.area.mean == pytest.approx(0.6)
