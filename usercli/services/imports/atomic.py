"""Import users: all or nothing in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ExitCode, Hint, InvalidInput, UserCliError
from usercli.prefetch import prefetch
from usercli.readers import BadRecord
from usercli.schemas.imports import ImportSummary
from usercli.services.imports.loader import Loader, Reject
from usercli.services.imports.options import ImportOptions
from usercli.services.imports.validation import Checked, noop
from usercli.services.last_administrator import last_administrator_guard


class ImportFailed(UserCliError):
    """Records are bad; nothing was imported, or nothing beyond the `stands` first ones.

    The hint says what they would be imported with: `may_skip` them, `may_differ` from users who exist.
    """

    def __init__(
        self,
        rejects: Sequence[Reject | BadRecord],
        number: int,
        stands: int = 0,
        *,
        may_skip: bool = False,
        may_differ: bool = False,
    ) -> None:
        conflicts = all(isinstance(reject, Reject) and reject.code is ExitCode.CONFLICT for reject in rejects)
        records = "1 bad record" if number == 1 else f"{number:,} bad records"
        done = f"the first {stands:,} records are committed" if stands else "nothing was imported"
        help_ = Hint.ON_CONFLICT if conflicts and may_differ else Hint.SKIP_BAD
        super().__init__(f"{records} found; {done}", hint=help_ if may_skip else None)
        self.rejects = rejects
        self.exit_code = ExitCode.CONFLICT if conflicts else ExitCode.USAGE


def import_users(
    chunks: Iterable[Sequence[Checked]],
    uow: UnitOfWork,
    options: ImportOptions,
    *,
    on_reject: Callable[[Reject], None] = noop,
    on_progress: Callable[[ImportSummary], None] = noop,
    before_commit: Callable[[], object] = lambda: None,
    on_unsupported: Callable[[str], None] = noop,
    on_similar_role: Callable[[str, str], object] = noop,
    of_table: bool = False,
) -> ImportSummary:
    """Import in one transaction. Raises ImportFailed with the first bad records, LastAdministrator.

    `before_commit` is the last moment to fail.
    """
    loader = Loader(
        uow,
        options,
        on_reject,
        on_unsupported=on_unsupported,
        on_similar_role=on_similar_role,
        of_table=of_table,
    )
    with uow.change("user.imported"):
        uow.bulk.lock_imports()
        with ExitStack() as guards:
            loader.begin(lambda: guards.enter_context(administrator_guard(uow, options)))
            for batch in prefetch(loader.prepared(chunks)):
                loader.load(batch)
                on_progress(loader.summary)
            loader.finish()
            require_good(loader)
        before_commit()
        if loader.changes_anything:
            uow.commit()
            loader.summary.change_id = None if uow.dry_run else uow.change_id
    return loader.summary


def require_good(loader: Loader, stands: int = 0) -> None:
    """Raise ImportFailed if a record was bad and must not be."""
    if loader.too_many_rejects:
        may_skip = not loader.options.skip_bad
        fails = loader.options.on_conflict == "fail"
        raise ImportFailed(loader.rejects, loader.summary.rejected, stands, may_skip=may_skip, may_differ=fails)


def administrator_guard(uow: UnitOfWork, options: ImportOptions) -> AbstractContextManager[None]:
    """The last administrator stays, where users who exist may be changed."""
    if options.on_conflict == "update":
        return last_administrator_guard(uow, allow_none=options.allow_no_admin)
    return nullcontext()


def require_no_conflict(options: ImportOptions) -> None:
    """Options that contradict. Raises InvalidInput."""
    if options.update_passwords and options.on_conflict != "update":
        raise InvalidInput("update_passwords requires on_conflict='update'")
    if options.max_errors is not None and not options.skip_bad:
        raise InvalidInput("max_errors requires skip_bad")
