"""Writes where a run stands for the terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from wasabi import table

from ..errors import list_problems, plural, printable
from ..labelling.differences import Difference
from .forecast import INSIDE, Forecast
from .page import duration
from .status import FEW_ENTITIES, RoundStatus, RunStatus, points

DIFFERENCES_LISTED = 20  # sentences that people have labelled differently


def describe_status(status: RunStatus) -> str:
    """RETURNS (str): The status in words and tables for people."""
    return "\n".join(_blocks(status))


def _blocks(status: RunStatus) -> Iterator[str]:
    yield _headline(status)
    if status.rounds:
        yield _rounds_table(status.rounds)
    if status.types:
        rows = [
            (label, points(scores.p), points(scores.r), points(scores.f))
            for label, scores in sorted(status.types.items())
        ]
        yield _table(("On dev", "P", "R", "F1"), rows)
    yield from _facts(status)
    if status.forecast is not None:
        yield _describe_forecast(status.forecast, status.rounds[-1])
    yield from status.advice


def _headline(status: RunStatus) -> str:
    name = f" by {status.acquisition}" if status.acquisition else ""
    if not status.rounds:
        words = plural(status.waiting, "word")
        waiting = f"; waiting for the first: {words}" if status.waiting else ""
        return f"{status.run}: no round is finished{waiting}."
    last, count = status.rounds[-1], len(status.rounds)
    share = f" of {status.pool_words:,}" if status.pool_words else ""
    waiting = f"; waiting for the next: {status.waiting:,}" if status.waiting else ""
    return (
        f"{status.run}: {plural(count, 'round')}{name}, {plural(last.words, 'word')}{share} "
        f"labelled, in {plural(last.sentences, 'sentence')}{waiting}."
    )


def _rounds_table(rounds: list[RoundStatus]) -> str:
    header = ["Round", "Words", "Sentences", "Dev F1", "Test F1", "Stability", "Training"]
    timed = any(row.label_seconds is not None for row in rounds)
    header += ["Labelling", "Words a minute"] * timed
    lines = []
    for row in rounds:
        stability = "" if row.stability is None else f"{row.stability:.3f}"
        cells = [str(row.round), f"{row.words:,}", f"{row.sentences:,}", points(row.dev_ents_f)]
        cells += [points(row.ents_f), stability, duration(row.train_seconds)]
        if timed:
            pace = row.words_per_minute
            cells += [duration(row.label_seconds or 0), "" if pace is None else f"{pace:.0f}"]
        lines.append(tuple(cells))
    return _table(header, lines)


def _table(header: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    aligns: list[Any] = ["l", *["r"] * (len(header) - 1)]
    return table(rows, header=header, divider=True, aligns=aligns)


def _facts(status: RunStatus) -> Iterator[str]:
    if (batch := status.batch) is not None:
        yield (
            f"Labelled of round {batch.round}: {batch.labelled:,} of "
            f"{plural(batch.sentences, 'sentence')}."
        )
        if batch.problems:
            title = f"Answers that need you before the run goes on: {len(batch.problems)}"
            yield title + printable(list_problems(batch.problems))
    if (measured := status.measured) is not None:
        low, high, count = points(measured.low), points(measured.high), measured.entities
        few = count < FEW_ENTITIES
        yield (
            f"F1 on dev: {points(measured.f)}{'' if few else f', from {low} to {high} (95%)'}, on "
            f"{plural(count, 'entity')}{', too few to rely on' if few else ''}."
        )
        for row in status.rounds[-1:]:
            if row.round == measured.round and points(row.dev_ents_f) != points(measured.f):
                yield (
                    f"The table has {points(row.dev_ents_f)}, measured when the model was trained. "
                    "Dev has changed since."
                )
    if (other := status.baseline) is not None:
        passed = next((r for r in status.rounds if r.dev_ents_f > other.dev_ents_f), None)
        end = f"passed after {plural(passed.words, 'word')}" if passed else "not passed yet"
        yield f"{other.name}, without your labels: F1 on dev {points(other.dev_ents_f)}, {end}."
    if (agreement := status.agreement) is not None:
        yield (
            f"Agreement of people: F1 {points(agreement.exact)} on "
            f"{plural(agreement.sentences, 'sentence')}, or {points(agreement.overlapping)} if "
            "boundaries do not matter."
        )
    yield from _differences(status.differences)
    if (counts := status.suggestions) is not None and (counts.shown or counts.missed):
        share = f" ({counts.accepted / counts.shown:.0%})" if counts.shown else ""
        yield (
            f"Suggestions: {counts.accepted:,} of {counts.shown:,} accepted{share}, "
            f"{counts.changed:,} changed, {counts.removed:,} removed. Entities that were missed: "
            f"{counts.missed:,}."
        )


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    if not differences:
        return
    count = len(differences)
    which = (
        f" The last {DIFFERENCES_LISTED}, and all with --json:"
        if count > DIFFERENCES_LISTED
        else ""
    )
    yield f"Labelled differently: {plural(count, 'sentence')}.{which}"
    for each in differences[-DIFFERENCES_LISTED:]:
        yield f"  {each.text}"
        for name, said in each.said.items():
            yield f"    {name}: {said}{' (counts)' * (name == each.counts)}"


def _describe_forecast(ahead: Forecast, last: RoundStatus) -> str:
    more, pace = ahead.words - last.words, last.words_per_minute
    time = f", about {duration(60 * more / pace)} of labelling" if pace else ""
    return (
        f"Forecast: another {plural(more, 'word')}{time}: {100 * ahead.low:.0f} to "
        f"{100 * ahead.high:.0f} F1 on dev (in {INSIDE} of 100 cases)."
    )
