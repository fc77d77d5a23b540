"""Where a run stands: rounds, time, agreement, suggestions, a forecast, and advice when to stop."""

from collections.abc import Iterator, Sequence
from math import ceil, log10
from pathlib import Path

from ..acquisition.registry import NAME, acquisition_label
from ..annotation.answers import BY_TEXT, Answer
from ..annotation.between_annotators import AgreementScores, compare_annotators
from ..annotation.suggestion_counts import SuggestionCounts, count_suggestions
from ..annotation.tool_status import BatchStatus, ToolStatus, read_tool_status
from ..errors import plural
from ..files import Row
from ..labelling.differences import Difference, find_differences
from ..labelling.journal import Annotations
from ..labelling.labelling_folder import LabellingFolder, Measured
from ..rounds.rows import Baseline, RoundMetrics, Selected, TypeScores
from ..rounds.run_folder import RunFolder
from ..rounds.stability import ROUNDS, stopping_point
from .forecast import MIN_ROUNDS, Forecast, forecast

STABLE = 0.98  # stability at which models hardly differ
GAIN = 0.01  # F1 that is worth going on for
UNSURE = 0.1  # width of the interval of F1 on dev that is too wide to decide by
FEW_ENTITIES = 10  # in dev: with fewer, F1 on dev says nothing
COMPARED = 20  # sentences that two people have to have labelled to say how far people agree


class RoundStatus(Row):
    """A finished round.

    words, sentences (int): The size of the labelled set.
    label_seconds (float | None): How long people looked at the sentences of its batch; None if that
        is not known.
    words_per_minute (float | None): How fast they labelled them.
    """

    round: int
    words: int
    sentences: int
    dev_ents_f: float
    ents_f: float
    stability: float | None
    label_seconds: float | None
    words_per_minute: float | None
    train_seconds: float


class RunStatus(Row):
    """Where a run stands. What is not known is None.

    acquisition (str | None): None before the first round of a run that people label.
    pool_words (int): The words of the whole pool.
    waiting (int): The words that people have labelled and no round has trained on yet.
    batch (BatchStatus | None): How much of the last batch people have labelled in other tools.
    types (dict): Scores on dev after the last round, by entity type.
    measured (Measured | None): F1 on dev with its interval.
    differences (list[Difference]): The sentences that people have labelled differently.
    advice (list[str]): Whether to go on or to stop, and what else to do.
    """

    run: str
    acquisition: str | None
    pool_words: int
    waiting: int
    rounds: list[RoundStatus]
    batch: BatchStatus | None
    types: dict[str, TypeScores]
    measured: Measured | None
    agreement: AgreementScores | None
    differences: list[Difference]
    suggestions: SuggestionCounts | None
    baseline: Baseline | None
    forecast: Forecast | None
    advice: list[str]


def read_run_status(path: Path, *, more: int | None = None) -> RunStatus:
    """Read where a run stands. Nothing in the run changes.

    path (Path): The folder of a run that people label, or that labelled data simulate.
    more (int | None): The words of the forecast, beyond those that are labelled. None: half as many
        as those, rounded up to one digit that is not 0.
    RAISES (DeepALError): The folder holds no run, or a file is damaged.
    """
    folder, labelling = RunFolder(path), LabellingFolder(path)
    metrics = folder.metrics
    annotations = labelling.annotations
    manifest = folder.manifest if metrics or not labelling.begun else None
    block = {NAME: manifest.acquisition, **manifest.arguments} if manifest else {}
    answers = annotations.accepted("train")
    selected = {here.number: here.selected.read() for here in folder.rounds()}
    taken = {item.id for items in selected.values() for item in items}
    pool_words = manifest.pool.words if manifest else 0
    tools = ToolStatus() if labelling.begun else read_tool_status(path)
    status = RunStatus(
        run=str(path),
        acquisition=acquisition_label(block) if block else None,
        pool_words=pool_words,
        waiting=tools.waiting + sum(a.words for a in answers if a.id not in taken),
        rounds=[_round(row, selected.get(row.round, []), annotations) for row in metrics],
        batch=tools.batch,
        types=metrics[-1].dev_ents_per_type if metrics else {},
        measured=labelling.read_status().measured if labelling.begun else None,
        agreement=tools.agreement
        or compare_annotators(annotations.of(a.id) for a in annotations.settled()),
        differences=find_differences(annotations),
        suggestions=count_suggestions(answers) if labelling.begun else tools.suggestions,
        baseline=folder.baseline,
        forecast=_forecast(metrics, pool_words, more),
        advice=[],
    )
    return status.model_copy(update={"advice": list(_advise(status))})


