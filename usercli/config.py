"""Settings: where each comes from, which one wins, and how secrets are masked.

The order is part of the scripting contract: an option, then an explicit profile, then the environment,
then .env, then the configuration file, then the embedded SQLite file.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from usercli.config_file import ConfigFile, read_config_file, require_private
from usercli.database import url as database_url
from usercli.database.pool import PoolSettings as PoolSettings  # public here too
from usercli.database.timeouts import Timeouts
from usercli.errors import Hint, InvalidInput, ProfileNotFound, ProtectedTarget, WrongTarget
from usercli.profiles import Profiles
from usercli.schemas.user_table import MAPPED_SCHEMA, UserTable, parse_user_table
from usercli.targets import (
    URL_VARIABLES,
    of_completing_variables,
    of_option,
    of_variables,
)
from usercli.targets import Target as Target
from usercli.text import visible

T = TypeVar("T")

PREFIX = "USERCLI_"

#: OWASP Password Storage Cheat Sheet: a work factor of 10 is the minimum for bcrypt.
LOWEST_COST = 10

#: Name code that is run: whoever can write into the working directory must not choose it.
_NOT_IN_DOTENV = frozenset({"migrations"})


@dataclass(frozen=True)
class Setting:
    """One value and where it was found."""

    name: str
    value: Any
    source: str


SETTING_FIELDS = tuple(field.name for field in fields(Setting))


class _Typed(Generic[T]):
    """A setting as an attribute of its own type."""

    def __set_name__(self, _: type[Settings], name: str) -> None:
        self._name = name

    def __get__(self, settings: Settings, _: type[Settings] | None = None) -> T:
        value: T = settings.get(self._name).value
        return value


class Settings:
    """Everything that was configured for this run.

    `database_url` and `profile` are what the command line gave; `environ` and `folder` are the process's
    environment and working directory. Raises InvalidInput, ProfileNotFound.
    """

    special_use_domains = _Typed[tuple[str, ...]]()
    password_scheme = _Typed[str]()
    password_min_length = _Typed[int]()
    blocklist = _Typed[str]()
    pepper_file = _Typed[str]()
    service_name = _Typed[str]()
    require_reason = _Typed[bool]()
    max_changes = _Typed[int]()
    pool_size = _Typed[int]()
    pool_overflow = _Typed[int]()
    pool_timeout = _Typed[int]()
    pool_recycle = _Typed[int]()
    connect_timeout = _Typed[int]()
    lock_timeout = _Typed[int]()
    statement_timeout = _Typed[int]()
    network_timeout = _Typed[int]()
    migrations = _Typed[tuple[str, ...]]()
    schema = _Typed[str]()
    version_table = _Typed[str]()
    echo = _Typed[bool]()
    user_columns = _Typed[tuple[str, ...]]()

    def __init__(
        self,
        *,
        database_url: str | None = None,
        profile: str | None = None,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._url_option, self._profile_option = database_url, profile
        self.environ = os.environ if environ is None else environ
        self._folder = folder or Path()

    @cached_property
    def path(self) -> Path:
        """Where the configuration file is, or would be. Raises InvalidInput for a user without a home folder."""
        import platformdirs

        try:
            if given := self.environ.get(f"{PREFIX}CONFIG"):
                return Path(given).expanduser()
            return platformdirs.user_config_path("usercli").expanduser() / "config.toml"
        except RuntimeError:  # a container's user without a name, and no HOME; of platformdirs, or of expanduser
            raise InvalidInput(f"there is no home folder; set HOME, or name the file: {PREFIX}CONFIG") from None

    @property
    def dotenv_path(self) -> Path:
        """Where .env is, or would be."""
        return self._folder / ".env"

    @cached_property
    def dotenv(self) -> dict[str, str]:
        """What .env in the working directory says."""
        path = self.dotenv_path
        if not path.is_file():
            return {}
        from dotenv import dotenv_values

        try:
            found = dotenv_values(path, interpolate=False)
        except (OSError, UnicodeDecodeError):
            raise InvalidInput(f"cannot read {visible(str(path))}; it must be UTF-8 text") from None
        naming = (f"{PREFIX}PROFILE", *URL_VARIABLES)  # an empty one is a mistake
        return {name: value for name, value in found.items() if value or (value == "" and name in naming)}

    @cached_property
    def _config_file(self) -> ConfigFile:
        try:
            path = self.path
        except InvalidInput:  # no home folder: no file in it
            return ConfigFile()
        return read_config_file(path)

    @property
    def file(self) -> dict[str, Any]:
        """The configuration file; empty when there is none."""
        return self._config_file.values

    @cached_property
    def profiles(self) -> Profiles:
        """The profiles of the configuration file, by name. Raises InvalidInput."""
        return Profiles(self._config_file, self._service_files)

    @cached_property
    def user_table(self) -> UserTable | None:
        """The table of another program that the profile in use administers; None for tables of our own."""
        profile = self._named_target.profile
        section = self.profiles.section(profile).get("table")
        return None if section is None else parse_user_table(section, f"profile {visible(profile or '')}")

    @property
    def _service_files(self) -> dict[str, str]:
        """Where libpq looks for a service: all of the environment that a profile depends on."""
        names = ("PGSERVICEFILE", "PGSYSCONFDIR")
        return {name: self.environ[name] for name in names if name in self.environ}

    @cached_property
    def target(self) -> Target:
        """The database this run works on. Raises InvalidInput, ProfileNotFound."""
        found = self._named_target
        names = [field.name for field in fields(Timeouts) if self._is_given(f"{field.name}_timeout")]
        timeouts = Timeouts(**{name: self.get(f"{name}_timeout").value for name in names})
        names = ["version_table", "echo", "user_columns", *(["schema"] if found.url.engine == "postgresql" else [])]
        given = {name: self.get(name).value for name in names if self._is_given(name)}
        read_url = found.read_url and replace(found.read_url, timeouts=timeouts, **given)
        return replace(found, url=replace(found.url, timeouts=timeouts, **given), read_url=read_url)

    @cached_property
    def _named_target(self) -> Target:
        found = self._found()
        database_url.require_direct(found.url, self.environ)
        if found.source.startswith(".env") and found.profile is None and found.url.password:
            self._require_private_dotenv(found.url.password)
        return found

    def _require_private_dotenv(self, password: str) -> None:
        if password != self.environ.get("PGPASSWORD"):  # which may complete what .env says
            require_private(path := self._folder / ".env", path.stat().st_mode)

    def _found(self) -> Target:
        for option, given in (("--database-url", self._url_option), ("--profile", self._profile_option)):
            if given is not None and not given.strip():  # an unset variable must not lead to another database
                raise InvalidInput(f"{option} is empty; leave it out to use the configured database")
        if self._url_option:
            return of_option(self._url_option, self.environ)
        if self._profile_option:
            return self._named(self._profile_option, "--profile")
        if (name := self.environ.get(f"{PREFIX}PROFILE")) is not None:
            return self._named(name, f"environment {PREFIX}PROFILE")
        found = of_variables(self.environ, "environment", self.environ) or self._from_dotenv()
        if found:
            return found
        if (name := self.file.get("default_profile")) is not None:
            return self._named(str(name), "configuration file default_profile")
        return (
            of_completing_variables(self.environ, "environment")
            or of_completing_variables(self.dotenv, ".env")
            or Target(database_url.sqlite_file(self._embedded()), "default")
        )

    def _named(self, name: str, source: str) -> Target:
        if not name.strip():
            raise InvalidInput(f"{source} is empty; unset it to use the configured database")
        try:
            return replace(self.profiles.named(name), source=source)
        except ProfileNotFound as error:
            place = "" if source == "--profile" else f"{source}: "
            raise ProfileNotFound(f"{place}{error.message}") from None

    def _from_dotenv(self) -> Target | None:
        if (name := self.dotenv.get(f"{PREFIX}PROFILE")) is not None:
            return self._named(name, f".env {PREFIX}PROFILE")
        return of_variables(self.dotenv, ".env", {**self.environ, **self.dotenv})

    def _embedded(self) -> Path:
        import platformdirs

        try:
            return platformdirs.user_data_path("usercli").expanduser() / "usercli.db"
        except RuntimeError:
            raise InvalidInput(
                "there is no home folder for the embedded database; set HOME, or name a database",
                hint=Hint.NAME_DATABASE,
            ) from None

    @property
    def protection(self) -> str | None:
        """The protected profile whose database this run would change, however it is reached."""
        return next(iter(self._protecting), None)

    @cached_property
    def _protecting(self) -> list[str]:
        return self.profiles.protecting(self.target.url)

    def require_target(self, name: str) -> None:
        """Raise ProfileNotFound for no profile, WrongTarget for one of another database than that in use."""
        if not name:
            raise InvalidInput("--target is empty; leave it out, or name the profile that you mean to change")
        named = self.profiles.named(name)
        if not named.url.same_target(self.target.url):
            raise WrongTarget(
                f"--target names {named}, but the database in use is {self.target} ({self.target.source}); "
                f"to work on {name} add: --profile {shlex.quote(name)}"
            )

    def require_unprotected(self, target_option: str | None) -> None:
        """Raise ProtectedTarget unless the database is not protected or was named by `--target`."""
        if self.protection and target_option not in self._protecting:
            raise ProtectedTarget(self.target.url.where, self.protection)

    def get(self, name: str) -> Setting:
        """A setting of KNOWN: environment, .env, the profile's section, the top of the file, the default.

        .env lies where the command is called: what holds for a profile it may tighten, not loosen.
        """
        from usercli.settings_values import KNOWN, is_as_strict

        variable = PREFIX + name.upper()
        dotenv = self._dotenv_setting(name, variable)
        if given := self._first(name, [(self.environ.get(variable), f"environment {variable}")]):
            return given
        own = self._first(name, [(dotenv, f".env {variable}")])
        filed = self._first(name, self._filed(name))
        if own and filed and self._named_target.profile and not is_as_strict(name, own.value, filed.value):
            return filed
        return own or filed or Setting(name, KNOWN[name], "default")

    def _is_given(self, name: str) -> bool:
        """Whether it has a value besides the default; known without loading what reads values."""
        variable = PREFIX + name.upper()
        filed = any(value is not None for value, _ in self._filed(name))
        return filed or variable in self.environ or variable in self.dotenv

    @staticmethod
    def _first(name: str, places: list[tuple[Any, str]]) -> Setting | None:
        from usercli.settings_values import parse_setting

        for value, source in places:
            if value is not None:
                try:
                    return Setting(name, parse_setting(name, value), source)
                except InvalidInput as error:
                    raise InvalidInput(f"the setting {name} ({source}) is not valid: {error}") from None
        return None

    def _dotenv_setting(self, name: str, variable: str) -> str | None:
        if name in _NOT_IN_DOTENV and variable in self.dotenv:
            raise InvalidInput(
                f"{variable} in .env would choose code to run; "
                "put it into the environment or the configuration file"
            )
        return self.dotenv.get(variable)

    def _filed(self, name: str) -> list[tuple[Any, str]]:
        places = [(self.file.get(name), "configuration file")]
        if name == "schema" and self.user_table is not None:
            places.append((MAPPED_SCHEMA, "default"))
        if profile := self._named_target.profile:
            places.insert(0, (self.profiles.section(profile).get(name), f"profile {profile}"))
        return places

    @property
    def bcrypt_cost(self) -> int:
        """The logarithm of bcrypt's rounds. Raises InvalidInput below 10 (OWASP) without USERCLI_UNSAFE=1."""
        setting = self.get("bcrypt_cost")
        if setting.value < LOWEST_COST and self.environ.get(f"{PREFIX}UNSAFE") != "1":
            raise InvalidInput(
                f"the setting bcrypt_cost ({setting.source}) is below {LOWEST_COST}; "
                "only tests may do so, with USERCLI_UNSAFE=1"
            )
        return int(setting.value)

    @property
    def pool(self) -> PoolSettings:
        """The pool of connections of a service that embeds the package."""
        return PoolSettings(self.pool_size, self.pool_overflow, self.pool_timeout, self.pool_recycle)

    def shown(self) -> list[Setting]:
        """All settings, secrets masked."""
        from usercli.settings_values import KNOWN

        target, table = self.target, self.user_table
        rows = [
            Setting("database_url", target.url.masked, target.source),
            Setting("profile", target.profile, target.source if target.profile else "default"),
            Setting("protected_by", self.protection, "configuration file" if self.protection else "default"),
            self._file_shown(),
        ]
        rows += [Setting("table", table.name, f"profile {target.profile}")] if table else []
        return rows + [self._as_text(self.get(name)) for name in KNOWN]

    def _file_shown(self) -> Setting:
        try:
            return Setting("config_file", visible(str(self.path)), "file" if self.path.is_file() else "not there")
        except InvalidInput:
            return Setting("config_file", None, "no home folder")

    @staticmethod
    def _as_text(setting: Setting) -> Setting:
        return replace(setting, value=", ".join(setting.value)) if isinstance(setting.value, tuple) else setting
