"""LDIF (RFC 2849), as slapcat, ldapsearch and most directories write it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from typing import BinaryIO

from usercli.errors import InvalidInput
from usercli.hash_encodings import unbase64
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.directory import (
    GROUP_CLASSES,
    MEMBER_ATTRIBUTES,
    Entry,
    directory_user,
    normalized,
    other_kind,
    rdn_value,
    text_of,
)
from usercli.readers.foreign_user import InvalidRecord
from usercli.readers.text_source import BadLine, numbered_lines, seekable

_READ = frozenset(
    {"dn", "mail", "uid", "cn", "sn", "givenname", "displayname", "userpassword", "memberof", *MEMBER_ATTRIBUTES}
)
_MAX_ENTRY_BYTES = 16 << 20
#: With what the lines begin that ldapsearch writes between and behind the entries.
_OF_A_SEARCH = frozenset({"search", "ref"})
#: What a line takes in memory besides its text.
_LINE_BYTES = 200


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of a directory. The file is read twice, since groups usually come after their members."""
    with seekable(source, "ldif") as file:
        start = file.tell()
        groups = _memberships(file)
        file.seek(start)
        for entry in _entries(file):
            if entry.error is not None:
                yield BadRecord(entry.line, entry.error)
            elif (kind := other_kind(entry)) is not None:
                options.left_out.entries[kind] += 1
            else:
                try:
                    yield directory_user(entry, "ldif_id", groups, options.left_out).record(entry.line, options)
                except InvalidRecord as error:
                    yield BadRecord(entry.line, error.reason)


def _memberships(file: BinaryIO) -> dict[str, list[str]]:
    """The groups of each member, by DN or, for memberUid, by `uid:` and the login name."""
    groups: dict[str, list[str]] = {}
    for entry in _entries(file):
        if entry.error is not None or not entry.classes & GROUP_CLASSES:
            continue
        name = entry.first("cn") or rdn_value(entry.dn)
        for attribute in MEMBER_ATTRIBUTES:
            for member in entry.all(attribute):
                key = f"uid:{member}" if attribute == "memberuid" else normalized(member)
                groups.setdefault(key, []).append(name)
    return groups


def _entries(file: BinaryIO) -> Iterator[Entry]:
    """Each entry. Raises InvalidInput if the file does not begin as LDIF does, or an entry is too large."""
    for is_entry, lines in groupby(_require_ldif(_unfolded(file)), lambda numbered: numbered[1] != ""):
        if is_entry:
            entry = _entry(lines)
            begins = next(iter(entry.values | entry.optional), None)
            if not entry.is_named and begins is not None and begins not in _OF_A_SEARCH:
                entry.refuse(entry.line, "an entry without a dn; the empty line before it may be one too many")
            if entry.dn or entry.error:
                yield entry


def _require_ldif(lines: Iterator[tuple[int, str | BadLine]]) -> Iterator[tuple[int, str | BadLine]]:
    """The same lines. Raises InvalidInput unless the first that is not blank begins LDIF."""
    has_begun = False
    for number, line in lines:
        if not has_begun and line != "":
            if isinstance(line, BadLine) or not line.lower().startswith(("dn:", "version:")):
                raise InvalidInput(f"line {number}: neither version: nor dn:, so not a file of ldif")
            has_begun = True
        yield number, line
    if not has_begun:
        raise InvalidInput("the file is empty: not a file of ldif")


def _entry(lines: Iterator[tuple[int, str | BadLine]]) -> Entry:
    entry, size = Entry(), 0
    for number, line in lines:
        entry.line = entry.line or number
        size += _LINE_BYTES + len(line.reason if isinstance(line, BadLine) else line)
        if size > _MAX_ENTRY_BYTES:
            raise InvalidInput(f"line {number}: an entry is larger than {_MAX_ENTRY_BYTES >> 20} MB (reading ldif)")
        if isinstance(line, BadLine):
            entry.refuse(number, line.reason)
        else:
            _add_attribute(entry, number, line)
    return entry


def _unfolded(file: BinaryIO) -> Iterator[tuple[int, str | BadLine]]:
    """Logical lines: one that begins with a blank continues the line before it. Comments are left out."""
    start, pieces, size = 1, [""], 0
    for number, line in chain(numbered_lines(file), [(0, "")]):  # the blank one completes the last line
        if isinstance(line, str) and line.startswith(" ") and pieces:
            pieces.append(line[1:].rstrip("\r\n"))
            size += len(pieces[-1])
            if size > _MAX_ENTRY_BYTES:
                raise InvalidInput(
                    f"line {start}: a value is larger than {_MAX_ENTRY_BYTES >> 20} MB (reading ldif)"
                )
            continue
        if pieces and not pieces[0].startswith("#"):
            yield start, "".join(pieces)
        if isinstance(line, BadLine):
            yield number, line
            pieces = []
        else:
            start, pieces, size = number, [line.rstrip("\r\n")], 0


def _add_attribute(entry: Entry, number: int, line: str) -> None:
    """Add one `name: value`, `name:: base64` or `name:< address` to the entry."""
    name, colon, rest = line.partition(":")
    name, has_options, _ = name.strip().lower().partition(";")
    if not colon or not name:
        entry.refuse(number, "not NAME: VALUE")
        return
    value: str | None = None
    if rest.startswith("<"):
        problem = f"the value of {name} is in another file"
    elif rest.startswith(":"):
        value, problem = text_of(name, unbase64(rest[1:].strip())), f"{name} is not base64 of UTF-8"
    else:
        value = rest.removeprefix(" ")
    if value is None:
        if name in _READ:  # others may be pictures or certificates
            entry.refuse(number, problem)
    elif name == "dn":
        if entry.is_named or entry.values or entry.optional:
            entry.refuse(number, "a dn inside an entry; the line before it must be empty")
        else:
            entry.dn, entry.is_named = value, True
    elif name == "version" and not entry.is_named:
        pass
    elif name == "changetype" and value.strip().lower() != "add":
        entry.refuse(number, "a change of a directory, not an entry of it")
    elif value:
        (entry.optional if has_options else entry.values).setdefault(name, []).append(value)
