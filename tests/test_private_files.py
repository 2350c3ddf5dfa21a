"""Every file that a command writes: private, whole or not at all, through no link, past what lies beside it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.errors import Ended, UserCliError
from usercli.private_files import make_private_folder, replace_atomically
from usercli.schemas.users import UserView

STATE = '{"name": "staff", "users": [{"email": "bob@example.com"}]}'
BAD = "email,full_name\nfine@example.com,Fine\nnobody,Bad\n"

#: Commands that put a file in its place, by what they write.
REPLACING = {
    "export": ["export", "FILE", "--with-hashes"],
    "export to another system": ["export", "FILE", "--to", "django"],
    "plan": ["plan", "staff.json", "--save", "FILE"],
    "page of statistics": ["stats", "--html", "FILE"],
}
#: Commands whose file must be new, and the code that says that it is not.
NEW = {
    "access review": (["access-review", "export", "FILE"], 2),
    "sample": (["config", "init"], 4),
    "secrets of a reset": (["password", "reset", "ada@example.com", "--yes", "--secret-out", "FILE"], 2),
    "secret of a new user": (["create", "eve@example.com", "--generate", "--secret-out", "FILE"], 2),
    "rejects": (["import", "bad.csv", "--skip-bad", "--reject-file", "FILE"], 2),
}
ALL = REPLACING | {name: command for name, (command, _) in NEW.items()}

Write = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def engine_name() -> str:
    """Files are the same on both."""
    return "sqlite"


@pytest.fixture
def place(environment: Path) -> Path:
    """Where the file is to be, alone in a folder."""
    folder = environment / "out"
    folder.mkdir(mode=0o755)
    (environment / "staff.json").write_text(STATE)
    (environment / "bad.csv").write_text(BAD)
    return folder / "file.json"


@pytest.fixture
def write(cli: Cli, ada: UserView, place: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Run the command of that name."""

    def run(name: str) -> tuple[int, str, str]:
        if name == "sample":
            monkeypatch.setenv("USERCLI_CONFIG", str(place))
            return cli("config", "init")
        return cli(*(str(place) if word == "FILE" else word for word in ALL[name]))

    return run


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=ALL)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_it_is_private_and_on_disk_with_its_name(
    name: str, write: Write, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert write(name)[0] in (0, 7)
    assert (left_in(place.parent), stat.S_IMODE(place.stat().st_mode)) == ([place.name], 0o600)
    assert synced == [False, True]  # the file, then the folder


#: Commands that write to stdout without a file.
STREAMS = {"export to another system", "access review"}


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"sample"}))
def test_no_file_is_called_as_a_stream_is(
    name: str, cli: Cli, ada: UserView, place: Path, environment: Path
) -> None:
    there = left_in(environment)
    code, out, err = cli(*("-" if word == "FILE" else word for word in ALL[name]))
    if name in STREAMS:
        assert (code, out) == cli(*(word for word in ALL[name] if word != "FILE"))[:2]
        assert (code, bool(out), "to standard output" in err) == (0, True, True)
    else:
        assert (code, out) == (2, "")
        assert "file" in err or "name" in err
    assert left_in(environment) == there
    assert cli("list", "-q", "--fields", "email")[1] == "ada@example.com\n"  # and nothing was changed


def test_export_to_a_dash_is_the_pipe(cli: Cli, ada: UserView, environment: Path) -> None:
    for more in ([], ["-o", "csv"], ["-q"]):
        assert cli("export", "-", *more) == cli("export", *more)


@pytest.mark.parametrize("kind", ["open to all", "another file", "link", "pipe", "folder"])
@pytest.mark.each_once
def test_what_lies_at_file_partial_is_not_trusted(
    name: str, kind: str, write: Write, place: Path, environment: Path
) -> None:
    partial, victim = place.with_name(f"{place.name}.partial"), environment / "victim"
    victim.write_text("precious")
    if kind == "open to all":
        partial.touch(0o666)
    elif kind == "another file":
        partial.hardlink_to(victim)
    elif kind == "link":
        partial.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(partial)
    else:
        partial.mkdir()
    before = partial.lstat()
    assert write(name)[0] in (0, 7)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert (partial.lstat().st_ino, partial.lstat().st_size) == (before.st_ino, before.st_size)
    assert (victim.read_text(), left_in(place.parent)) == ("precious", [place.name, partial.name])


@pytest.mark.parametrize("is_dangling", [True, False])
@pytest.mark.parametrize("name", REPLACING)
def test_a_link_at_the_place_is_replaced(
    name: str, is_dangling: bool, write: Write, place: Path, environment: Path
) -> None:
    victim = environment / "victim"
    if not is_dangling:
        victim.write_text("precious")
    place.symlink_to(victim)
    assert write(name)[0] == 0
    assert (place.is_symlink(), stat.S_IMODE(place.stat().st_mode)) == (False, 0o600)
    assert victim.exists() is not is_dangling
    assert is_dangling or victim.read_text() == "precious"


