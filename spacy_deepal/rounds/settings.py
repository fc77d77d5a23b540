"""The [active_learning] section of a config: what a run does."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pydantic
from pydantic import Field, NonNegativeInt, PlainValidator, PositiveInt
from spacy.util import registry
from thinc.api import Config

from ..acquisition.engines import EngineName
from ..acquisition.functions import AcquisitionFunction
from ..budgets import WHAT_IS_LABELLED
from ..errors import DeepALError, describe_error
from .oracle import Oracle
from .other_pipeline import OtherPipeline
from .other_sections import problems_of_sections
from .stability import ROUNDS

SECTION, ANNOTATION = "active_learning", "annotation"
SEE = "`python -m spacy deepal init-config al.cfg` writes a config that has all sections."
# What a registered function raises for arguments of a wrong type or value, beside the ValueErrors
# of its own checks and of the registry, which pydantic takes. All else is a fault of the function,
# and is shown with its traceback.
MADE_WRONG = (
    TypeError,  # an argument of another type: len(3)
    AttributeError,  # an argument of another type: (3).lower()
    LookupError,  # a name that is in no table of the function's
    ImportError,  # a package that it needs is not installed, such as that of a logger
)


def _budget(value: Any) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    raise ValueError("must be a number of words, or a share of the pool above 0 and below 1")


def _seed_set(value: Any) -> int | float | str:
    try:
        return value if value == WHAT_IS_LABELLED else _budget(value)
    except ValueError as error:
        raise ValueError(f'{error}, or "{WHAT_IS_LABELLED}"') from error


def _made_by(
    registered: str, fits: Callable[[Any], bool], what: str, *, optional: bool = False
) -> pydantic.PlainValidator:
    """Make a validator that makes what a section of the config describes. The registry's own
    complaints, such as an unknown name or a bad argument, are ValueErrors too.

    optional (bool): None stays None.
    """

    def make(block: Any) -> Any:
        if block is None and optional:
            return None
        if not isinstance(block, dict) or not isinstance(block.get(registered), str):
            raise ValueError(f'must be a section with {registered} = "NAME"')
        try:
            made = registry.resolve({"section": block})["section"]
        except MADE_WRONG as error:
            raise ValueError(f"cannot be made: {type(error).__name__}: {error}") from error
        if not fits(made):
            raise ValueError(f"must name {what}; it made {made!r}")
        return made

    return PlainValidator(make)


OTHER = "a pipeline, as spacy_deepal.OtherPipeline.v1 does"
ORACLE = "an oracle, an object of a class that inherits from spacy_deepal.rounds.oracle.Oracle"
Budget = Annotated[int | float, PlainValidator(_budget)]
SeedSet = Annotated[int | float | str, PlainValidator(_seed_set)]
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(pydantic.BaseModel):
    """The settings of a run, with the defaults of keys that a config leaves out.

    seed (int): The seed of everything random.
    seed_words (int | float | str), budget_words (int | float): The words of the seed set, and of
        each later batch. An integer is a number of words; a float below 1 is a share of the pool's
        words. With "labelled", the seed set is what is labelled in the pool already.
    rounds (int): The number of rounds after the seed set. With 0, the run uses the pool up.
    target_f (float | None): Stop when F1 on dev, from 0 to 1, has reached this.
    stop_stability (float | None): Stop when the stability of predictions, from 0 to 1, has reached
        this in the mean of the last `stop_rounds` rounds.
    passes (int): Passes over the labelled set in each round.
    min_updates (int): The least number of updates; a small labelled set gets more passes.
    evaluations (int): How often a round is evaluated on dev to choose its model, not counting the
        evaluation after the first update.
    warm_start (bool): Continue training the last round's weights. With False, each round starts
        from the initial weights.
    cold_start (float): While F1 on dev is below this, batches are chosen at random. With 0, only
        the seed set is chosen so.
    max_similarity (float | None): Skip a sentence that shares this much of its words with one that
        is selected already (Jaccard, above 0, up to 1). With None, skip none.
    n_process (int), engine (str): How many processes score the pool, and where they are, as for
        `make_engine`. They change no score.
    logger (Callable | None): What the section of this name makes: one of spaCy's loggers, which
        gets each round. With None, there is none.
    acquisition (AcquisitionFunction), oracle (Oracle): What the sections of these names make.
    """

    model_config = pydantic.ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False
    )

    seed: NonNegativeInt
    seed_words: SeedSet
    budget_words: Budget
    passes: PositiveInt
    acquisition: Annotated[
        AcquisitionFunction, _made_by("@acquisition", callable, "an acquisition function")
    ]
    oracle: Annotated[Oracle, _made_by("@misc", lambda made: isinstance(made, Oracle), ORACLE)]
    rounds: NonNegativeInt = 0
    target_f: Share | None = None
    stop_stability: Share | None = None
    stop_rounds: PositiveInt = ROUNDS
    min_updates: NonNegativeInt = 0
    evaluations: PositiveInt = 5
    warm_start: bool = True
    cold_start: Share = 0.0
    max_similarity: Annotated[float, Field(gt=0, le=1)] | None = None
    n_process: PositiveInt = 1
    engine: EngineName = "processes"
    logger: Annotated[
        Callable[..., Any] | None, _made_by("@loggers", callable, "a logger", optional=True)
    ] = None


class AnnotationSettings(pydantic.BaseModel):
    """The [annotation] section of a config: what people see who label. It changes no model.

    suggest (OtherPipeline | None): Suggests entities until the run's own model is better. With
        None, only that model suggests.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    suggest: Annotated[
        OtherPipeline | None,
        _made_by("@misc", lambda made: isinstance(made, OtherPipeline), OTHER, optional=True),
    ] = None


