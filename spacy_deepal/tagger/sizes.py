"""The sizes of a network, frozen, typed and checked, and its vocabulary."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictInt, ValidationError, model_validator

from ..errors import DeepALError, describe_error

LEXEME_ATTRIBUTES = ("NORM", "LOWER", "SHAPE", "PREFIX", "SUFFIX")


def _check_odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd, so that a window has a middle")
    return value


def _check_attribute(name: str) -> str:
    affix = name.startswith(("PREFIX", "SUFFIX")) and name[6:].isdecimal() and int(name[6:]) > 0
    if name not in LEXEME_ATTRIBUTES and not affix:
        known = ", ".join(LEXEME_ATTRIBUTES)
        raise ValueError(f"{name!r} is unknown. Use {known}, PREFIX<n> or SUFFIX<n>")
    return name


Size = Annotated[StrictInt, Field(ge=1)]
Kernel = Annotated[StrictInt, Field(ge=1), AfterValidator(_check_odd)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Attribute = Annotated[str, AfterValidator(_check_attribute)]


class _Frozen(BaseModel):
    model_config = {"frozen": True, "extra": "forbid"}


class Embed(_Frozen):
    """How a word is represented: w_full. With None, a dropout uses [training] dropout.

    char_width: Width of a character's embedding.
    char_filters, char_kernel, char_layers: The character CNN.
    char_dropout: Dropout before each of its layers.
    max_chars: A longer word keeps its first and last characters.
    word_width: Width of a word's embedding.
    word_init: What a word's embedding starts from: "zeros", or with "vectors" its static vector,
        as in the paper. Training changes it; a word without a vector starts from zeros.
    word_drop: Share of the words that training replaces by [UNK]. It affects the embedding only.
    word_min_freq: A word that occurs less often in the training text is [UNK].
    max_words: Most words that have an embedding, the most frequent ones. All others are [UNK].
    attrs: Lexical attributes beside the embedding: NORM, LOWER, SHAPE, PREFIX and SUFFIX as spaCy's
        lexemes have them, PREFIX<n> and SUFFIX<n> for n characters. The paper has none.
    attr_rows: The rows of each attribute's table, into which its values are hashed.
    attr_width: Width of an attribute's embedding.
    vectors_projection: Width to which static vectors are projected, if the vocab has any. With 0
        they are not used.
    tok2vec_projection: Width to which the vectors of a tok2vec are projected, if there is one.
    dropout: Dropout on w_full.
    """

    char_width: Size
    char_filters: Size
    char_kernel: Kernel
    char_layers: Size
    char_dropout: Rate | None
    max_chars: Annotated[StrictInt, Field(ge=4)]
    word_width: Size
    word_init: Literal["zeros", "vectors"]
    word_drop: Rate
    word_min_freq: Size
    max_words: Size
    attrs: tuple[Attribute, ...]
    attr_rows: tuple[Size, ...]
    attr_width: Size
    vectors_projection: Annotated[StrictInt, Field(ge=0)]
    tok2vec_projection: Size
    dropout: Rate | None

    @model_validator(mode="after")
    def _check_rows(self) -> "Embed":
        if len(self.attrs) != len(self.attr_rows):
            raise ValueError(
                f"attrs has {len(self.attrs)} names and attr_rows has {len(self.attr_rows)} "
                "numbers. Give one number for each name"
            )
        return self


class Encode(_Frozen):
    """The word CNN. With None, a dropout uses [training] dropout.

    width, kernel, layers: Its filters, the words that a filter sees, and its layers.
    dropout: Dropout between its layers.
    layer_norm: Whether the output of each layer is normalised. The paper does not do that.
    """

    width: Size
    kernel: Kernel
    layers: Size
    dropout: Rate | None
    layer_norm: bool


class Decode(_Frozen):
    """The LSTM that decodes tags. With None, a dropout uses [training] dropout.

    width, layers: Its units and its layers.
    tag_width: Width of the embedding of the tag before.
    dropout: Dropout on its input, between its layers and before the tags.
    """

    width: Size
    layers: Size
    tag_width: Size
    dropout: Rate | None


class Architecture(_Frozen):
    """What the arguments of `spacy_deepal.CnnCnnLstm.v1` fix."""

    embed: Embed
    encode: Encode
    decode: Decode


class Sizes(Architecture):
    """An architecture and what the data fix: all that a network is built from.

    tags: 4L + 1 for L entity types.
    characters, words: How many of them the vocabulary has.
    vectors_width, tok2vec_width: Width of static vectors and of a tok2vec. 0: there are none.
    """

    tags: int
    characters: int
    words: int
    vectors_width: int
    tok2vec_width: int


@dataclass(frozen=True)
class Vocabulary:
    """What a network tells apart.

    characters (str): The characters, each once.
    words (tuple[str]): The words that have an embedding of their own.
    vectors_scale (float): What static vectors are multiplied by.
    """

    characters: str
    words: tuple[str, ...]
    vectors_scale: float = 1.0


def check_architecture(groups: dict[str, dict[str, Any]]) -> Architecture:
    """RETURNS (Architecture): Of the groups embed, encode and decode.

    RAISES (DeepALError): Names every value that is missing, unknown or out of range.
    """
    try:
        return Architecture.model_validate(groups)
    except ValidationError as error:
        wrong = [describe_error(each) for each in error.errors()]
        raise DeepALError(
            "spacy_deepal.CnnCnnLstm.v1 cannot be built. Correct its settings:\n- "
            + "\n- ".join(wrong)
        ) from error
