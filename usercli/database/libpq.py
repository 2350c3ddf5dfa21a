"""What stands around a PostgreSQL URL: the variables of libpq and its service files, in libpq's order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from usercli.database.url_options import LIBPQ, require_value
from usercli.errors import InvalidInput
from usercli.text import visible

_QUOTES = ("'", '"', "`", "\u2018", "\u2019", "\u201c", "\u201d")

_NAMES_OF_THEIR_OWN = {
    "dbname": "PGDATABASE",
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
_WITH_VARIABLE = """
application_name channel_binding connect_timeout dbname gssdelegation gssencmode gsslib host hostaddr krbsrvname
load_balance_hosts max_protocol_version min_protocol_version options passfile password port require_auth requirepeer
ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode sslcrl sslcrldir sslkey sslmode sslnegotiation
sslrootcert sslsni target_session_attrs user
"""

#: libpq's variables and the options that they give; the encoding of a session is usercli's own.
VARIABLES = {
    _NAMES_OF_THEIR_OWN.get(name, f"PG{name.replace('_', '').upper()}"): name for name in _WITH_VARIABLE.split()
}

#: Those that name a database without a URL.
SELECTING = ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGDATABASE", "PGUSER")

#: Those that complete a name; alone they name no database, but nobody who sets them means the embedded file.
COMPLETING = ("PGPORT", "PGPASSWORD")

#: Where distributions compile libpq to look when PGSYSCONFDIR is not set.
_SYSTEM_FOLDERS = ("/etc/postgresql-common", "/etc/sysconfig/pgsql", "/etc")


def trimmed(text: str, what: str) -> str:
    """The text without the blanks and line ends around it. Raises InvalidInput for quotes around it.

    A secret's file ends with a line end; a shell takes quotes away, `docker run --env-file` does not.
    """
    text = text.strip()
    if text.startswith(_QUOTES) and text.endswith(_QUOTES):
        raise InvalidInput(f"{what} has quotes around it; remove them")
    return text


def surroundings(variables: Mapping[str, str], service: str = "", source: str = "") -> dict[str, str]:
    """The options that the service and the variables give, by libpq's names; the service first.

    `service` is the one that a URL names, `source` where the variables stand. Raises InvalidInput.
    """
    found = {}
    for variable, name in VARIABLES.items():
        what = f"{source} {variable}".strip()
        if value := trimmed(variables.get(variable, ""), what):
            require_value(name, value, what)
            found[name] = value
    what = f"{source} PGSERVICE".strip()
    service = service or trimmed(variables.get("PGSERVICE", ""), what)
    return {**found, **read_service(service, variables)} if service else found


def read_service(name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """What the service files say of a service. Raises InvalidInput."""
    looked_at = []
    for path in _service_files(variables):
        found = _section(path, name)
        if found is not None:
            return found
        looked_at.append(visible(str(path)))
    places = " or ".join(looked_at) or "~/.pg_service.conf"
    raise InvalidInput(f"there is no service {visible(name)} in {places}; see PGSERVICE and PGSERVICEFILE")


def _service_files(variables: Mapping[str, str]) -> Iterator[Path]:
    """Those that are there: the user's, then the system's."""
    if given := trimmed(variables.get("PGSERVICEFILE", ""), "PGSERVICEFILE"):
        if not Path(given).is_file():
            raise InvalidInput(f"there is no file {visible(given)}, which PGSERVICEFILE names")
        yield Path(given)
    else:
        try:
            own = Path("~/.pg_service.conf").expanduser()
        except RuntimeError:  # no home folder
            own = None
        if own is not None and own.is_file():
            yield own
    system = variables.get("PGSYSCONFDIR")
    for folder in (system,) if system else _SYSTEM_FOLDERS:
        if (path := Path(folder) / "pg_service.conf").is_file():
            yield path


def _section(path: Path, name: str) -> dict[str, str] | None:
    """A section of a service file; None when there is none. The first line of an option counts."""
    found: dict[str, str] | None = None
    for number, line in enumerate(_lines(path), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("["):
            if found is not None:
                break
            found = {} if text.startswith(f"[{name}]") else None
        elif found is not None:
            option, value = _option(text, f"line {number} of {visible(str(path))}")
            found.setdefault(option, value)
    return {option: value for option, value in found.items() if value} if found is not None else None


def _option(text: str, place: str) -> tuple[str, str]:
    option, sign, value = text.partition("=")
    if not sign or option not in LIBPQ:
        raise InvalidInput(f"{place} is not an option of libpq (option=value, without blanks around the =)")
    if option == "service":
        raise InvalidInput(f"{place} names another service; write its options out")
    require_value(option, value, f"{option} in {place}")
    return option, value


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").split("\n")
    except UnicodeDecodeError:
        raise InvalidInput(f"cannot read {visible(str(path))}; it must be UTF-8 text") from None
    except OSError as error:
        raise InvalidInput(f"cannot read {visible(str(path))}: {(error.strerror or 'error').lower()}") from None