ENDS = ("rounds", "target_f", "stop_stability", "stop_rounds")  # decide only when a run ends
DEFAULTS = {
    name: field.default for name, field in Settings.model_fields.items() if not field.is_required()
}


def read_settings(config: Config) -> Settings:
    """Read and check the settings of a run.

    config (Config): The whole config, interpolated.
    RAISES (DeepALError): Names every key that is missing, unknown or out of range, at once.
    """
    check_sections(config, SECTION)
    settings, errors = None, []
    try:
        settings = Settings.model_validate(config[SECTION])
    except pydantic.ValidationError as error:
        errors = [f"[{SECTION}] {describe_error(item)}" for item in error.errors()]
        if any(item["type"] == "extra_forbidden" for item in error.errors()):
            errors.append(f"[{SECTION}] has these keys: {', '.join(Settings.model_fields)}")
    errors += _problems_elsewhere(config)
    if errors or settings is None:
        raise _not_usable(errors)
    return settings


def check_training_config(config: Config) -> None:
    """Check a config for a training without rounds: all but [active_learning].

    config (Config): The whole config, interpolated.
    RAISES (DeepALError): As `read_settings`.
    """
    if errors := [*_problems_elsewhere(config)]:
        raise _not_usable(errors)


def _problems_elsewhere(config: Config) -> Iterator[str]:
    """YIELDS (str): What is wrong in the sections that are not [active_learning]."""
    return problems_of_sections({key: config[key] for key in config if key != SECTION})


def _not_usable(errors: list[str]) -> DeepALError:
    lines = "\n- ".join(errors)
    return DeepALError(f"The config cannot be used. Correct these settings:\n- {lines}")


def read_annotation_settings(config: Config) -> AnnotationSettings:
    """Read the [annotation] section of a config, which may have none.

    RAISES (DeepALError): A key is unknown, or its section cannot be made.
    """
    try:
        return AnnotationSettings.model_validate(config.get(ANNOTATION, {}))
    except pydantic.ValidationError as error:
        errors = [f"[{ANNOTATION}] {describe_error(item)}" for item in error.errors()]
        raise _not_usable(errors) from error


def check_sections(config: Config, *names: str) -> None:
    """RAISES (DeepALError): The config lacks a section of one of these names."""
    if missing := [f"[{name}]" for name in names if not isinstance(config.get(name), dict)]:
        raise DeepALError(f"The config has no {' and no '.join(missing)} section. {SEE}")
