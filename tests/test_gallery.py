"""The images of the README show what the code would draw now."""

import copy
import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REMEDY = "is stale: run python docs/make_gallery.py and look at what changed"
NUMBER = r"[-\d.]+(e[-+]?\d+)?"
# relative to the range of a column: what libraries of other machines may round differently
EXACT = 1e-5
SAMPLED = 0.05  # draws of another machine's floating point: several Monte Carlo errors


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "docs/make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]
    sys.modules["matplotlib.pyplot"].close("all")


def differences(kept, now, sampled=()):
    """Say where two records of one figure differ by more than machines do."""
    found = [key for key in kept if key != "tables" and kept[key] != now[key]]
    if kept["tables"].keys() != now["tables"].keys():
        return [*found, "tables"]
    for name, table in kept["tables"].items():
        other, tolerance = now["tables"][name], SAMPLED if name in sampled else EXACT
        if table["rows"] != other["rows"] and name not in sampled:
            found.append(f"rows of {name}")
        if table["columns"].keys() != other["columns"].keys():
            found.append(f"columns of {name}")
            continue
        for key, column in table["columns"].items():
            before, after = column, other["columns"][key]
            if any(isinstance(value, float) for value in column):
                scale = np.nanmax(np.abs(before)) or 1.0
                same = np.allclose(before, after, rtol=0, atol=tolerance * scale, equal_nan=True)
            else:
                same = before == after
            if not same:
                found.append(f"{key} of {name}")
    return found


NAMES = ("geometry", "path", "posterior_vs_map", "pull")


def kept_with(name):
    with Image.open(ROOT / "docs" / "images" / f"{name}.png") as image:
        return image.size, dict(image.text)


def normalised(record):
    return json.loads(json.dumps(record))


@pytest.mark.parametrize("name", NAMES)
def test_an_image_shows_what_the_code_computes(name, gallery):
    shown = gallery.FIGURES[name]
    _, text = kept_with(name)
    kept, now = json.loads(text[gallery.NUMBERS]), normalised(gallery.numbers_of(name))
    found = differences(kept, now, shown.sampled)
    assert not found, f"docs/images/{name}.png {REMEDY} ({', '.join(found)})"
    before, after = (re.sub(NUMBER, "", said) for said in (text["Description"], shown.caption()))
    assert before == after, f"the caption of docs/images/{name}.png {REMEDY}"


@pytest.mark.parametrize("name", NAMES)
def test_negative_control_a_changed_number_word_or_colour_is_seen(name, gallery):
    _, text = kept_with(name)
    kept, sampled = json.loads(text[gallery.NUMBERS]), gallery.FIGURES[name].sampled
    assert differences(kept, copy.deepcopy(kept), sampled) == []
    for table, content in kept["tables"].items():
        for key, column in content["columns"].items():
            changed = copy.deepcopy(kept)
            values = changed["tables"][table]["columns"][key]
            if isinstance(values[-1], float):
                size = np.nanmax(np.abs(column)) or 1.0
                values[-1] += 3 * size * (SAMPLED if table in sampled else EXACT)
            else:
                values[-1] = "another"
            assert differences(kept, changed, sampled) == [f"{key} of {table}"]
    for key in ("labels", "legend", "size", "style", "notes"):
        assert differences(kept, kept | {key: ["another"]}, sampled) == [key]


@pytest.mark.parametrize("name", NAMES)
def test_images_are_small_and_wide_enough_to_read(name):
    size, _ = kept_with(name)
    assert size[0] == 680, "one column at 200 dots per inch"
    assert (ROOT / "docs" / "images" / f"{name}.png").stat().st_size < 120_000


def test_the_readme_shows_them_with_their_alternative_texts(gallery):
    assert set(gallery.FIGURES) == set(NAMES)
    shown = {path: alt for alt, path in re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", README)}
    for name, figure in gallery.FIGURES.items():
        assert " ".join(shown[f"docs/images/{name}.png"].split()) == figure.alt
