"""Migrations of applications that keep tables of their own beside ours (docs/application-tables.md).

Each has a folder of revisions and a version table of its own, so that usercli upgrades without the folder at
hand. They run after ours, on the same connection, in the same transaction and under the same lock.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import util
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import RevisionContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError, RevisionMap

from usercli.database import alembic_runner, schema_version
from usercli.database.revision_steps import run_steps
from usercli.database.url import DatabaseUrl
from usercli.errors import (
    Conflict,
    DatabaseUnavailable,
    InvalidInput,
    RevisionNotFound,
    SchemaNotCurrent,
    UserCliError,
)
from usercli.models import OWN_TABLES, Base
from usercli.text import visible

_TO_OURS = re.compile(rf"""['"](?:{"|".join(OWN_TABLES)})(?:\.\w+)?['"]""")
_ID_LENGTH = 32  # of Alembic's version_num
_STAMPED = re.compile(r"(.+)_(\d{8}_\d{4})")
#: Commands of plain Alembic that run env.py and change nothing.
_READING = frozenset({"current", "check", "history", "show"})


class _Scripts(ScriptDirectory):
    """The revisions of one application.

    What they need of ours (`depends_on`) stands in `needs`, out of Alembic's sight: it would look for it in
    this folder, and keep account of it in this version table.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.needs: dict[str, set[str]] = {}
        super().__init__(*arguments, **options)
        self.revision_map = _Revisions(self)

    def _load_revisions(self) -> Iterator[Script]:
        scripts = list(super()._load_revisions())
        own = {name for script in scripts for name in (script.revision, *script.branch_labels)}
        for script in scripts:
            self.hide_needs(script, own)
            yield script

    def hide_needs(self, script: Any, own: Collection[str]) -> None:
        """Note what a revision needs besides the application's own."""
        wanted: tuple[str, ...] = util.to_tuple(script.dependencies, default=())
        self.needs[script.revision] = set(wanted).difference(own)
        script.dependencies = tuple(name for name in wanted if name in own) or None

    def _generate_template(self, src: Any, dest: Any, **values: Any) -> None:
        """Let a new revision that refers to our tables say that it needs the newest of ours."""
        if _TO_OURS.search(values.get("upgrades") or ""):
            values["depends_on"] = schema_version.head()
        super()._generate_template(src, dest, **values)

    def _rev_path(self, path: Any, rev_id: str, message: Any, create_date: Any) -> Path:
        """Name a file by its date first, so that a folder lists them in order."""
        named = _STAMPED.fullmatch(rev_id)
        return super()._rev_path(path, f"{named[2]}_{named[1]}" if named else rev_id, message, create_date)


class _Revisions(RevisionMap):
    """The revisions of one application; of a new one, too, Alembic sees no needs of ours."""

    def __init__(self, scripts: _Scripts) -> None:
        super().__init__(scripts._load_revisions)
        self._scripts = scripts

    def add_revision(self, revision: Any, _replace: bool = False) -> None:
        self._scripts.hide_needs(revision, {name for name in self._revision_map if name})
        super().add_revision(revision, _replace)


