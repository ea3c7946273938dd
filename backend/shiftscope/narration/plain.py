"""Values of declared types as JSON, and back.

What is made of JSON follows from the type that is asked for alone: nothing in it can name a class or a function.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import override

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


def to_json(value: object) -> bytes:
    """Return a dataclass as JSON: by its fields' types, and by what they are made of. NaN and infinity are kept.

    Sequences and models that stand in it more than once are written once, and are one again when they are read.
    """
    writing = _Writing()
    kind: Any = type(value)
    plain = _form_of(kind).plain(value, writing)
    return json.dumps({"shared": writing.shared, "value": plain}).encode()


def of_json(data: bytes, kind: type[T]) -> T:
    """Return what `to_json` wrote of a dataclass. Raises ValueError where these bytes are none."""
    wanted: Any = kind
    form: _Form[T] = _form_of(wanted)
    try:
        match json.loads(data):
            case {"shared": list(shared), "value": plain}:
                return form.made(plain, _Reading(shared))
    except (TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"this cannot be read: {error}") from error
    raise ValueError("this is something else")


class _Writing:
    """What is written once, by its number."""

    def __init__(self) -> None:
        self.shared: list[object] = []
        self.numbers: dict[int, int] = {}


class _Reading:
    """What was written once, by its number, and what was made of it so far."""

    def __init__(self, shared: list[object]) -> None:
        self.shared = shared
        self.made: dict[tuple[int, object], Any] = {}


class _Form(ABC, Generic[T]):
    """How values of one type are written and read."""

    @abstractmethod
    def plain(self, value: T, writing: _Writing) -> object:
        """Return a value as JSON has it."""

    @abstractmethod
    def made(self, plain: object, reading: _Reading) -> T:
        """Return the value of what JSON has. Raises ValueError or TypeError where it is none."""


class _Scalar(_Form[T]):
    def __init__(self, kind: Callable[[Any], T]) -> None:
        self._kind = kind
        self._read = (float, int) if kind is float else (kind,)

    @override
    def plain(self, value: T, writing: _Writing) -> object:
        return self._kind(value)

    @override
    def made(self, plain: object, reading: _Reading) -> T:
        if type(plain) not in self._read:
            raise ValueError(f"{type(plain).__name__} is not of {self._kind}")
        return self._kind(plain)


class _Choice(_Form[T]):
    def __init__(self, choices: Sequence[T]) -> None:
        self._choices = choices

    @override
    def plain(self, value: T, writing: _Writing) -> object:
        return value

    @override
    def made(self, plain: object, reading: _Reading) -> T:
        return self._choices[self._choices.index(plain)]


class _Optional(_Form[T | None]):
    def __init__(self, form: _Form[T]) -> None:
        self._form = form

    @override
    def plain(self, value: T | None, writing: _Writing) -> object:
        return None if value is None else self._form.plain(value, writing)

    @override
    def made(self, plain: object, reading: _Reading) -> T | None:
        return None if plain is None else self._form.made(plain, reading)


class _Once(_Form[T]):
    """Written by another form, once."""

    def __init__(self, form: _Form[T]) -> None:
        self._form = form

    @override
    def plain(self, value: T, writing: _Writing) -> object:
        if id(value) not in writing.numbers:
            written = self._form.plain(value, writing)
            writing.numbers[id(value)] = len(writing.shared)
            writing.shared.append(written)
        return writing.numbers[id(value)]

    @override
    def made(self, plain: object, reading: _Reading) -> T:
        number = _INTEGER.made(plain, reading)
        if not 0 <= number < len(reading.shared):
            raise ValueError(f"nothing has the number {number}")
        if (number, self) not in reading.made:
            reading.made[number, self] = self._form.made(reading.shared[number], reading)
        found: T = reading.made[number, self]
        return found


class _Model(_Form[BaseModel]):
    def __init__(self, kind: type[BaseModel]) -> None:
        self._kind = kind

    @override
    def plain(self, value: BaseModel, writing: _Writing) -> object:
        return value.model_dump(mode="json")

    @override
    def made(self, plain: object, reading: _Reading) -> BaseModel:
        return self._kind.model_validate(plain)


class _Dataclass(_Form[T]):
    def __init__(self, kind: type[T]) -> None:
        hints = get_type_hints(kind)
        self._kind = kind
        self._forms = {one.name: _form_of(hints[one.name]) for one in fields(kind)}  # type: ignore[arg-type]

    @override
    def plain(self, value: T, writing: _Writing) -> object:
        return {name: form.plain(getattr(value, name), writing) for name, form in self._forms.items()}

    @override
    def made(self, plain: object, reading: _Reading) -> T:
        if not isinstance(plain, dict) or plain.keys() != self._forms.keys():
            raise ValueError(f"this is no {self._kind.__name__}")
        return self._kind(**{name: form.made(plain[name], reading) for name, form in self._forms.items()})


class _Tuple(_Form[tuple[Any, ...]]):
    """Of so many values, each of its type."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._forms = [_form_of(kind) for kind in kinds]

    @override
    def plain(self, value: tuple[Any, ...], writing: _Writing) -> object:
        return [form.plain(one, writing) for form, one in zip(self._forms, value, strict=True)]

    @override
    def made(self, plain: object, reading: _Reading) -> tuple[Any, ...]:
        return tuple(form.made(one, reading) for form, one in zip(self._forms, _list(plain), strict=True))


