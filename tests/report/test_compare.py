import pytest
import srsly

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.compare import Comparison, Spread, read_comparison

from .build import make_run


@pytest.fixture
def load(tmp_path):
    def load(*full, shallow=None, **curves):
        """Runs from name_seed=curve, beside a model with this full-data F1."""
        for name, curve in curves.items():
            function, seed = name.split("_")
            make_run(tmp_path / name, function, int(seed), curve)
        runs = read_comparison(tmp_path / name for name in curves).runs
        return Comparison(runs, *full, shallow=shallow)

    return load


def test_full_data_f1_is_read_from_what_spacy_evaluate_writes(tmp_path):
    file = tmp_path / "full.json"
    srsly.write_json(file, {"ents_p": 0.9, "ents_f": 0.8652})
    run = make_run(tmp_path / "run", curve=((100, 0.5),))
    comparison = read_comparison([run], [file])
    assert (comparison.full, comparison.source) == (pytest.approx(0.8652), "full.json")
    assert comparison.target == pytest.approx(0.856548)


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
        read_comparison([make_run(tmp_path / "run")], [file])
    with pytest.raises(DeepALError, match=message):
        read_comparison([tmp_path / "run"], shallow=file)


def test_a_missing_full_data_file_is_named(tmp_path):
    with pytest.raises(DeepALError, match=r"There is no file .*full\.json"):
        read_comparison([make_run(tmp_path / "run")], [tmp_path / "full.json"])


def test_full_data_f1_is_else_the_mean_of_runs_that_labelled_the_whole_pool(tmp_path):
    curves = ((1, 0.1), (100, 0.8)), ((100, 0.9),), ((99, 0.3),)
    paths = [make_run(tmp_path / str(n), seed=n, curve=curve) for n, curve in enumerate(curves)]
    comparison = read_comparison(paths)
    assert comparison.full == pytest.approx(0.85)
    assert comparison.source == "mean of the 2 runs that labelled the whole pool"
    unknown = read_comparison(paths[2:])
    assert (unknown.full, unknown.source) == (None, "")


def test_first_round_at_99_percent_counts_and_nothing_is_interpolated(load):
    (run,) = load(MNLP_0=((1, 0.5), (10, 0.791), (20, 0.792), (30, 0.8))).runs
    assert run.first_reaching(Comparison([run], 0.8).target).words == 200
    assert run.first_reaching(0.81) is None
    assert run.first_reaching(None) is None


def test_mean_f_is_the_area_over_its_width(load):
    (run,) = load(MNLP_0=((0, 0.0), (10, 0.5), (20, 0.7))).runs
    assert run.mean_f(0, 20) == pytest.approx((2.5 + 6) / 20)
    assert run.mean_f(5, 15) == pytest.approx((5 * 0.375 + 5 * 0.55) / 10)


def test_the_shared_range_is_what_all_started_runs_cover(load):
    curves = {"MNLP_0": ((1, 0.5), (20, 0.6)), "MNLP_1": ((2, 0.5), (10, 0.6)), "RAND_0": ()}
    assert load(**curves).shared == (2, 10)
    assert load(LC_0=((1, 0.5), (2, 0.6)), LC_1=((1, 0.5),)).shared is None


def test_words_saved_are_counted_at_99_percent_if_both_reached_it(load):
    curves = {"MNLP_0": ((10, 0.7), (25, 0.8)), "RAND_0": ((10, 0.6), (50, 0.795), (90, 0.85))}
    comparison = load(0.8, **curves)
    assert comparison.words_saved(*comparison.runs) == (50, pytest.approx(0.792))


def test_words_saved_are_else_counted_at_the_lower_of_the_best(load):
    runs = load(MNLP_0=((10, 0.7), (20, 0.8)), RAND_0=((10, 0.6), (50, 0.75), (80, 0.7))).runs
    assert Comparison(runs).words_saved(*runs) == (60, 0.75)
    assert Comparison(runs, 0.9).words_saved(*reversed(runs)) == (-150, 0.75)


def test_nothing_is_saved_against_a_baseline_that_needed_no_word(load):
    comparison = load(MNLP_0=((0, 0.7),), RAND_0=((0, 0.6), (50, 0.5)))
    assert comparison.words_saved(*comparison.runs) is None


def test_summary_has_a_row_a_run_and_the_mean_of_several_seeds(load):
    curve = ((10, 0.6), (20, 0.8))
    others = {"MNLP_1": ((10, 0.7), (40, 0.9)), "RAND_0": ((10, 0.5), (40, 0.7))}
    rows = load(0.8, MNLP_0=curve, **others).summaries()
    assert [(row.name, row.seed) for row in rows] == [
        ("MNLP", 0),
        ("MNLP", 1),
        ("MNLP", None),
        ("RAND", 0),
    ]
    first, second, mean, rand = rows
    assert first.target_words == Spread(200, 200, 200, runs=1)
    assert mean.target_words == Spread(300, 200, 400, runs=2)
    assert (mean.reached, mean.runs, rand.reached) == (2, 2, 0)
    assert mean.final_f == Spread(pytest.approx(0.85), 0.8, 0.9, runs=2)
    assert mean.train_seconds == Spread(60, 60, 60, runs=2)
    assert first.saved == Spread(50, 50, 50, runs=1)
    assert second.saved is None, "RAND has no run with this seed"
    assert mean.saved == first.saved
    assert rand.saved is None


def test_full_data_f1_of_several_models_is_their_mean(tmp_path):
    for name, f in (("a", 0.8), ("b", 0.9)):
        srsly.write_json(tmp_path / name, {"ents_f": f})
    run = make_run(tmp_path / "run")
    comparison = read_comparison([run], [tmp_path / "a", tmp_path / "b"])
    assert (comparison.full, comparison.source) == (pytest.approx(0.85), "mean of 2 models")


def test_words_to_pass_a_shallow_model_are_those_of_the_first_round_at_its_f1(load):
    curves = {"MNLP_0": ((10, 0.6), (20, 0.8)), "MNLP_1": ((10, 0.7), (40, 0.9))}
    *seeds, mean, rand = load(shallow=0.7, **curves, RAND_0=((10, 0.5),)).summaries()
    assert [row.shallow_percent.mean for row in seeds] == [20, 10]
    assert mean.shallow_percent == Spread(15, 10, 20, runs=2)
    assert mean.shallow_words == Spread(150, 100, 200, runs=2)
    assert (mean.passed, rand.passed, rand.shallow_percent) == (2, 0, None)


def test_a_run_without_rounds_has_an_empty_row_and_hides_no_other(load):
    started, rand = load(MNLP_0=(), RAND_0=((10, 0.5), (40, 0.7))).summaries()
    assert started.final_f is None
    assert rand.area.mean == pytest.approx(0.6)
