"""The report in headless Chromium: nothing is fetched, nothing overflows, everything is legible.

Set PRIORMAP_SCREENSHOTS to a folder to keep the screenshots.
"""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import matplotlib.image
import pytest

from report_pages import hostile_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium here (on Debian: apt install chromium)"
)
WIDTHS = (360, 1400)
QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
]
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"
BROWSERS_OWN = "not an origin"  # initiator of requests that no page made

# Runs in a copy of the page, inside a frame of the width in question
INSPECTOR = r"""<script>
function luminance([r, g, b]) {
  const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}
const rgba = text => text.match(/[\d.]+/g).map(Number);
function background(element) {
  for (let e = element; e; e = e.parentElement) {
    const color = rgba(getComputedStyle(e).backgroundColor);
    if (color.length < 4 || color[3] > 0) return color;
  }
  return [255, 255, 255];
}
function scrolls(element) {
  for (let e = element.parentElement; e; e = e.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(e).overflowX)) return true;
  return false;
}
const short = e => e.tagName + " " + (e.className.baseVal ?? e.className) + " "
  + e.textContent.trim().slice(0, 40);
function inspect() {
  const page = document.documentElement, wide = [], faint = [], tiny = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let characters = 0, node;
  while ((node = texts.nextNode())) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.data.trim() || e.closest("script, title, svg, .skip")) continue;
    characters += node.data.trim().length;
    const [a, b] = [luminance(rgba(style.color)), luminance(background(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(ratio.toFixed(2) + " " + short(e));
    if (parseFloat(style.fontSize) < 12 && !e.closest("math")) tiny.push(short(e));
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      if ((box.right > page.clientWidth + 1 || box.left < -1) && !scrolls(e)) wide.push(short(e));
  }
  for (const e of document.querySelectorAll("body *"))
    if (!e.closest("svg, math, .skip") && getComputedStyle(e).overflowX === "visible"
        && e.clientWidth && e.scrollWidth > e.clientWidth + 1 && !scrolls(e)) wide.push(short(e));
  const canvas = [...document.querySelectorAll(".canvas")].map(e => luminance(background(e)));
  return {
    width: innerWidth, overflow: page.scrollWidth - page.clientWidth, characters,
    wide: [...new Set(wide)], faint: [...new Set(faint)], tiny: [...new Set(tiny)],
    body: luminance(background(document.body)), canvas: Math.min(...canvas),
    pictures: [...document.querySelectorAll(".canvas svg")].map(e => {
      const box = e.getBoundingClientRect();
      return [box.width, box.height];
    }),
  };
}
onload = () => parent.postMessage([document.title, inspect()], "*");
</script>"""