@pytest.mark.parametrize("name", REPLACING)
def test_a_second_name_of_the_file_keeps_what_it_had(
    name: str, write: Write, place: Path, environment: Path
) -> None:
    (environment / "victim").write_text("precious")
    place.hardlink_to(environment / "victim")
    assert write(name)[0] == 0
    assert (environment / "victim").read_text() == "precious"


def put(kind: str, place: Path, text: str, target: Path) -> None:
    """Have a file with this text, a pipe, a folder, or else a link there."""
    if kind == "file":
        place.write_text(text)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(target)


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "pipe", "folder"])
@pytest.mark.parametrize("name", NEW)
@pytest.mark.each_once
def test_a_file_that_must_be_new_takes_no_place(
    name: str, kind: str, write: Write, place: Path, environment: Path, database: Database
) -> None:
    victim = environment / "victim"
    victim.write_text("# precious\n")  # a configuration as well
    put(kind, place, "# precious\n", victim if kind == "link" else environment / "nowhere")
    before, users = place.lstat(), database.rows("SELECT id, hashed_password FROM users")
    if name == "sample" and kind == "pipe":  # usercli would read its configuration from there first
        from usercli.config_file import write_sample
        from usercli.errors import Conflict

        with pytest.raises(Conflict, match="exists already"):
            write_sample(place)
    elif not (name == "sample" and kind == "folder"):
        code, out, err = write(name)
        assert (code, out, "exists already" in err) == (NEW[name][1], "", True), err
    assert (place.lstat().st_ino, place.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert victim.read_text() == "# precious\n"
    assert not (environment / "nowhere").exists()
    assert database.rows("SELECT id, hashed_password FROM users") == users
    assert left_in(place.parent) == [place.name]


@pytest.mark.parametrize("name", REPLACING)
def test_two_at_once_leave_one_of_the_two_whole(
    name: str, write: Write, place: Path, make_user: Callable[..., UserView], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins and ends while the first is about to complete its file."""
    answers: list[int] = []
    whole: list[bytes] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if not answers:
            answers.append(0)
            make_user("later@example.com")
            answers.append(write(name)[0])
            whole.append(place.read_bytes())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert (write(name)[0], answers) == (0, [0, 0])
    text = place.read_text()
    assert text == whole[0].decode() or "later@example.com" not in text
    assert text.endswith("</html>\n") or json.loads(text)
    assert left_in(place.parent) == [place.name]


def test_exports_by_several_processes_are_each_whole(
    environment: Path, make_user: Callable[..., UserView], cli: Cli
) -> None:
    rows = "".join(f"user{number}@example.com,{'x' * 200}\n" for number in range(3000))
    (environment / "users.csv").write_text("email,full_name\n" + rows)
    assert cli("import", "users.csv")[0] == 0
    commands = [["export", "all.jsonl", *more] for more in ([], ["--search", "user1"]) for _ in range(2)]
    running = [
        subprocess.Popen([sys.executable, "-m", "usercli", *command], stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    errors = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, errors
    lines = (environment / "all.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) in (3000, 1111)
    assert left_in(environment) == ["all.jsonl", "users.csv"]


@pytest.mark.parametrize(
    "error", [Ended(signal.SIGTERM), KeyboardInterrupt(), OSError(28, "No space left on device")], ids=repr
)
@pytest.mark.each_once
def test_what_could_not_be_completed_is_gone(
    name: str, error: BaseException, write: Write, place: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_: int) -> None:
        raise error

    if name in REPLACING:
        place.write_text("as it was")
    monkeypatch.setattr(os, "fsync", fsync)
    code = write(name)[0]
    if isinstance(error, OSError):
        assert code == (2 if name == "sample" else 1)
    else:
        assert code in (130, 143)
    monkeypatch.undo()
    assert left_in(place.parent) == ([place.name] if name in REPLACING else [])
    assert name not in REPLACING or place.read_text() == "as it was"
    assert database.rows("SELECT count(*) FROM users") == [(1,)]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_file_behind(
    environment: Path, database: Database, cli: Cli, number: signal.Signals
) -> None:
    """While the export waits for the lock of a writer, its file is there under a name of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW, str(environment / "all.jsonl")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        [partial] = environment.iterdir()
        assert stat.S_IMODE(partial.stat().st_mode) == 0o600
        process.send_signal(number)
        assert process.wait(20) == 128 + number
    assert left_in(environment) == []


_SLOW = """
import sys, time
from usercli.cli.main import run
from usercli.services import exports

def slow(*arguments, **options):
    print("writing", flush=True)
    time.sleep(30)

exports.export_blocks = slow
sys.exit(run(["export", sys.argv[1]]))
"""


# -- the reject file, which a later run goes on with


@pytest.fixture
def bad(environment: Path) -> Path:
    (environment / "bad.csv").write_text(BAD)
    return environment / "rejects.csv"


RESUME = ("import", "bad.csv", "--skip-bad", "--resume", "--reject-file", "rejects.csv")


@pytest.mark.parametrize("kind", ["file", "pipe", "folder", "link"])
def test_a_resumed_import_writes_over_no_file_but_its_own(
    cli: Cli, environment: Path, bad: Path, kind: str
) -> None:
    (environment / "victim").write_text("precious")
    put(kind, bad, "precious", Path("victim"))
    before = bad.lstat()
    code, out, err = cli(*RESUME)
    assert (code in (1, 2), out) == (True, ""), err
    assert "rejects.csv" in err
    assert (bad.lstat().st_ino, bad.lstat().st_size) == (before.st_ino, before.st_size)
    assert (environment / "victim").read_text() == "precious"


@pytest.mark.parametrize("start", ["", "id,email"])
def test_a_resumed_import_goes_on_with_a_file_that_was_cut_in_its_header(cli: Cli, bad: Path, start: str) -> None:
    bad.write_text(start)
    bad.chmod(0o666)
    assert cli(*RESUME)[0] == 7
    assert [line.split(",")[1] for line in bad.read_text().splitlines()] == ["email", "nobody"]
    assert stat.S_IMODE(bad.stat().st_mode) == 0o600


def test_a_reject_file_that_was_taken_away_begins_anew(tmp_path: Path) -> None:
    from usercli.cli.reject_file import RejectFile
    from usercli.services.imports.loader import Reject

    path = tmp_path / "rejects.csv"
    with RejectFile(str(path), 5000) as rejects:
        rejects.write(Reject(3, "bad", {"email": "nobody"}))
        size = rejects.sync()
    assert (size, path.read_bytes().count(b"\0")) == (path.stat().st_size, 0)
    assert path.read_text().splitlines()[1].startswith(",nobody,")
    path.write_text("id,email\n")
    with pytest.raises(UserCliError, match="exists already"), RejectFile(str(path), 5000):
        pass


def test_a_whole_import_that_fails_takes_its_reject_file_along(cli: Cli, environment: Path, bad: Path) -> None:
    command = ("import", "bad.csv", "--skip-bad", "--reject-file", "rejects.csv")
    (environment / "bad.csv").write_text(BAD + "no one\n")
    assert cli(*command, "--max-errors", "1")[0] == 2
    assert not bad.exists()
    assert cli(*command)[0] == 7
    assert len(bad.read_text().splitlines()) == 3


# -- the functions themselves


def test_a_file_that_must_be_new_is_not_put_over_one_that_came_meanwhile(tmp_path: Path) -> None:
    place = tmp_path / "file"
    with pytest.raises(FileExistsError), replace_atomically(place, must_be_new=True) as out:
        out.write(b"mine")
        place.write_text("theirs")
    assert (place.read_text(), left_in(tmp_path)) == ("theirs", ["file"])


def test_a_rename_that_fails_leaves_no_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", replace)
    for must_be_new in (True, False):
        writing = replace_atomically(tmp_path / "file", must_be_new=must_be_new)
        with pytest.raises(UserCliError, match="input/output error"), writing as out:
            out.write(b"mine")
    assert left_in(tmp_path) == []


def test_a_long_name_has_room(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 255)
    with replace_atomically(place) as out:
        out.write(b"mine")
    assert left_in(tmp_path) == [place.name]


def test_a_link_to_the_process_s_own_output_is_not_replaced(tmp_path: Path) -> None:
    """As /dev/stdout is, also where it was redirected to a regular file."""
    with (tmp_path / "redirected").open("wb") as output:
        place = tmp_path / "stdout"
        place.symlink_to(f"/proc/self/fd/{output.fileno()}")
        with pytest.raises(UserCliError, match="not a regular file"), replace_atomically(place):
            pass
    assert (place.is_symlink(), left_in(tmp_path)) == (True, ["redirected", "stdout"])


@pytest.mark.parametrize("path", [".", "..", "", "/", "file/under", "no/folder"])
def test_what_is_no_place_for_a_file_is_named(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserCliError, match="cannot write"), replace_atomically(path):
        pass
    assert left_in(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_takes_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    make_private_folder(folder)
    folder.chmod(0o300)
    try:
        with replace_atomically(folder / "file") as out:
            out.write(b"mine")
    finally:
        with suppress(OSError):
            folder.chmod(0o700)
    assert left_in(folder) == ["file"]
