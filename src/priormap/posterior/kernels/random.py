"""Random numbers inside kernels: xoshiro256++ (Blackman and Vigna 2021) on a uint64 array of 4.

The state is an argument, so a chain can stop and go on between blocks, threads never share it,
and it compiles in a tenth of the time of a NumPy generator.
"""

from __future__ import annotations

import math

import numpy as np

from priormap.posterior.kernels.compiled import Array, Words, inner

_17, _19, _41, _45, _23, _11 = (np.uint64(k) for k in (17, 19, 41, 45, 23, 11))
_UNIT = 2.0**-53


def seed_words(seed: int | np.random.SeedSequence, count: int = 4) -> Words:
    """``count`` words spread from ``seed`` by NumPy's SeedSequence; four make a generator."""
    if not isinstance(seed, np.random.SeedSequence):
        seed = np.random.SeedSequence(seed)
    return seed.generate_state(count, np.uint64).astype(np.uint64)


@inner()
def uniform(rng: Words) -> float:
    """Draw from the open interval (0, 1), 53 bits."""
    a, b, c, d = rng[0], rng[1], rng[2], rng[3]
    word = a + d
    word = ((word << _23) | (word >> _41)) + a
    c ^= a
    d ^= b
    rng[1] = b ^ c
    rng[0] = a ^ d
    rng[2] = c ^ (b << _17)
    rng[3] = (d << _45) | (d >> _19)
    return (float(word >> _11) + 0.5) * _UNIT


@inner()
def fill_normal(rng: Words, out: Array) -> None:
    """Fill ``out`` with standard normals, in pairs (Marsaglia's polar method)."""
    for i in range(0, out.shape[0], 2):
        square = 2.0
        while square >= 1.0:
            x = 2.0 * uniform(rng) - 1.0
            y = 2.0 * uniform(rng) - 1.0
            square = x * x + y * y
        scale = math.sqrt(-2.0 * math.log(square) / square)
        out[i] = scale * x
        if i + 1 < out.shape[0]:
            out[i + 1] = scale * y
