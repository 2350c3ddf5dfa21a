"""How a secret comes in, and how a generated one goes out. Never by argv, never by an environment variable."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.lazy_group import flag
from usercli.errors import InvalidInput, OutcomeUnknown
from usercli.text import counted, csv_cell, visible

if TYPE_CHECKING:
    from usercli.services.password_rules import NewPassword

ALL_SOURCES = (
    "--password-stdin, --password-file FILE, --password-fd N, --generate, --password-hash-stdin or --no-password"
)
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class SecretSource:
    """The options by which a password comes in; at most one way may be chosen."""

    password_stdin: Annotated[bool, flag("--password-stdin", "Read the password from standard input.")] = False
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read it from a file that only you can read.")
    ] = None
    password_fd: Annotated[int | None, typer.Option(metavar="N", help="Read it from this file descriptor.")] = None
    generate: Annotated[bool, flag("--generate", "Make a random one; shown once, or see --secret-out.")] = False
    length: Annotated[
        int | None, typer.Option(metavar="N", min=8, max=128, help="With --generate: how many characters (20).")
    ] = None
    words: Annotated[
        int | None, typer.Option(metavar="N", min=5, max=40, help="With --generate: a passphrase of N words.")
    ] = None
    secret_out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="With --generate: a new file for email,password (CSV, 0600)."),
    ] = None
    password_hash_stdin: Annotated[
        bool, flag("--password-hash-stdin", "Read a password hash from standard input.")
    ] = False
    no_password: Annotated[bool, flag("--no-password", "No password: nobody can sign in with one.")] = False
    skip_policy: Annotated[bool, flag("--skip-policy", "Accept what the policy refuses; needs --reason.")] = False
    scheme: Annotated[
        str | None, typer.Option(metavar="NAME", help="bcrypt, or bcrypt_sha256 for more than 72 bytes.")
    ] = None

    def require_one(self, invocation: Invocation, *, ways: str = ALL_SOURCES) -> None:
        """Raise InvalidInput unless the options fit together, and a secret can come from somewhere."""
        chosen = [
            name
            for name, given in (
                ("--password-stdin", self.password_stdin),
                ("--password-file", self.password_file is not None),
                ("--password-fd", self.password_fd is not None),
                ("--generate", self.generate),
                ("--password-hash-stdin", self.password_hash_stdin),
                ("--no-password", self.no_password),
            )
            if given
        ]
        if len(chosen) > 1:
            raise InvalidInput(f"choose one of: {', '.join(chosen)}")
        if not self.generate and (self.length or self.words or self.secret_out):
            raise InvalidInput("--length, --words and --secret-out require --generate")
        if self.skip_policy and not invocation.options.reason:
            raise InvalidInput("--skip-policy needs --reason TEXT")
        if not chosen and not invocation.can_ask:
            raise InvalidInput(f"a password is needed: add {ways}")
        if self.password_fd is not None:
            _require_open(self.password_fd)
        if self.generate:
            self.require_allowed(invocation)
            require_secret_destination(self.secret_out)

    def require_allowed(self, invocation: Invocation) -> None:
        """What is generated will be long enough for the policy. Raises InvalidInput, PasswordRefused."""
        self.require_one_kind()
        if self.length and not self.skip_policy:
            from usercli.services.password_rules import configured_policy

            configured_policy(invocation.settings).check_length(self.length)

    def require_one_kind(self) -> None:
        """Raise InvalidInput if both characters and words are asked for."""
        if self.length and self.words:
            raise InvalidInput("choose one of: --length, --words")

    def read(self, invocation: Invocation, *, twice: bool = True) -> str | None:
        """The secret; None for --no-password. Asks on the terminal if nothing was chosen. Raises InvalidInput."""
        if self.no_password or (invocation.dry_run and (self.generate or (twice and not self._given))):
            return None  # a dry run of a change asks nothing and makes nothing
        if self.generate:
            return self.make()
        if self.password_stdin or self.password_hash_stdin:
            return one_line(_from_stdin(), "standard input")
        if self.password_file is not None:
            return one_line(_from_file(self.password_file), "the password file")
        if self.password_fd is not None:
            return one_line(_from_fd(self.password_fd), f"file descriptor {self.password_fd}")
        return _ask(invocation, twice)

    @property
    def is_asked(self) -> bool:
        """Nothing was chosen: a person is asked."""
        return not (self._given or self.generate or self.no_password)

    @property
    def reads_stdin(self) -> str | None:
        """The option by which the secret comes on standard input."""
        if self.password_hash_stdin:
            return "--password-hash-stdin"
        if self.password_fd == 0:
            return "--password-fd 0"
        return "--password-stdin" if self.password_stdin else None

    @property
    def _given(self) -> bool:
        return (
            self.password_stdin
            or self.password_hash_stdin
            or self.password_file is not None
            or self.password_fd is not None
        )

    def make(self) -> str:
        """A generated secret."""
        from usercli.passwords import generate, generate_words

        return generate_words(self.words) if self.words else generate(self.length or 20)

    def new_password(self, invocation: Invocation, secret: str | None) -> NewPassword:
        """The secret with the rules that these options and the settings ask for. Raises InvalidInput."""
        from usercli.services.password_rules import NewPassword, configured_hasher, configured_policy

        if secret is None or self.password_hash_stdin:
            return NewPassword(secret)
        hasher = configured_hasher(invocation.settings, self.scheme)
        policy = None if self.skip_policy else configured_policy(invocation.settings)
        return NewPassword(secret, hasher, policy)


NO_SECRET = SecretSource()


def require_secret_destination(secret_out: str | None, *, more: str = "") -> None:
    """A generated secret must reach somebody: a file, or the terminal. Raises InvalidInput.

    `more` is what else is missing where there is no terminal, and the command.
    """
    if secret_out is None and not (sys.stderr is not None and sys.stderr.isatty()):
        raise InvalidInput(f"there is no terminal to show the generated password on; add --secret-out FILE{more}")
    if secret_out is not None and os.path.lexists(secret_out):
        raise InvalidInput(f"{secret_out} exists already; --secret-out requires a new file")


class SecretDelivery:
    """Where generated secrets go: a file that is complete before the commit, or the terminal after it.

    As a context manager around the change it removes the file when the change did not happen. Where nobody
    knows whether it did, the secrets are handed out, and that is said.
    """

    def __init__(self, invocation: Invocation, path: str | None) -> None:
        self._invocation, self._path = invocation, path
        self._pairs: Sequence[tuple[str, str]] = ()
        self._created = self._complete = False

    def __enter__(self) -> SecretDelivery:
        return self

    def deliver(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Called before the commit. Raises InvalidInput if the file cannot be written."""
        self._pairs = pairs
        if self._path is not None:
            self._remove()  # that of an attempt before
            self._write(self._path)
        self._complete = True

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # an interrupt after delivery may have come while committing
        unknown = self._complete and (isinstance(error, OutcomeUnknown) or not isinstance(error, Exception))
        if error is not None and unknown:
            there = f"the passwords stay in {self._path}" if self._path is not None else "keep these passwords"
            self._invocation.warn(f"{there}: they may be in force")
            self._show()
        elif error is not None:
            self._remove()
        else:
            self._show()
            if self._created:
                number = len(self._pairs)
                self._invocation.info(f"wrote {counted(number, 'password')} to {self._path}")

    def _remove(self) -> None:
        if self._created and self._path is not None:
            Path(self._path).unlink(missing_ok=True)
            self._created = False

    def _show(self) -> None:
        if self._path is None:
            for email, secret in self._pairs:
                self._invocation.info(f"{email}: {secret}")

    def _write(self, path: str) -> None:
        from usercli.private_files import create_file, sync_folder, write_error
        from usercli.schemas.imports import SECRET_FIELDS

        try:
            descriptor = create_file(path)
            self._created = True
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
                out.write(",".join(SECRET_FIELDS) + "\n")
                for email, secret in self._pairs:
                    out.write(f"{csv_cell(email)},{csv_cell(secret)}\n")
                out.flush()
                os.fsync(out.fileno())
            sync_folder(Path(path).parent)
        except FileExistsError:
            raise InvalidInput(f"{path} exists already; --secret-out requires a new file") from None
        except OSError as error:
            raise write_error(path, error) from None