@dataclass(frozen=True)
class Application:
    """An application whose migrations are configured. `place` is a package or an absolute folder."""

    version_table: str
    place: str

    @classmethod
    def parse(cls, entry: str) -> Application:
        """From an entry of the setting `migrations`: TABLE=PLACE."""
        table, _, place = entry.partition("=")
        return cls(table, place)

    @property
    def name(self) -> str:
        """`coachbot`, if the version table is `coachbot_version`."""
        return self.version_table.removesuffix("_version")

    @cached_property
    def folder(self) -> Path | None:
        """Where the migrations are; None when they are not at hand. Raises InvalidInput."""
        with self._errors():
            folders = [Path(self.place)] if self.place.startswith("/") else alembic_runner.folders_of(self.place)
        return next((folder for folder in folders if (folder / "env.py").is_file()), None)

    @cached_property
    def scripts(self) -> _Scripts:
        """The revisions, where there is a folder. Raises InvalidInput where they do not fit together."""
        with self._errors(), warnings.catch_warnings():
            warnings.simplefilter("error")  # so Alembic tells of a revision that is missing or there twice
            scripts = _Scripts(
                str(self.folder), file_template=alembic_runner.FILE_TEMPLATE, messaging_opts={"quiet": True}
            )
            scripts.get_heads()  # reads the files
        return scripts

    def holds(self, script: Script) -> bool:
        """The revision is one of this application's."""
        return self.folder is not None and Path(script.path).is_relative_to(self.folder.resolve())

    def history(self) -> list[Script]:
        """All revisions, oldest first."""
        with self._errors():
            return list(self.scripts.walk_revisions())[::-1]

    def heads(self) -> tuple[str, ...]:
        """The newest revisions: one, or one for each branch that is not merged yet."""
        return tuple(sorted(self.scripts.get_heads()))

    def current(self, connection: sa.Connection) -> tuple[str, ...]:
        """The revisions that the application's tables are at; empty before the first."""
        options = {"version_table": self.version_table}
        return tuple(sorted(MigrationContext.configure(connection, opts=options).get_current_heads()))

    def knows(self, revisions: Iterable[str]) -> bool:
        """All of them are in the folder."""
        return set(revisions) <= {script.revision for script in self.history()}

    def applied(self, heads: Sequence[str]) -> set[str]:
        """These revisions and all that lead to them. Raises DatabaseUnavailable for unknown ones."""
        if not self.knows(heads):
            raise DatabaseUnavailable(
                f"the tables of {self.name} are at revision {', '.join(heads)}, which its migrations here "
                f"do not know; install a newer {self.name}"
            )
        return {script.revision for head in heads for script in self.scripts.iterate_revisions(head, "base")}

    # -- which revisions

    def resolve(self, revision: str) -> str | None:
        """What Alembic calls a revision of this application; None if it is none.

        NAME@head, NAME@base, NAME@-1, NAME@REVISION, REVISION, or LABEL@head for a branch.
        """
        name, at, rest = revision.partition("@")
        if at and name == self.name:
            rest = "heads" if rest == "head" else rest
            if rest in {"heads", "base"} or re.fullmatch(r"[+-]\d+", rest) or self._knows(rest):
                return rest
            raise RevisionNotFound(f"no such revision of {self.name}: {rest}; see: usercli db history")
        known = self._knows(revision) if not at else rest == "head" and self._knows(name)
        return revision if known else None

    def _knows(self, name: str) -> bool:
        """A revision or a branch's label; whole, where Alembic takes the start of one."""
        scripts = self.history()
        return any(name == script.revision or name in script.branch_labels for script in scripts)

    def pending(self, connection: sa.Connection | None, target: str, ours: Iterable[Script]) -> list[Script]:
        """The revisions that an upgrade would run, once `ours` are there. Raises DatabaseUnavailable."""
        at = self.current(connection) if connection is not None else ()
        self.applied(at)
        scripts = self._way(self.scripts._upgrade_revs, target, at)  # as Alembic's own command does
        self._require_ours(scripts, {script.revision for script in ours})
        return scripts

    def _require_ours(self, scripts: Iterable[Script], there: Collection[str]) -> None:
        known = schema_version.revisions()
        for script in scripts:
            for need in sorted(self.scripts.needs[script.revision].difference(there)):
                run = "run: usercli db upgrade" if need in known else "install a newer usercli"
                raise DatabaseUnavailable(f"{script.revision} of {self.name} needs {need} of usercli; {run}")

    def undone(self, connection: sa.Connection, target: str) -> list[Script]:
        """The revisions that a downgrade would undo, newest first. Raises DatabaseUnavailable."""
        at = self.current(connection)
        self.applied(at)
        return self._way(self.scripts._downgrade_revs, target, at)

    def _way(self, steps: Callable[[str, Any], Iterable[Any]], target: str, at: Sequence[str]) -> list[Script]:
        try:
            return [step.revision for step in steps(target, at)]
        except util.CommandError:
            raise RevisionNotFound(
                f"there is no way to {target} from where the tables of {self.name} are; see: usercli db history"
            ) from None

    def needs_of_ours(self, connection: sa.Connection) -> set[str]:
        """The revisions of ours that the application's tables rest on."""
        applied = self.applied(self.current(connection))
        return {need for revision in applied for need in self.scripts.needs[revision]}

    def dropped(self, scripts: Sequence[Script]) -> list[tuple[str, str | None]] | None:
        """What undoing these would drop; None where the revisions want a connection to tell."""
        if not scripts:
            return []
        try:
            text = self._sql(DatabaseUrl("postgresql", "any"), scripts, scripts[0].revision, up=False)
        except Exception:  # a revision may do anything
            return None
        return [pair for pair in alembic_runner.dropped_by(text) if pair[0] != self.version_table]

    # -- going there

    def upgrade(self, connection: sa.Connection, target: str = "heads") -> list[Script]:
        """Run what is missing; the revisions that were run, in order. Raises DatabaseUnavailable, Conflict."""
        scripts = self.pending(connection, target, alembic_runner.applied(connection))
        self._move(connection, scripts, up=True)
        return scripts

    def downgrade(self, connection: sa.Connection, target: str) -> list[Script]:
        """Undo revisions; those that were undone, newest first. Raises DatabaseUnavailable, Conflict."""
        scripts = self.undone(connection, target)
        self._move(connection, scripts, up=False)
        return scripts

    def stamp(self, connection: sa.Connection, target: str) -> None:
        """Say that the tables are at a revision, without running anything."""
        self._run(lambda _, __: self.scripts._stamp_revs(target, ()), connection=connection, purge=True)

    def sql(self, url: DatabaseUrl, low: str, high: str, *, down: bool = False) -> str:
        """The SQL from a revision to another as text; no connection is made. Raises InvalidInput."""
        if down and not low:
            raise InvalidInput("a downgrade requires both: FROM:TO")
        start, end = self._known(low) if low else "", self._known(high)
        with self._errors():
            span = (start, end) if down else (end, start or "base")
            scripts = [script for script in self.scripts.iterate_revisions(*span) if isinstance(script, Script)]
        return self._sql(url, scripts if down else scripts[::-1], start, up=not down)

    def _known(self, revision: str) -> str:
        ends = {"head": "heads", "heads": "heads", "base": "base"}
        if found := ends.get(revision) or self.resolve(revision):
            return found
        raise RevisionNotFound(f"no such revision of {self.name}: {revision}; see: usercli db history")

    def _sql(self, url: DatabaseUrl, scripts: Sequence[Script], start: str, *, up: bool) -> str:
        out = io.StringIO()
        self._run(self._steps(scripts, up), url=url, out=out, as_sql=True, starting_rev=start or None)
        return out.getvalue()

    def differences(self, connection: sa.Connection) -> list[str]:
        """In what the application's tables and its models do not agree, a few words each."""
        found: list[str] = []

        def compare(_: Any, context: MigrationContext) -> list[Any]:
            metadata = context.opts["target_metadata"]
            found.extend(alembic_runner.describe_difference(item) for item in compare_metadata(context, metadata))
            return []

        self._run(compare, connection=connection, dont_mutate=True)
        return found

    def new_revision(self, message: str, connection: sa.Connection | None = None, *, merge: bool = False) -> Path:
        """Write a revision file: empty, or what the models have over a database, or one that merges the heads.

        Raises InvalidInput, SchemaNotCurrent.
        """
        heads = self.heads()
        if merge and len(heads) < 2:
            raise InvalidInput(f"{self.name} has one head; there is nothing to merge")
        if not merge and len(heads) > 1:
            raise InvalidInput(
                f"{self.name} has {len(heads)} heads: {', '.join(heads)}; "
                f"merge them first: usercli db revision --application {self.name} --merge -m TEXT"
            )
        if connection is not None and self.current(connection) != heads:
            raise SchemaNotCurrent(f"the tables of {self.name} are not at head; run: usercli db upgrade")
        stamp = alembic_runner.revision_stamp(script.revision for script in self.history())
        arguments = {
            **dict.fromkeys(("splice", "sql", "branch_label", "version_path", "depends_on")),
            "message": message,
            "rev_id": f"{self.name[: _ID_LENGTH - len(stamp) - 1]}_{stamp}",
            "head": heads or "base",
        }
        revision = RevisionContext(self._config(), self.scripts, arguments)

        def compare(at: Any, context: MigrationContext) -> list[Any]:
            revision.run_autogenerate(at, context)
            return []

        if connection is not None:
            self._run(compare, connection=connection, template_args=revision.template_args)
        with self._errors():
            [script] = revision.generate_scripts()
        return alembic_runner.written(script)

    def _move(self, connection: sa.Connection, scripts: Sequence[Script], *, up: bool) -> None:
        if not scripts:
            return
        ours = alembic_runner.current(connection)
        before = self.applied(self.current(connection))
        self._run(self._steps(scripts, up), connection=connection)
        moved = {script.revision for script in scripts}
        expected = before | moved if up else before - moved
        if alembic_runner.current(connection) != ours or self.applied(self.current(connection)) != expected:
            raise Conflict(
                f"the migrations of {self.name} did not keep to their version table {self.version_table}; "
                "let their env.py call usercli.database.applications.run"
            )

    def _steps(self, scripts: Sequence[Script], up: bool) -> Callable[[Any, Any], list[Any]]:
        steps = [RevisionStep(self.scripts.revision_map, script, up) for script in scripts]
        return lambda _, __: steps

    def _run(
        self,
        fn: Callable[[Any, MigrationContext], list[Any]],
        *,
        connection: sa.Connection | None = None,
        url: DatabaseUrl | None = None,
        out: Any = None,
        **options: Any,
    ) -> None:
        config = self._config(out)
        config.attributes.update(connection=connection, url=url, version_table=self.version_table)
        with self._errors(), EnvironmentContext(config, self.scripts, fn=fn, **options):
            self.scripts.run_env()

    def _config(self, out: Any = None) -> Config:
        return alembic_runner.new_config(self.folder, out)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        what = f"the migrations of {self.name} at {visible(self.place)}"
        try:
            with alembic_runner.alembic_errors(what):
                yield
        except RevisionError:
            raise InvalidInput(
                f"{what}: one of these does not lead to the other; see: usercli db history"
            ) from None
        except (ImportError, SyntaxError, KeyError, UserWarning) as error:
            raise InvalidInput(f"{what} cannot be loaded: {str(error).strip()}") from None


