"""Apache's htpasswd: lines of NAME:HASH. https://httpd.apache.org/docs/2.4/misc/password_encryptions.html"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep, ldap
from usercli.readers.foreign_user import ForeignUser
from usercli.readers.text_source import BadLine, numbered_lines

#: The columns of shadow, passwd and group, whose third is a number, and what begins LDIF and JSON.
_OTHER = re.compile(r"[^:]*:(?:[^:]*:\d*(?::[^:]*){6}|[^:]*:\d+(?::[^:]*){4}|[x*!]*:\d+:[^:]*|\s.*)|[\[{\"].*")
_HTDIGEST = re.compile(r"[^:]*:[0-9a-f]{32}")  # REALM:MD5, in a file of htdigest


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of an htpasswd file. Raises InvalidInput if the first line is not NAME:HASH."""
    first = 0
    for number, line in numbered_lines(source):
        if isinstance(line, BadLine):
            yield BadRecord(number, line.reason)
            continue
        row = line.strip("\r\n")
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        name, colon, rest = row.partition(":")
        first = first or number
        is_pair = bool(colon and name) and not _OTHER.fullmatch(row)
        if number == first and not is_pair:
            raise InvalidInput(f"line {number}: not NAME:HASH, so not a file of htpasswd")
        if not is_pair:
            yield BadRecord(number, "not NAME:HASH")
            continue
        yield ForeignUser(login=name, attributes={"username": name}, secret=_secret(rest)).record(number, options)
    if not first:
        raise InvalidInput("the file is empty: not a file of htpasswd")


def _secret(rest: str) -> Secret:
    """The second column; in nginx a comment may follow another colon."""
    if _HTDIGEST.fullmatch(rest):
        return Secret(unsupported="htdigest")
    stored = rest.partition(":")[0]
    return ldap(stored) if stored.startswith("{") else keep(stored)
