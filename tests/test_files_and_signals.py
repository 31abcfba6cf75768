"""Disks, streams, places and signals: whole files or none, one line or silence."""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import priormap
from priormap.cli import run
from priormap.display import files
from priormap.display.files import write_files, written
from priormap.errors import PriormapError

SOURCE = Path(priormap.__file__).parents[1]
COMPARE = ["compare", "--prior", "gaussian"]
FEW = ["--draws", "100", "--seed", "1"]
WRITERS = {
    "sample": ["sample", "-o", "{}/d.nc", *FEW],
    "json and csv": [*COMPARE, "--json", "{}/a.json", "--csv", "{}/b.csv"],
    "path": ["path", "--prior", "laplace", "--csv", "{}/p.csv"],
    "figures": ["figures", "-o", "{}/a/b", "--data"],
    "figure": ["choose", "--prior", "laplace", "--method", "evidence", "--figure", "{}/f.svg"],
    "html": ["report", "-o", "{}/r.html", "--prior", "gaussian", *FEW],
    "markdown": ["report", "-o", "{}/r.md", "--prior", "gaussian", *FEW],
}


def launch(command, cwd, before="", **streams):
    """Run a shell command in which $P is the program."""
    code = f"import sys\n{before}\nfrom priormap.cli import main\nsys.exit(main())"
    program = f"{sys.executable} -c '{code}'" if before else f"{sys.executable} -m priormap"
    return subprocess.run(
        ["sh", "-c", command.replace("$P", program)],
        cwd=cwd,
        text=True,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        timeout=120,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams),
    )


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def room_for(size):
    """No file may grow beyond `size` bytes, which is as a full disk is to who writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# disks


@pytest.mark.parametrize(
    ("case", "old"), [*((case, False) for case in WRITERS), ("json and csv", True), ("html", True)]
)
def test_a_full_disk_is_one_line_and_leaves_everything_as_it_was(case, old, tmp_path, capsys):
    words = [word.format(tmp_path) for word in WRITERS[case]]
    assert run(words) == 0  # what compiles or caches has done so
    if not old:
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
    before = contents(tmp_path)
    capsys.readouterr()
    with room_for(1000):
        assert run([*words, "--force"]) == 2
    shown = capsys.readouterr()
    *warned, refusal = shown.err.splitlines()
    assert all(line.startswith("priormap: warning: ") for line in warned)
    assert refusal.startswith("priormap: cannot write ")
    assert refusal.endswith("(File too large); choose a folder with room")
    assert shown.out == ""
    assert contents(tmp_path) == before
    assert old or list(tmp_path.iterdir()) == []


full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@full
@pytest.mark.parametrize("words", ["compare --json q.json", "compare --csv -", "--help"])
def test_a_full_stdout_is_one_line_and_writes_nothing(words, tmp_path):
    done = launch(f"$P {words} > /dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("priormap: cannot write to stdout")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@full
def test_a_stderr_that_takes_nothing_changes_no_exit_code(tmp_path):
    assert launch("$P compare --sigma x 2> /dev/full", tmp_path).returncode == 2
    assert launch("$P compare 2> /dev/full", tmp_path).returncode == 0


def test_closed_streams(tmp_path):
    done = launch("$P compare --json q.json >&-", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "stdout is closed" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert launch("$P compare 2>&- <&- --json q.json", tmp_path).returncode == 0
    assert json.loads((tmp_path / "q.json").read_text())["agrees"]


def test_a_reader_that_has_enough_keeps_the_file(tmp_path):
    done = launch("$P compare --json q.json | true", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["q.json"]


# places


def test_devices_and_pipes_are_written_into_and_stay(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert run([*COMPARE, "--json", str(pipe), "--csv", "/dev/null"]) == 0
    reader.join(10)
    assert json.loads(read[0])["agrees"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert run([*COMPARE, "--json", "/dev/full"]) == 2
    assert "No space left" in capsys.readouterr().err


def test_links_stay_links_and_permissions_stay(tmp_path):
    real, link, new = (tmp_path / name for name in ("real", "link", "new"))
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    (tmp_path / "ahead").symlink_to(new)
    write_files({link: "whole", tmp_path / "ahead": "too"})
    assert link.is_symlink()
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == ("whole", 0o600)
    assert new.read_text() == "too"


@pytest.mark.parametrize("stops", [PriormapError("no"), KeyboardInterrupt()])
def test_files_go_back_where_what_follows_fails(stops, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")

    def fails():
        with written({old: "1", new: b"2"}, tmp_path):
            assert (old.read_text(), new.read_text()) == ("1", "2")
            raise stops

    with pytest.raises(type(stops)):
        fails()
    assert contents(tmp_path) == {old: b"old"}
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize("keep", [False, True])
def test_a_process_that_ends_puts_back_once_or_keeps(keep, tmp_path):
    old = tmp_path / "old"
    old.write_text("old")
    with written({old: "new"}):
        for _ in range(2):  # a second signal, or the end of the block
            files.end_writing(keep=keep)
            assert old.read_text() == ("new" if keep else "old")
        assert list(tmp_path.iterdir()) == [old]


LONG = "x" * 300
PLACES = {
    "empty json": ([*COMPARE, "--json", ""], "--json is empty"),
    "empty figures": (["figures", "-o", ""], "--output is empty"),
    "empty report": (["report", "-o", ""], "--output is empty"),
    "empty sample": (["sample", "-o", ""], "--output is empty"),
    "stdout of figures": (["figures", "-o", "-"], "--output - cannot hold figures"),
    "long json": ([*COMPARE, "--json", LONG], "File name too long"),
    "long figures": (["figures", "-o", LONG], "File name too long"),
    "long report": (["report", "-o", f"{LONG}.md"], "File name too long"),
    "long pictures": (["report", "-o", f"{'y' * 250}.md"], "File name too long"),
    "long data": (["compare", LONG, "--target", "y"], "does not exist"),
    "loop": ([*COMPARE, "--json", "loop"], "symbolic links"),
    "one file twice": ([*COMPARE, "--json", "a", "--csv", "./a"], "both go to a"),
    "below a file": ([*COMPARE, "--json", "file/a"], "folder that does not exist"),
    "figures at a file": (["figures", "-o", "file/a"], "is a file; name another"),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_place_that_cannot_be_is_refused_before_the_work(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("loop").symlink_to("loop")
    words, sentence = PLACES[case]
    assert run(words) == 2
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert len(shown.err) < 250
    assert sorted(os.listdir()) == ["file", "loop"]


@pytest.mark.parametrize("words", [[*COMPARE, "--json", "a"], ["figures"], ["sample", "-o", "a"]])
def test_a_deleted_folder_is_refused(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert run(words) == 2
    assert capsys.readouterr().err == (
        "priormap: the current folder was deleted; change to another\n"
    )
    tmp_path.mkdir()


# signals

KILLER = """
import os, signal
class Finder:
    def find_spec(self, name, *_):
        if name == "{module}":
            os.kill(os.getpid(), signal.{sign})
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("module", ["typer", "numpy.linalg", "pandas.core.frame", "sklearn.base"])
def test_an_interrupt_inside_an_import_is_silent(module, tmp_path):
    done = launch("$P compare", tmp_path, before=KILLER.format(module=module, sign="SIGINT"))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_a_file_is_written_leaves_the_old_one(sign, tmp_path):
    old = tmp_path / "q.json"
    old.write_text("old")
    killer = f"import os, signal\nos.fsync = lambda _: os.kill(os.getpid(), signal.{sign})"
    done = launch("$P compare --json q.json --force", tmp_path, before=killer)
    assert (done.returncode, done.stderr) == (128 + getattr(signal, sign), "")
    assert contents(tmp_path) == {old: b"old"}
    assert list(tmp_path.iterdir()) == [old]


def test_an_ignored_interrupt_stays_ignored(tmp_path):
    killer = "import os, signal\nos.fsync = lambda _: os.kill(os.getpid(), signal.SIGINT)"
    done = launch("trap '' INT; $P compare --json q.json", tmp_path, before=killer)
    assert done.returncode == 0
    assert (tmp_path / "q.json").exists()


# numbers that look like options


@pytest.mark.parametrize("number", ["-1", "-1e-3", "-.5", "-inf"])
def test_a_negative_number_is_no_option(number, capsys):
    assert run(["convert", number, "--from", "sklearn.Lasso", "--to", "glmnet"]) == 2
    assert "finite and not negative" in capsys.readouterr().err
    assert (
        run(["convert", "1", "--sigma", number, "--from", "sklearn.Lasso", "--to", "glmnet"]) == 2
    )
    assert "sigma must be a positive" in capsys.readouterr().err
    assert run(["convert", number, "--sigmma", "1"]) == 2
    assert "No such option: --sigmma" in capsys.readouterr().err