class _Several(_Form[Iterable[T]]):
    """Of values of one type: a set, or a sequence; an empty sequence is a tuple."""

    def __init__(self, kind: Any, form: _Form[T]) -> None:  # noqa: ANN401  a type, or what makes one
        self._kind, self._form = kind, form

    @override
    def plain(self, value: Iterable[T], writing: _Writing) -> object:
        written = [self._form.plain(one, writing) for one in value]
        # Equal sets may be iterated in another order: after other insertions, and in another process.
        return sorted(written, key=json.dumps) if self._kind in (set, frozenset) else written

    @override
    def made(self, plain: object, reading: _Reading) -> Iterable[T]:
        values = [self._form.made(one, reading) for one in _list(plain)]
        found: Iterable[T] = values or () if self._kind is Sequence else self._kind(values)
        return found


class _Dict(_Form[dict[K, V]]):
    """As pairs: the keys of JSON's own objects are texts."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._pair = _Tuple(kinds)

    @override
    def plain(self, value: dict[K, V], writing: _Writing) -> object:
        return [self._pair.plain(one, writing) for one in value.items()]

    @override
    def made(self, plain: object, reading: _Reading) -> dict[K, V]:
        pairs: list[Any] = [self._pair.made(one, reading) for one in _list(plain)]
        return dict(pairs)


class _Deque(_Form[deque[T]]):
    """With how many it holds at most."""

    def __init__(self, form: _Form[T]) -> None:
        self._most, self._values = _Optional(_INTEGER), _Several(list, form)

    @override
    def plain(self, value: deque[T], writing: _Writing) -> object:
        return [self._most.plain(value.maxlen, writing), self._values.plain(value, writing)]

    @override
    def made(self, plain: object, reading: _Reading) -> deque[T]:
        most, values = _list(plain)
        return deque(self._values.made(values, reading), self._most.made(most, reading))


_INTEGER = _Scalar(int)
"""How whole numbers are written."""


@cache
def _form_of(kind: Any) -> _Form[Any]:  # noqa: ANN401  a type, or what stands for one in a declaration
    """Return how values of a type are written. Raises TypeError where they are not."""
    args = get_args(kind)
    match get_origin(kind) or kind:
        case type() as simple if simple in (bool, int, float, str):
            return _Scalar(simple)
        case type() as model if issubclass(model, BaseModel):
            return _Once(_Model(model))
        case type() as made if is_dataclass(made):
            return _Dataclass(made)
        case origin if origin is Literal:
            return _Choice(args)
        case origin if origin in (Union, UnionType):
            (present,) = (one for one in args if one is not NoneType)
            return _Optional(_form_of(present))
        case origin:
            return _form_of_several(origin, args)


def _form_of_several(origin: object, args: tuple[Any, ...]) -> _Form[Any]:
    if origin is dict:
        return _Dict(args)
    if origin is tuple and args[1:] != (...,):
        return _Tuple(args)
    if origin in (tuple, set, frozenset):
        return _Several(origin, _form_of(args[0]))
    if origin is Sequence:
        return _Once(_Several(Sequence, _form_of(args[0])))
    if origin is deque:
        return _Deque(_form_of(args[0]))
    raise TypeError(f"there is no JSON of {origin}")


def _list(plain: object) -> list[object]:
    if not isinstance(plain, list):
        raise ValueError(f"{type(plain).__name__} is no list")  # noqa: TRY004  of what was written, not of a caller
    return plain