def browse(folder, page, *flags):
    """Run the browser on a page and return what it prints."""
    done = subprocess.run(
        [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", *flags, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def requests(log):
    """Addresses that the page asked for."""
    found = json.loads(log.read_text(encoding="utf-8"))
    names = {number: name for name, number in found["constants"]["logEventTypes"].items()}
    started = [e["params"] for e in found["events"] if names[e["type"]] == "URL_REQUEST_START_JOB"]
    return [p["url"] for p in started if p.get("initiator") not in {None, BROWSERS_OWN}]


def copy_of(page, folder, scheme):
    """A copy that inspects itself, in one colour scheme whatever the system's is."""
    text = page.read_text(encoding="utf-8")
    text, count = re.subn(r"<meta http-equiv=[^>]*>", "", text)
    assert count == 1
    query = "screen" if scheme == "dark" else "not all"
    assert text.count("(prefers-color-scheme: dark)") == 1
    text = text.replace("(prefers-color-scheme: dark)", query)
    text = text.replace("<title>", f"<title>{scheme}: ", 1).replace(
        "</head>", INSPECTOR + "</head>"
    )
    copy = folder / f"{scheme}.html"
    copy.write_text(text, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return hostile_report(tmp_path_factory.mktemp("report") / "page.html")


@pytest.fixture(scope="module")
def copies(page):
    return {scheme: copy_of(page, page.parent, scheme) for scheme in ("light", "dark")}


@pytest.fixture(scope="module")
def inspected(page, copies):
    """What the inspector found, by scheme and width."""
    frames = "".join(
        f'<iframe src="{copy.name}" width="{width}" height="900" style="border:0"></iframe>'
        for copy in copies.values()
        for width in WIDTHS
    )
    wrapper = page.parent / "wrapper.html"
    wrapper.write_text(
        f'<!doctype html><pre id="found"></pre>{frames}<script>onmessage = event => '
        'document.getElementById("found").append(JSON.stringify(event.data) + "\\n")</script>'
    )
    dom = browse(page.parent, wrapper, "--virtual-time-budget=20000", "--dump-dom")
    lines = unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]).splitlines()
    found = {}
    for title, result in map(json.loads, lines):
        found[title.split(":")[0], result["width"]] = result
    assert found.keys() == {(scheme, width) for scheme in copies for width in WIDTHS}
    return found


CASES = [(scheme, width) for scheme in ("light", "dark") for width in WIDTHS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_text_overflows(inspected, case):
    found = inspected[case]
    assert found["characters"] > 3000
    assert found["overflow"] == 0
    assert found["wide"] == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_all_text_has_contrast_and_size(inspected, case):
    assert inspected[case]["faint"] == []
    assert inspected[case]["tiny"] == []


def test_the_schemes_differ_and_figures_stay_on_a_light_ground(inspected):
    for width in WIDTHS:
        assert inspected["light", width]["body"] > 0.9
        assert inspected["dark", width]["body"] < 0.05
        assert inspected["light", width]["canvas"] > 0.8
        assert inspected["dark", width]["canvas"] > 0.8


@pytest.mark.parametrize("case", CASES, ids=str)
def test_figures_have_a_size_that_can_be_read(inspected, case):
    sizes = inspected[case]["pictures"]
    assert len(sizes) >= 5
    assert all(250 < width < case[1] and height > 120 for width, height in sizes)


def test_no_request_leaves_the_page(page, tmp_path):
    log = tmp_path / "net.json"
    browse(
        tmp_path,
        page,
        f"--log-net-log={log}",
        OFFLINE,
        "--dump-dom",
    )
    asked = [url for url in requests(log) if not url.startswith("data:")]
    assert asked == []


def test_negative_controls(page, tmp_path):
    """A request, an overflow and a faint text are seen."""
    bad = tmp_path / "bad.html"
    text = page.read_text(encoding="utf-8").replace(
        "<h1>", '<h1 style="width: 5000px; color: #888">'
    )
    bad.write_text(text.replace("</header>", '<img src="http://example.invalid/x.png"></header>'))
    copy = copy_of(bad, tmp_path, "light")
    log = tmp_path / "net.json"
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(
        f'<!doctype html><pre id="found"></pre><iframe src="{copy.name}" width="360"></iframe>'
        "<script>onmessage = event => "
        'document.getElementById("found").append(JSON.stringify(event.data[1]))</script>'
    )
    flags = f"--log-net-log={log}", "--virtual-time-budget=20000", "--dump-dom"
    dom = browse(tmp_path, wrapper, OFFLINE, *flags)
    found = json.loads(unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]))
    assert found["overflow"] > 0
    assert any(line.startswith("H1") for line in found["wide"])
    assert any("H1" in line for line in found["faint"])
    assert "http://example.invalid/x.png" in requests(log)


def test_screenshots_and_paper(page, copies, tmp_path):
    kept = Path(os.environ.get("PRIORMAP_SCREENSHOTS", tmp_path))
    kept.mkdir(parents=True, exist_ok=True)
    for scheme, copy in copies.items():
        shot = kept / f"{scheme}-1400.png"
        browse(tmp_path, copy, "--window-size=1400,4000", f"--screenshot={shot}")
        assert matplotlib.image.imread(shot).shape[:2] == (4000, 1400)
        narrow = page.parent / f"narrow-{scheme}.html"
        narrow.write_text(
            f'<!doctype html><body style="margin:0"><iframe src="{copy.name}" width="360" '
            'height="4000" style="border:0"></iframe>'
        )
        shot = kept / f"{scheme}-360.png"
        browse(tmp_path, narrow, "--window-size=500,4000", f"--screenshot={shot}")
        image = matplotlib.image.imread(shot)[:, :360]
        assert image.std() > 0.05  # not a blank page
    paper = kept / "paper.pdf"
    browse(tmp_path, page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF")
