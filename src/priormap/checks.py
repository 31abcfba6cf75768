"""Numbers that come in as arguments, and the one sentence for those that cannot be used."""

from __future__ import annotations

import numbers
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from reprlib import Repr
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from priormap.arrays import Floats
from priormap.errors import Phrase, PriormapError

# what numpy makes a generator of
RandomState: TypeAlias = (
    int
    | Sequence[int]
    | np.random.SeedSequence
    | np.random.BitGenerator
    | np.random.Generator
    | np.random.RandomState
    | None
)
_REST = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_LONGEST = 100  # characters of a value in a sentence
# what other libraries call an argument of ours
_OTHER_WORDS = {
    **dict.fromkeys(("samples", "iter", "iterations", "resamples"), "draws"),
    **dict.fromkeys(("warmup", "burn", "burnin", "burn_in", "discard"), "tune"),
    **dict.fromkeys(("seed", "random_state", "rng"), "random_seed"),
    **dict.fromkeys(("verbose", "progress", "progress_bar"), "progressbar"),
    **dict.fromkeys(("fit_intercept", "add_intercept"), "intercept"),
    **dict.fromkeys(("normalize", "scale_x"), "standardize"),
    **dict.fromkeys(("feature_names", "columns"), "names"),
    **dict.fromkeys(("noise", "noise_sd"), "sigma"),
    **dict.fromkeys(("sd", "std", "stdev", "tau"), "scale"),
}
# where an argument belongs that a verb has not
_ELSEWHERE = {
    **dict.fromkeys(("X", "y"), "data is made first, as Regression(X, y)"),
    **{
        name: f"it belongs to the data, as Regression(X, y, {name}=...)"
        for name in ("sigma", "intercept", "standardize", "names", "family")
    },
    **dict.fromkeys(("X_new", "X_test"), "predict(draws, X) takes new rows"),
    "scale": "it belongs to a prior, as Laplace(scale=...)",
    **dict.fromkeys(
        ("alpha", "lambda_", "lambd", "lam", "l1_ratio", "C", "penalty"),
        "a penalty becomes a prior first, as Laplace.from_lasso(alpha, data=data)",
    ),
}
_OF_AXES = ("color", "colour", "cmap", "figsize", "title", "alpha", "linewidth", "lw", "label")
_repr = Repr()
_repr.maxstring = _repr.maxlong = _repr.maxother = _LONGEST


def short(value: object) -> str:
    """Return `repr` of a value for a sentence: in one line, and short however large it is.

    Examples
    --------
    >>> short(-1.0), short(list(range(10**6)))
    ('-1.0', '[0, 1, 2, 3, 4, 5, ...]')
    >>> short(10**5000)
    'an integer of 16610 bits'
    """
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST:
        return f"an integer of {value.bit_length()} bits"
    try:
        return " ".join(_repr.repr(value).split())
    except Exception:  # whatever the repr of an object of the caller's may do
        return f"a {type(value).__name__}"


def positive_number(name: str, value: object, *, infinite: bool = False) -> float:
    """Return `value` as a positive float, or raise a sentence that names `name`."""
    number = _real(value)
    if not number > 0 or (np.isinf(number) and not infinite):
        kind = "a positive number" if infinite else "a positive finite number"
        raise PriormapError(f"{name} must be {kind}, got {short(value)}")
    return number


