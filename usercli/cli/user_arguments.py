"""USER arguments: ids and emails, and `-` or `@FILE` for a list of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from usercli.cli.context import Invocation
from usercli.cli.error_text import file_name, name_file
from usercli.errors import Hint, InvalidInput
from usercli.text import visible

if TYPE_CHECKING:
    from usercli.schemas.users import UserKey

USERS_HELP = "Ids or emails; id: and email: force the kind. - reads them from standard input, @FILE from a file."
UsersArg = Annotated[list[str], typer.Argument(metavar="USER...", help=USERS_HELP)]

#: Lists without an end must not fill the memory.
_MOST_USERS = 1_000_000
_HEADERS = frozenset({"id", "email"})
_BETWEEN_COLUMNS = re.compile(r"[\t,;|]|(?<=\w) +")
_A_LIST = "a list has a user on each line, as list -q prints it"
#: Of an address (RFC 5321), and of an id; with what may stand before them.
_LONGEST = 400


def is_list(user: str) -> bool:
    """Does it stand for a list of users? No address begins with @."""
    return user == "-" or user.startswith("@")


def parse_users(invocation: Invocation, users: Sequence[str]) -> list[UserKey]:
    """The keys of USER arguments, those of lists in their place, each once. Raises InvalidInput."""
    files = [_file_of(user) for user in users if is_list(user)]
    if files.count("-") > 1:
        raise InvalidInput("- stands for standard input and can be given once")
    kind = _kind_of_keys(invocation)
    found: dict[object, UserKey] = {}
    for user in users:
        for key in _listed(invocation, _file_of(user), kind) if is_list(user) else [kind.parse(user)]:
            found.setdefault(key.email_key if key.id is None else key.id, key)
            if len(found) > _MOST_USERS:
                raise InvalidInput(f"more than {_MOST_USERS:,} users are named; split the list")
    return list(found.values())


def parse_user(invocation: Invocation, user: str, *, reads_stdin: str | None = None) -> UserKey:
    """The key of the only USER of a command; a list must name one. Raises InvalidInput.

    `reads_stdin` is an option that takes standard input for something else.
    """
    if reads_stdin and is_list(user) and _file_of(user) == "-":
        raise InvalidInput(f"- and {reads_stdin} contradict each other: both read standard input")
    keys = parse_users(invocation, [user])
    if len(keys) != 1:
        raise InvalidInput(f"one USER is wanted here; {_place(_file_of(user))} names {len(keys):,}")
    return keys[0]


def _file_of(user: str) -> str:
    """The file of a list; - is standard input."""
    path = "-" if user == "-" else user[1:]
    if is_list(user) and not path:
        raise InvalidInput("@ needs the name of a file: @people.txt")
    return path


def _place(file: str) -> str:
    return visible(file_name(file))


def _kind_of_keys(invocation: Invocation) -> type[UserKey]:
    """Keys with ids of ours, or of the table of another program that is mapped."""
    if invocation.mapped_users is not None:
        from usercli.schemas.mapped_users import MappedUserKey

        return MappedUserKey
    from usercli.schemas.users import UserKey

    return UserKey


def _listed(invocation: Invocation, file: str, kind: type[UserKey]) -> Iterator[UserKey]:
    """The users of a list, one on each line; blank lines and those that begin with # are passed over."""
    from usercli.readers.text_source import open_source

    if file == "-":
        _require_stdin(invocation)
    try:
        with open_source(file) as source:
            yield from _keys(_place(file), source, kind)
    except InvalidInput as error:
        if error.hint is Hint.FORMAT_XLSX:
            raise InvalidInput(f"{_place(file)} is a workbook; {_A_LIST}") from None
        name_file(error, file)
        raise


def _keys(place: str, source: BinaryIO, kind: type[UserKey]) -> Iterator[UserKey]:
    from usercli.readers.text_source import BadLine, numbered_lines

    for number, line in numbered_lines(source):
        here = f"{place}:{number}"
        if isinstance(line, BadLine):
            raise InvalidInput(f"{here}: {line.reason}")
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        first, *others = _BETWEEN_COLUMNS.split(text)
        if first in _HEADERS:
            raise InvalidInput(f"{here}: a header line; {_A_LIST}")
        if others or len(text) > _LONGEST:  # what stands beside a user may be a password: it is not repeated
            raise InvalidInput(f"{here}: not a user alone; {_A_LIST}")
        try:
            key = kind.parse(text)
        except InvalidInput as error:
            raise InvalidInput(f"{here}: {error.message}") from None
        yield key.model_copy(update={"place": here})


def _require_stdin(invocation: Invocation) -> None:
    """Raise InvalidInput if nobody can write there; tell a person at a terminal that it is read."""
    if sys.stdin is None:
        raise InvalidInput("standard input is closed; there are no users to read")
    if sys.stdin.isatty():
        if invocation.options.no_input:
            raise InvalidInput("- and --no-input contradict each other: standard input is a terminal")
        invocation.info("reading users, one on each line; Ctrl-D ends the list")
