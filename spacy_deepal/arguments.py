"""Arguments of the functions that notebooks and programs call, checked against their type hints."""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from inspect import Parameter, signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from .errors import DeepALError

P = ParamSpec("P")
R = TypeVar("R")
NUMBERS: dict[Any, type] = {int: Integral, float: Real}  # those of numpy count, too
VALUE_SHOWN = 60  # characters of a value


def takes_types(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function, or the method `__init__` of a class, check what it is called with.

    RETURNS (Callable): The same function. It raises a DeepALError for the first argument that is
        not of the type that its hint says. What a stream yields is not looked at.
    """
    name, parameters = function.__qualname__.removesuffix(".__init__"), signature(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            values = dict(parameters.bind(*args, **kwargs).arguments)
        except TypeError as error:
            names = ", ".join(parameters.parameters)
            raise DeepALError(f"{name}: {error}. Correct the call: it takes {names}.") from error
        values |= values.pop(_others(function), {})
        check_types(name, function, values)
        return function(*args, **kwargs)

    return checked


def check_types(name: str, function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Check values against the type hints of a function or class.

    name (str): What the user calls, for the message.
    values (Mapping): By the names of the arguments, those of **kwargs by their own.
    RAISES (DeepALError): For the first value that does not fit.
    """
    hints = _hints(function)
    for key, value in values.items():
        hint = hints.get(key, hints.get(_others(function), Any))
        if not _fits(value, hint):
            shown = repr(value)
            shown = shown if len(shown) <= VALUE_SHOWN else f"{shown[:VALUE_SHOWN]}…"
            raise DeepALError(f"{name}: {key}={shown} must be {_describe(hint)}.")


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function)


@cache
def _others(function: Callable[..., Any]) -> str:
    """RETURNS (str): The name of **kwargs, if the function has such."""
    kinds = {p.kind: p.name for p in signature(function).parameters.values()}
    return kinds.get(Parameter.VAR_KEYWORD, "")


def _fits(value: Any, hint: Any) -> bool:
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Any:
        return True
    if kind in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if kind is Literal:
        return value in [each for each in inner if type(each) is type(value)]
    if kind in (None, NoneType):
        return value is None
    if kind in NUMBERS:
        return isinstance(value, NUMBERS[kind]) and not isinstance(value, bool)
    if kind is Path:
        return hasattr(value, "joinpath")  # a UPath is no Path
    if _is_function(kind):
        return callable(value)
    if isinstance(value, str | bytes) and kind is not str:
        return False  # a text is a collection of texts, but is not meant as one
    if not isinstance(value, kind):
        return False
    if inner and isinstance(value, list | tuple | set | frozenset):
        return all(_fits(each, inner[0]) for each in value)
    return True


def _is_function(kind: Any) -> bool:
    """RETURNS (bool): Whether a type is that of functions: a Callable, or a Protocol."""
    return kind is Callable or getattr(kind, "_is_protocol", False)


def _describe(hint: Any) -> str:
    """RETURNS (str): A type in words."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind in (Union, UnionType):
        return " or ".join(map(_describe, inner))
    if kind is Literal:
        return " or ".join(map(repr, inner))
    if kind in (None, NoneType):
        return "None"
    if _is_function(kind):
        return "a function"
    if inner and issubclass(kind, Mapping):
        return "a dict"
    if inner:
        return f"a list, each item {_describe(inner[0])}"
    words = {int: "a whole number", float: "a number", str: "a string", bool: "True or False"}
    return words.get(kind, f"a {kind.__name__}")