def _real(value: object) -> float:
    """Return a real number as a float, and NaN for whatever is none."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_):
        return np.nan
    try:
        return float(value)
    except OverflowError:  # an int or a fraction beyond all floats
        return np.nan


def real_number(name: str, value: object) -> float:
    """Return `value` as a float that is not NaN, or raise a sentence that names `name`."""
    number = _real(value)
    if np.isnan(number):
        raise PriormapError(f"{name} must be a number, got {short(value)}")
    return number


def share(name: str, value: object, *, zero: bool = False, one: bool = False) -> float:
    """Return `value` as a float between 0 and 1, of which either end may be allowed, or refuse."""
    number = _real(value) if zero else positive_number(name, value)
    if 0 < number < 1 or (zero and number == 0) or (one and number == 1):
        return number
    raise PriormapError(f"{name} must lie between 0 and 1, got {short(value)}")


def meant(name: str, known: Collection[str]) -> str:
    """Ask whether one of the nearest names was meant; empty where none is near.

    Examples
    --------
    >>> meant("drawz", ["draws", "tune"]), meant("num_warmup", ["draws", "tune"])
    ('did you mean draws?', 'did you mean tune?')
    """
    plain = name.lower().removeprefix("n_").removeprefix("num_")
    same = _OTHER_WORDS.get(plain, plain)
    lower = {one.lower(): one for one in known}
    close = [same] if same in known else get_close_matches(name.lower(), lower, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(lower.get(one, one) for one in close)}?" if close else ""


def nearest(name: str, known: Collection[str]) -> str:
    """Say what may have been meant: the nearest names, or else all that there are."""
    return meant(name, known) or f"there are: {', '.join(known)}"


def refuse_keywords(
    what: str, given: Iterable[str], known: Collection[str], *, word: str = "keyword"
) -> None:
    """Refuse the first keyword that is not known, with all that are, and the nearest ones.

    Examples
    --------
    >>> refuse_keywords("sample", {"chians": 2}, ["draws", "chains"])
    Traceback (most recent call last):
    priormap.errors.PriormapError: sample has no keyword 'chians'; there are: draws, chains; did \
you mean chains?
    """
    for name in given:
        if name not in known:
            said = (f"{what} has no {word} {name!r}", f"there are: {', '.join(known) or 'none'}")
            raise PriormapError("; ".join(filter(None, (*said, _hint(what, name, known)))))


def _hint(what: str, name: str, known: Collection[str]) -> str:
    """Where a keyword belongs that is not known, or which one may have been meant."""
    if what.startswith("plot_") and name in _OF_AXES:
        return "change the Axes that it returns"
    ours = _OTHER_WORDS.get(name, name)
    return meant(name, known) if ours in known else _ELSEWHERE.get(ours) or meant(name, known)


Result = TypeVar("Result")
Verb = TypeVar("Verb", bound=Callable[..., Any])


def says_why(verb: Verb) -> Verb:
    """Refuse in one sentence a call whose arguments `verb` has not, or that lacks one.

    Nothing is looked at before Python itself has refused the call.

    Examples
    --------
    >>> says_why(share)("rope", 0.1, zeros=True)
    Traceback (most recent call last):
    priormap.errors.PriormapError: share has no keyword 'zeros'; there are: name, value, zero, \
one; did you mean zero?
    """

    @wraps(verb)
    def call(*values: Any, **named: Any) -> Any:
        try:
            return verb(*values, **named)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise  # from within the verb
        raise _unfit(verb, values, named)

    return call  # type: ignore[return-value]


def _unfit(
    verb: Callable[..., Any], values: Sequence[Any], named: Mapping[str, Any]
) -> PriormapError:
    """Why these arguments are none of the verb's."""
    what, words = verb.__name__, signature(verb).parameters
    known = [name for name, one in words.items() if one.kind not in _REST]
    bare = [name for name in known if words[name].kind is Parameter.POSITIONAL_OR_KEYWORD]
    if not any(one.kind is Parameter.VAR_KEYWORD for one in words.values()):
        refuse_keywords(what, named, known)
    if len(values) > len(bare):
        most, others = ", ".join(bare) or "nothing", ", ".join(known[len(bare) :])
        given = f"{what} takes {most} without a name, got {len(values)} of them"
        return PriormapError(given, f"; give the others by name: {others}" if others else "")
    for name in bare[: len(values)]:
        if name in named:
            return PriormapError(f"{what} got {name} twice, in its place and by name; give it once")
    lacks = (name for name in known[len(values) :] if name not in named)
    missing = next((name for name in lacks if words[name].default is Parameter.empty), "")
    return PriormapError(f"{what} needs {missing}; its arguments are: {', '.join(known)}")


def result_of(call: str, name: str, value: object, kind: type[Result]) -> Result:
    """Return `value` if it is what a call of ours returned, or refuse.

    Examples
    --------
    >>> result_of("contrast(data, priors)", "table", 1.0, dict)
    Traceback (most recent call last):
    priormap.errors.PriormapError: table must be what contrast(data, priors) returned, got float
    """
    if not isinstance(value, kind):
        raise PriormapError(f"{name} must be what {call} returned, got {type(value).__name__}")
    return value


