"""The configuration file: TOML with settings and profiles, and the sample of one."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from usercli.errors import Conflict, InvalidInput, UserCliError
from usercli.private_files import make_private_folder, replace_atomically, write_error
from usercli.text import similar, suggestion, visible
from usercli.warning_log import warn

#: What a profile may hold besides settings.
PROFILE_KEYS = frozenset({"url", "read_url", "protected", "table"})

#: The place of a mistake, as tomllib tells it; of one at the end it tells none.
_AT = re.compile(r"\(at line (\d+), column (\d+)\)$")

SAMPLE = """\
# usercli configuration. `usercli config show` tells what is in force and where it comes from.

# The profile used when nothing else names a database (--profile, environment and .env come first).
# default_profile = "local"

# Domains reserved for special use (RFC 6761) that are allowed in emails all the same.
# special_use_domains = ["local", "test"]

# Passwords: how they are hashed (bcrypt, or bcrypt_sha256 for more than 72 bytes), and the policy.
# password_scheme = "bcrypt"
# bcrypt_cost = 12              # usercli password calibrate proposes one for this machine
# password_min_length = 15      # never below 8
# blocklist = "/etc/usercli/blocklist.txt"   # forbidden passwords, one a line, besides the shipped list
# service_name = "Example"      # a password made of it is refused
# pepper_file = "/etc/usercli/pepper"        # the pepper of hashes that came from Devise; chmod 600

# Connections of a service that embeds the package: kept, besides, seconds to wait, seconds of life.
# pool_size = 5
# pool_overflow = 10
# pool_timeout = 30
# pool_recycle = 1800

# Seconds to wait for a connection, for a lock, for a statement (0: no bound), and for a server that is silent.
# connect_timeout = 10
# lock_timeout = 30
# statement_timeout = 0
# network_timeout = 60

# On PostgreSQL, the schema of usercli's tables; and the table with their revision (default: alembic_version).
# schema = "usercli"
# version_table = "usercli_version"

# Applications with tables of their own beside ours: version table, and package or folder of the migrations.
# migrations = ["coachbot_version=coachbot.migrations"]

# Every SQL statement on stderr with its milliseconds, without values.
# echo = false

# Columns of the table users that belong to an application.
# user_columns = ["phone_number"]

# [profiles.local]
# url = "sqlite:////home/me/users.db"

# [profiles.production]
# url = "postgresql://usercli@db.example.com:5432/service"   # the password belongs in ~/.pgpass
# protected = true                                           # changing it needs --target production
# require_reason = true                                      # every change needs --reason
# max_changes = 100                                          # no change of more users at once
# read_url = "postgresql://usercli@replica.example.com/service"   # a streaming replica, for --replica
"""


@dataclass(frozen=True)
class ConfigFile:
    """What the file says, and who else may read it; without a file nothing and nobody.

    `path` is where it is, or would be; None without a home folder.
    """

    path: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)
    mode: int = 0


def read_config_file(path: Path) -> ConfigFile:
    """The file at that place, if there is one. Raises InvalidInput."""
    shown = visible(str(path))
    try:
        with open(path, "rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            data = source.read()
    except (FileNotFoundError, NotADirectoryError):
        return ConfigFile(path)
    except OSError as error:
        raise InvalidInput(f"cannot read {shown}: {(error.strerror or 'error').lower()}") from None
    values = _parse(data, shown)
    refuse_unknown(values, {"default_profile", "profiles"}, shown)
    return ConfigFile(path, values, mode)


def _parse(data: bytes, shown: str) -> dict[str, Any]:
    try:
        text = data.decode()
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        place, what = _place(data[: error.start].decode()), "is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        message, _, _ = str(error).rpartition(" (at ")
        found = _AT.search(str(error))
        place = f"{found[1]}:{found[2]}" if found else _place(text.rstrip())
        meant = "; a text stands in quotes" if message == "Invalid value" else ""
        what = f"is not valid TOML: {message[:1].lower()}{message[1:]}{meant}"
    raise InvalidInput(f"{shown}:{place}: this {what}; mend it there")


def _place(before: str) -> str:
    """The line and the column where a text goes on."""
    lines = before.split("\n")
    return f"{len(lines)}:{len(lines[-1]) + 1}"


def require_private(path: Path, mode: int) -> None:
    """A file with a password is for its owner. Raises InvalidInput if everybody, warns if its group may read it."""
    shown = visible(str(path))
    if os.name == "posix" and mode & stat.S_IRWXO:
        raise InvalidInput(f"{shown} contains a password and others can read it; run: chmod 600 {shown}")
    if os.name == "posix" and mode & stat.S_IRWXG:  # as a container mounts it
        warn(f"{shown} contains a password and its group can read it")


def refuse_unknown(section: Mapping[str, Any], names: Iterable[str], place: str) -> None:
    """Raise InvalidInput for a name that is neither one of these nor a setting's."""
    from usercli.settings_values import KNOWN

    known = sorted({*names, *KNOWN})
    for name in sorted(section.keys() - known):
        shown = visible(name) if "://" not in name else "a URL"  # which may hold a password
        what = f"unknown setting in {place}: {shown}"
        of_profile = [] if PROFILE_KEYS.issubset(known) else similar(name, PROFILE_KEYS)
        if name in of_profile or (of_profile and not similar(name, known)):
            raise InvalidInput(f"{what}; {of_profile[0]} belongs into a profile: [profiles.NAME]")
        raise InvalidInput(what + (suggestion(name, known) or f" (known: {', '.join(known)})"))


def write_sample(path: Path) -> None:
    """Write a commented sample configuration, 0600. Raises Conflict if a file is there, InvalidInput."""
    shown = visible(str(path))
    try:
        make_private_folder(path.parent)
        with replace_atomically(path, must_be_new=True) as out:
            out.write(SAMPLE.encode())
    except FileExistsError:
        raise Conflict(f"{shown} exists already; edit it, or remove it first") from None
    except OSError as error:
        raise InvalidInput(write_error(shown, error).message) from None
    except UserCliError as error:
        raise InvalidInput(error.message) from None
