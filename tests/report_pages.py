"""Pages that the tests of the report share: names that try to break out, and a page as a tree."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
import pytest

from priormap import ElasticNet, Gaussian, HalfCauchy, Laplace, PriormapWarning, Regression
from priormap.report import Origin, write_report

HOSTILE = (
    "<script>alert(1)</script>",
    "quo\"te' & amp;",
    "pipe | star * `tick` $x$",
    "--> ]]> </svg></style>",
    "a_very_long_name_without_any_place_to_break_it_" * 3,
    "Größe 体重",
)
QUICK = {"draws": 60, "tune": 60, "chains": 2, "random_seed": 3}
VOID = {"meta", "link", "br", "img", "hr", "input"}


def hostile_report(path, **options):
    """Write a report about columns with such names under one prior of each family."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(50, len(HOSTILE)))
    y = X @ [3.0, 0.0, -1.0, 0.0, 0.5, 0.0] + rng.normal(size=50)
    data = Regression(X, y, names=HOSTILE, standardize=True)
    priors = {
        "<b>ridge</b> & co": Gaussian(1.0),
        "lasso": Laplace(0.1),
        "net": ElasticNet(0.2, 1.0),
        "learnt": Laplace(HalfCauchy(1.0)),
    }
    origin = Origin(name="<i>file</i>.csv", target="y </title>", choices=("a < b & c",))
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore", PriormapWarning)  # so few draws
        patch.setattr("priormap.report.figures._PATH_DRAWS", 30)
        patch.setattr("priormap.report.figures._MOST_PATHS", 1)
        return write_report(data, priors, path, **QUICK, origin=origin, **options)


@dataclass
class Element:
    tag: str
    attributes: dict
    children: list = field(default_factory=list)

    def all(self, *tags):
        """Elements below this one, in order; all of them without `tags`."""
        for child in self.children:
            if isinstance(child, Element):
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    @property
    def text(self):
        parts = (c if isinstance(c, str) else c.text for c in self.children)
        return "".join(parts)


class _Builder(HTMLParser):
    """A strict one: every element that begins must end, in order."""

    def __init__(self):
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), f"<{tag}> repeats an attribute"
        element = Element(tag, dict(attributes))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.open[-1].children.append(Element(tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.open[-1].children.append(data)


def tree(page):
    """Elements of an HTML page."""
    builder = _Builder()
    builder.feed(page)
    builder.close()
    assert builder.open == [builder.root], "an element is never closed"
    return builder.root