class WordsOfInit:
    """`__signature__` of a class whose ``__new__`` only refuses: the words of `__init__`."""

    def __get__(self, instance: object, owner: type) -> Signature:
        _, *words = signature(owner.__init__).parameters.values()  # type: ignore[misc]
        return Signature(words)


def one_of(name: str, value: object, choices: Collection[str]) -> str:
    """Return `value`, which is one of the names in `choices`, or refuse."""
    if isinstance(value, str) and value in choices:
        return value
    listed = (
        " or ".join(map(repr, choices)) if len(choices) == 2 else f"one of {', '.join(choices)}"
    )
    raise PriormapError(f"{name} must be {listed}, got {short(value)}")


def checked_count(name: str, value: object, least: int = 1, most: int | None = None) -> int:
    """Return `value` as an int of at least `least` (0 or 1), or raise a sentence about `name`."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:  # type: ignore[operator]
        kind = "a positive integer" if least else "zero or a positive integer"
        raise PriormapError(f"{name} must be {kind}, got {short(value)}")
    count = int(value)  # type: ignore[call-overload]
    if most is not None and count > most:
        raise PriormapError(f"{name} must be at most {most}, got {short(value)}")
    return count


def refuse_memory(what: str, count: int, remedy: str | Phrase) -> None:
    """Refuse what would fill the memory with its `count` floats, before any is taken.

    Examples
    --------
    >>> refuse_memory("1000 draws", 4000, "give fewer draws")
    >>> refuse_memory("10**15 draws", 10**15, "give fewer draws")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    priormap.errors.PriormapError: 10**15 draws take 7.11 PiB of memory, and there are ...
    """
    needed, most = 8 * count, _memory()
    if needed > most:
        reason = f"{what} take {_bytes(needed)} of memory, and there are {_bytes(most)}; "
        raise PriormapError(reason, remedy)


def _memory() -> int:
    """Bytes of memory that this process may fill, as far as the system says."""
    known = []
    with suppress(AttributeError, OSError, ValueError):
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):  # of a container
        with suppress(OSError, ValueError):  # it may be "max"
            known.append(int(Path("/sys/fs/cgroup", limit).read_text()))
    return min(known, default=2**40)


def _bytes(count: int) -> str:
    if count.bit_length() > 1000:  # more than a float holds
        return f"over 2**{count.bit_length() - 1} B"
    power = min(max(count.bit_length() - 1, 0) // 10, 6)
    unit = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")[power]
    return f"{count / 2 ** (10 * power):.3g} {unit}"


Seed: TypeAlias = int | np.integer[Any] | np.random.SeedSequence | np.random.Generator


def checked_seed(random_seed: object) -> int:
    """Return the seed, or a fresh one that a result records for None; netCDF holds 64 bits.

    A Generator gives its next number, a SeedSequence the one that it stands for.
    """
    if random_seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_seed, np.random.Generator):
        return int(random_seed.integers(2**63))
    if isinstance(random_seed, np.random.SeedSequence):
        return int(random_seed.generate_state(1, np.uint64)[0] >> 1)
    is_whole = isinstance(random_seed, int | np.integer) and not isinstance(random_seed, bool)
    if not is_whole or not 0 <= random_seed < 2**63:  # type: ignore[operator]
        raise PriormapError(
            Phrase("random_seed", "--seed"),
            " must be an integer from 0 to 2**63 - 1",
            Phrase(", a SeedSequence, a Generator or None", ""),
            f", got {short(random_seed)}",
        )
    return int(random_seed)  # type: ignore[call-overload]


def as_generator(random_state: RandomState = None) -> np.random.Generator:
    """Return the generator that a random state is, or is the seed of; a fresh one for None.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> as_generator(rng) is rng, as_generator(1).random() == rng.random()
    (True, True)
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.Generator(random_state._bit_generator)
    if not isinstance(random_state, bool | np.bool_):
        with suppress(TypeError, ValueError):
            return np.random.default_rng(random_state)
    raise PriormapError(
        "random_state must be a numpy Generator, a SeedSequence, an integer that is not negative, "
        f"or None, got {short(random_state)}"
    )


