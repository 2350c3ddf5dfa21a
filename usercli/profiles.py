"""The profiles of the configuration file: each names a database, and may protect it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from usercli.config_file import PROFILE_KEYS, ConfigFile, refuse_unknown, require_private
from usercli.database import url as database_url
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, ProfileNotFound
from usercli.schemas.user_table import parse_user_table
from usercli.targets import ProfileView, Target
from usercli.text import similar, suggestion, visible

#: Where a URL that cannot be read seems to hold a password.
_PASSWORD = re.compile(r"://[^/@]*:[^/]+@")
_AS_IN = 'add one, as in: url = "postgresql://user@host:5432/database"'


class Profiles(Mapping[str, Target]):
    """The profiles by name. One with a mistake stops whoever asks for it, and nobody else.

    `service_files` tell where libpq looks for a service. Raises InvalidInput for a password that others can read.
    """

    def __init__(self, file: ConfigFile, service_files: Mapping[str, str]) -> None:
        sections = file.values.get("profiles", {})
        if not isinstance(sections, dict):
            raise InvalidInput("profiles in the configuration file must be sections: [profiles.name]")
        self._file, self._service_files = file, service_files
        self._sections: dict[str, Any] = sections
        self._targets: dict[str, Target] = {}
        self._urls: dict[str, DatabaseUrl] = {}  # also of profiles with another mistake
        self._holds_password = False
        self.mistakes: dict[str, InvalidInput] = {}
        for name, section in sections.items():
            try:
                self._targets[name] = self._parse(name, section)
            except InvalidInput as error:
                self.mistakes[name] = error
        if file.path is not None and self._holds_password:
            require_private(file.path, file.mode)

    def __getitem__(self, name: str) -> Target:
        if name in self.mistakes:
            raise self.mistakes[name]
        return self._targets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sections)

    def __len__(self) -> int:
        return len(self._sections)

    def named(self, name: str) -> Target:
        """The profile of that name. Raises ProfileNotFound, InvalidInput."""
        if name in self._sections:
            return self[name]
        if self._sections:
            near = suggestion(name, self._sections)
            raise ProfileNotFound(f"no such profile: {name}{near} (known: {', '.join(self._sections)})")
        raise ProfileNotFound(f"no such profile: {name}; none are configured{self._way_to_make_one()}")

    def _way_to_make_one(self) -> str:
        if self._file.path is None:
            return ""
        shown = visible(str(self._file.path))
        if self._file.path.is_file():
            return f" in {shown}: a profile is a section [profiles.NAME] with a url"
        return f"; to write a sample of {shown}, run: usercli config init"

    def section(self, name: str | None) -> dict[str, Any]:
        """What the file says of a profile that was found; nothing without one."""
        return {} if name is None else dict(self._sections[name])

    def shown(self) -> Iterator[ProfileView]:
        """All of them, secrets masked, and what is wrong with each."""
        for name, section in self._sections.items():
            url, target, mistake = self._urls.get(name), self._targets.get(name), self.mistakes.get(name)
            yield ProfileView(
                name=name,
                database=url.masked if url else "",
                protected=isinstance(section, dict) and section.get("protected") is True,
                read_url=target.read_url.masked if target and target.read_url else None,
                mistake=mistake.message if mistake else None,
            )

    def protecting(self, url: DatabaseUrl) -> list[str]:
        """The profiles that protect this database. Raises InvalidInput where a mistake hides whether one does."""
        found = []
        for name, section in self._sections.items():
            if self._may_protect(section) and (name not in self._urls or self._urls[name].same_target(url)):
                if mistake := self.mistakes.get(name):
                    raise InvalidInput(
                        f"a mistake hides whether a profile protects this database: {mistake.message}"
                    )
                found.append(name)
        return found

    @staticmethod
    def _may_protect(section: Any) -> bool:
        """Also `protectd = true`, and what is no section."""
        if not isinstance(section, dict):
            return True
        return any(value is not False and similar("protected", [key]) for key, value in section.items())

    def _parse(self, name: str, section: Any) -> Target:
        shown = visible(name)
        if not isinstance(section, dict):
            raise InvalidInput(f"the profile {shown} must be a section: [profiles.{shown}]")
        if isinstance(section.get("url"), str):
            self._urls[name] = self._url(name, section["url"])
        refuse_unknown(section, PROFILE_KEYS, f"profile {shown}")
        if name not in self._urls:
            raise InvalidInput(f"the profile {shown} has no url in the configuration file; {_AS_IN}")
        if not isinstance(section.get("protected", False), bool):
            raise InvalidInput(f"protected in profile {shown} must be true or false")
        url = self._urls[name]
        read_url = self._url(name, section["read_url"]) if "read_url" in section else None
        if read_url is not None and "sqlite" in {url.engine, read_url.engine}:
            raise InvalidInput(f"read_url in profile {shown} must be a replica of a PostgreSQL database")
        if "table" in section:
            parse_user_table(section["table"], f"profile {shown}")
        return Target(url, f"profile {name}", name, read_url=read_url)

    def _url(self, name: str, text: Any) -> DatabaseUrl:
        if not isinstance(text, str):
            raise InvalidInput(f"read_url in profile {visible(name)} must be a URL")
        try:
            parsed = database_url.parse(text, self._service_files)
        except InvalidInput as error:
            self._holds_password = self._holds_password or bool(_PASSWORD.search(text))
            raise InvalidInput(f"profile {visible(name)}: {error.message}") from None
        self._holds_password = self._holds_password or bool(parsed.password)
        return parsed
