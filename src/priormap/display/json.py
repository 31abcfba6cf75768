"""Results as strict JSON, in which finite numbers read back exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from priormap.errors import visible


def as_json(value: Any) -> str:
    """Return JSON; infinity is "inf", NaN is null, numpy's numbers and arrays are plain ones.

    Characters that nobody sees are escapes, which read back as what they are.

    Examples
    --------
    >>> import numpy as np
    >>> print(as_json({"scale": np.array([0.1, np.inf])}), end="")
    {
      "scale": [
        0.1,
        "inf"
      ]
    }
    """
    text = json.dumps(_plain(value), indent=2, allow_nan=False, ensure_ascii=False)
    for one in set(text) - {"\n"}:
        if visible(one) != one:
            text = text.replace(one, json.dumps(one)[1:-1])
    return text + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