def run(
    context: Any,
    models: Iterable[type[Base]],
    configured: Callable[[Path], tuple[Application, DatabaseUrl]] | None = None,
) -> None:
    """Run the migrations of an application whose tables these models are (called by its env.py).

    `configured` finds the application of a folder, and the database, for plain Alembic, which only looks.
    """
    given = context.config.attributes
    if "version_table" not in given:
        _look(context, models, configured)
        return
    options = alembic_runner.run_options({str(model.__table__) for model in models}, given["version_table"])
    if context.is_offline_mode():
        context.configure(dialect_name=given["url"].engine, literal_binds=True, **options)
    else:
        context.configure(connection=given["connection"], **options)
    run_steps(context, given["url"].timeouts if given["url"] else None)


def _look(context: Any, models: Iterable[type[Base]], configured: Any) -> None:
    command = getattr(context.config.cmd_opts, "cmd", (None,))[0]
    if configured is None or getattr(command, "__name__", "") not in _READING or context.is_offline_mode():
        raise util.CommandError("these migrations are run by usercli: usercli db upgrade")
    try:
        application, url = configured(Path(context.script.dir))
        context.script.revision_map = application.scripts.revision_map  # which leaves ours out
        options = alembic_runner.run_options({str(item.__table__) for item in models}, application.version_table)
        with alembic_runner.reading(url) as connection:
            context.configure(connection=connection, **options)
            context.run_migrations()
    except UserCliError as error:
        raise util.CommandError(error.message) from None