def _round(
    row: RoundMetrics, selected: Sequence[Selected], annotations: Annotations
) -> RoundStatus:
    given = (answer for item in selected for answer in annotations.of(item.id))
    answers: list[Answer] = [answer for answer in given if answer.by != BY_TEXT]
    seconds, words = sum(a.seconds for a in answers), sum(a.words for a in answers)
    return RoundStatus(
        round=row.round,
        words=row.words,
        sentences=row.sentences,
        dev_ents_f=row.dev_ents_f,
        ents_f=row.ents_f,
        stability=row.stability,
        label_seconds=seconds if answers else None,
        words_per_minute=60 * words / seconds if seconds else None,
        train_seconds=row.seconds.train,
    )


def _forecast(
    metrics: Sequence[RoundMetrics], pool_words: int, more: int | None
) -> Forecast | None:
    """RETURNS (Forecast | None): None as for `forecast`, or if the pool is used up."""
    words = [row.words for row in metrics]
    if not words or words[-1] >= pool_words or not words[0]:
        return None
    more = more or _round_up(words[-1] / 2)
    at = min(pool_words, words[-1] + more)
    return forecast(words, [row.dev_ents_f for row in metrics], at)


def _round_up(number: float) -> int:
    """RETURNS (int): With one digit that is not 0: 1,234 becomes 2,000."""
    unit = 10 ** int(log10(max(1.0, number)))
    return ceil(number / unit) * unit


def _advise(status: RunStatus) -> Iterator[str]:
    """YIELDS (str): Sentences, the most important one first."""
    rounds, ahead = status.rounds, status.forecast
    if len(rounds) < MIN_ROUNDS:
        yield (
            f"Too few rounds to say: with {MIN_ROUNDS} there is a forecast, and you have "
            f"{len(rounds)}."
        )
    elif ahead is not None:
        more = f"another {plural(ahead.words - rounds[-1].words, 'word')}"
        gain = ahead.f - ahead.now
        if ahead.high - rounds[-1].dev_ents_f < GAIN:
            yield f"You may stop: {more} would hardly add a point of F1."
        elif gain < GAIN:
            yield f"You may stop soon: {more} would add less than a point of F1."
        else:
            yield f"Go on: {more} would add about {100 * gain:.1f} points of F1."
    stability = [each.stability for each in rounds]
    if rounds and stopping_point(stability[-ROUNDS:], STABLE) is not None:
        yield f"What the model finds hardly changes any more: you may stop (stability {STABLE})."
    measured = status.measured
    if measured and measured.entities < FEW_ENTITIES:
        yield (
            "Dev has too few entities to measure F1. Label more of dev before you decide: "
            "--dev-words."
        )
    elif measured and measured.high - measured.low > UNSURE:
        yield (
            f"F1 on dev is known only from {points(measured.low)} to {points(measured.high)}. "
            "Label more of dev before you decide: --dev-words."
        )
    people = status.agreement
    if rounds and people and people.sentences >= COMPARED and rounds[-1].dev_ents_f >= people.exact:
        yield (
            "The model agrees with people as far as people agree with each other. Clearer "
            "guidelines help more than more words."
        )


def points(share: float) -> str:
    """RETURNS (str): F1 from 0 to 1 in points."""
    return f"{100 * share:.1f}"