def one_line(data: bytes, place: str) -> str:
    """The secret in these bytes: one trailing newline (LF or CRLF) is taken off, all else is kept.

    Raises InvalidInput for what cannot be one: nothing, two lines, NUL, not UTF-8.
    """
    if data.endswith(b"\n"):
        data = data[:-2] if data.endswith(b"\r\n") else data[:-1]
    if not data:
        raise InvalidInput(f"the password from {place} is empty")
    if b"\n" in data:
        raise InvalidInput(f"there is more than one line in {place}; a password is one line")
    if b"\0" in data:
        raise InvalidInput(f"the password from {place} contains a NUL byte")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(f"the password from {place} is not valid UTF-8") from None


def _from_stdin() -> bytes:
    if sys.stdin is None:
        raise InvalidInput("standard input is closed; there is no password to read")
    if sys.stdin.isatty():
        return sys.stdin.buffer.readline()
    return _bounded(sys.stdin.buffer.read(_MAX_BYTES + 1), "standard input")


def _from_file(path: str) -> bytes:
    try:
        with open(path, "rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                raise InvalidInput(f"others can read {visible(path)}; run: chmod 600 {visible(path)}")
            return _bounded(source.read(_MAX_BYTES + 1), "the password file")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {(error.strerror or 'error').lower()}") from None


def _require_open(number: int) -> None:
    """The caller opened it. Later the number may belong to a file of our own, or to the database."""
    try:
        os.fstat(number)
    except (OSError, OverflowError):
        raise InvalidInput(f"cannot read file descriptor {number}: it is not open") from None


def _from_fd(number: int) -> bytes:
    try:
        with os.fdopen(number, "rb", closefd=False) as source:
            data = source.read(_MAX_BYTES + 1)
    except (OSError, ValueError):
        raise InvalidInput(f"cannot read file descriptor {number}") from None
    return _bounded(data, f"file descriptor {number}")


def _bounded(data: bytes, place: str) -> bytes:
    if len(data) > _MAX_BYTES:
        raise InvalidInput(f"what comes from {place} is too long for a password")
    return data


def _ask(invocation: Invocation, twice: bool) -> str:
    import getpass

    if not invocation.can_ask:
        raise InvalidInput(f"a password is needed: add {ALL_SOURCES}")
    try:
        secret = getpass.getpass("password: ", stream=sys.stderr)
        if not secret:
            raise InvalidInput("the password is empty")
        if twice and getpass.getpass("password again: ", stream=sys.stderr) != secret:
            raise InvalidInput("the two passwords differ; nothing was changed")
    except InvalidInput:
        raise
    except BaseException as error:  # what is said next starts on a line of its own
        invocation.info("")
        if isinstance(error, UnicodeDecodeError):
            raise InvalidInput("the password is not valid UTF-8") from None
        raise
    return secret