def as_numbers(name: str, value: Any) -> Floats:
    """Return `value` as an array of floats, or raise a sentence that names `name`."""
    if type(value) is np.ndarray and value.dtype == np.float64:
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise PriormapError(
            f"{name} is a masked array, whose mask numpy would drop silently; "
            "drop or fill the masked rows first"
        )
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise PriormapError(f"{name} is ragged; give every row the same length") from None
    if array.dtype.kind in "OSU":
        texts = [item for item in array.ravel().tolist() if isinstance(item, str | bytes)]
        if not texts and array.ndim == 0:
            raise PriormapError(f"{name} must be an array of numbers, got {short(value)}")
        if not texts:
            raise PriormapError(
                f"{name} holds Python objects, not numbers; convert it with {name}.astype(float)"
            )
        kind = "numbers written as text" if all(map(reads_as_number, texts)) else "text"
        raise PriormapError(f"{name} holds {kind} ({short(texts[0])}); convert it to numbers first")
    refuse_kind(name, array.dtype)
    with np.errstate(over="ignore"):  # of longer floats
        return np.asarray(array, dtype=float)


def labels_of(value: Any) -> tuple[str, ...] | None:
    """Names that came with a vector, or None of a plain one.

    They are the keys of a mapping, the index of a pandas Series, or the coordinate of a
    one-dimensional xarray DataArray.
    """
    if isinstance(value, np.ndarray | list | tuple | float | int):
        return None
    index: Iterable[Any] | None = None
    if isinstance(value, Mapping):
        index = value
    elif np.ndim(value) == 1 and hasattr(value, "items") and hasattr(value, "index"):
        index = value.index
    elif np.ndim(value) == 1 and value.__class__.__name__ == "DataArray":
        (dim,) = value.dims
        index = value[dim].to_numpy() if dim in value.coords else None
    return None if index is None else tuple(map(str, index))


def as_labelled_numbers(name: str, value: Any) -> tuple[tuple[str, ...] | None, Floats]:
    """`labels_of` a value, and `as_numbers` of it."""
    labels = labels_of(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    return labels, as_numbers(name, value)


class OrderWords(NamedTuple):
    """How `in_order` refuses a name that is unknown, and one that is missing."""

    unknown: str
    missing: str


_OF_A_VECTOR = OrderWords(
    "has an entry {!r}, which is not a column of X; give a plain vector if the order is that of "
    "the columns",
    "has no entry for column {!r}; give one per column",
)


def in_order(
    what: str,
    labels: tuple[str, ...] | None,
    values: Floats,
    names: tuple[str, ...],
    words: OrderWords = _OF_A_VECTOR,
) -> Floats:
    """Put the numbers of a vector with labels into the order of the columns `names`.

    Columns that have no names of their own (x0, x1, ...) are also met by the labels 0, 1, ...,
    in that order, which are what a table has that was given none.

    Raises
    ------
    PriormapError
        If a label is no column, occurs twice, or is missing.
    """
    if labels is None or labels == names:
        return values
    nameless = all(name == f"x{j}" for j, name in enumerate(names))
    if nameless and labels == tuple(map(str, range(len(names)))):
        return values
    known = set(names)
    labels = tuple(label if label in known else label.strip() for label in labels)
    place = {label: k for k, label in enumerate(labels)}
    unknown = next((label for label in labels if label not in known), None)
    if unknown is not None:
        raise PriormapError(f"{what} {words.unknown.format(unknown)}")
    missing = next((name for name in names if name not in place), None)
    if missing is not None:
        raise PriormapError(f"{what} {words.missing.format(missing)}")
    if len(place) < len(labels):
        repeated, count = Counter(labels).most_common(1)[0]
        raise PriormapError(f"{what} has {count} entries for {repeated!r}; give one")
    return np.asarray(values[[place[name] for name in names]])


def reads_as_number(text: str | bytes) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def refuse_kind(name: str, dtype: np.dtype[Any]) -> None:
    """Refuse what numpy holds but is no real number."""
    if dtype.kind in "mM":
        raise PriormapError(f"{name} holds dates or durations; convert it to numbers first")
    if dtype.kind == "c":
        raise PriormapError(f"{name} holds complex numbers; take the real part first")
    if dtype.kind not in "fiub":
        raise PriormapError(f"{name} has dtype {dtype}, not numbers; convert it to floats first")
