"""Set, reset, expire and examine passwords. Hashing happens before a transaction is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.hash_forms import HashKind, identify, require_hash
from usercli.models.user import DISABLED_PASSWORD
from usercli.passwords import PasswordHasher, generate
from usercli.schemas.passwords import Finding, Found, PasswordReport, Scheme, TooCostly
from usercli.schemas.users import Change, UserKey, UserUpdate, UserView
from usercli.services import user_events
from usercli.services.password_rules import NewPassword
from usercli.services.policy import PasswordPolicy
from usercli.services.users import commit_users, update_users
from usercli.times import utcnow

#: Called with (email, secret) pairs before the commit; what it raises undoes the change.
OnSecrets = Callable[[Sequence[tuple[str, str]]], None]


@retried
def set_password(
    key: UserKey,
    hashed_password: str | None,
    uow: UnitOfWork,
    *,
    must_change: bool = False,
    before_commit: Callable[[UserView], None] | None = None,
) -> Change:
    """Give a user a password by its hash, or none. Raises UserNotFound, and InvalidInput for what is no hash."""
    if hashed_password is not None:
        hashed_password = require_hash(hashed_password)
    with uow.change("password.set", [key]):
        [user] = uow.users.pick([key], lock=True)
        before = user_events.snapshot(user)
        user.hashed_password = DISABLED_PASSWORD if hashed_password is None else hashed_password
        user.password_changed_at = uow.now()
        user.must_change_password = must_change
        uow.users.save(user)
        user_events.changed(uow, "password.set", user, before, password=True)
        if before_commit is not None:
            before_commit(UserView.model_validate(user))
        return commit_users(uow, [user], [user])


@retried
def set_new_password(
    key: UserKey,
    password: NewPassword,
    uow: UnitOfWork,
    *,
    must_change: bool = False,
    before_commit: Callable[[UserView], None] | None = None,
) -> Change:
    """Give a user a password that the rules allow, checked and hashed before the transaction begins.

    Raises UserNotFound, PasswordRefused, InvalidInput.
    """
    with uow:
        [user] = uow.users.pick([key])
        about = user.email, user.full_name
    with uow.attempt("password.set", [key]):
        hashed = password.hashed(*about, dry_run=uow.dry_run)
    return set_password(key, hashed, uow, must_change=must_change, before_commit=before_commit)


def require_generated_length(keys: Sequence[UserKey], length: int, policy: PasswordPolicy, uow: UnitOfWork) -> None:
    """Raise PasswordRefused if the policy wants more characters than a reset of these users would make."""
    with uow.attempt("password.reset", keys):
        policy.check_length(length)


@retried
def reset_passwords(
    keys: Sequence[UserKey],
    uow: UnitOfWork,
    hasher: PasswordHasher,
    *,
    on_secrets: OnSecrets,
    make_secret: Callable[[], str] = generate,
) -> Change:
    """Give users new random passwords that they must change at the next sign-in, all or none.

    `on_secrets` gets the pairs before the commit. Raises UserNotFound.
    """
    with uow:
        ids = [user.id for user in uow.users.pick(keys)]
    secrets = [] if uow.dry_run else [make_secret() for _ in ids]
    hashes = list(hasher.hash_all(secrets))
    with uow.change("password.reset", keys):
        users = uow.users.pick([UserKey(typed=str(user_id), id=user_id) for user_id in ids], lock=True)
        if not uow.dry_run:
            now = uow.now()
            for user, hashed in zip(users, hashes, strict=True):
                before = user_events.snapshot(user)
                user.hashed_password, user.password_changed_at = hashed, now
                user.must_change_password = True
                uow.users.save(user)
                user_events.changed(uow, "password.reset", user, before, password=True)
            on_secrets([(user.email, secret) for user, secret in zip(users, secrets, strict=True)])
        return commit_users(uow, users, users)


def expire_passwords(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
    """Users must choose a new password at the next sign-in. Raises UserNotFound."""
    return update_users(keys, UserUpdate(must_change_password=True), uow, action="password.expired")


def audit_passwords(
    uow: UnitOfWork, hasher: PasswordHasher, *, older_than: timedelta | None = None
) -> PasswordReport:
    """Count users outside the bin by scheme and cost, and by what is wrong with their hashes.

    `shared` counts the users whose hash another user has as well: it was copied.
    """
    with uow:
        return report_on(
            uow.users.hashes(),
            lambda: uow.users.count_sharing_a_hash(DISABLED_PASSWORD),
            hasher,
            hasher.below_policy,
            older_than,
        )


def report_on(
    hashes: Iterable[tuple[str, datetime | None]],
    count_shared: Callable[[], int],
    hasher: PasswordHasher,
    below_policy: Callable[[HashKind], bool],
    older_than: timedelta | None = None,
) -> PasswordReport:
    """Count hashes, each with the time of its password, by scheme and cost, and by what is wrong with them."""
    schemes: Counter[tuple[str, int | None]] = Counter()
    findings: Counter[Finding] = Counter()
    too_costly: Counter[Literal["time", "memory"]] = Counter()
    total = 0
    cutoff = utcnow() - older_than if older_than is not None else None
    for stored, changed_at in hashes:
        total += 1
        kind = identify(stored)
        schemes[kind.label if kind.is_sure else kind.scheme, kind.cost] += 1
        if kind.scheme == "disabled":
            findings["unusable"] += 1
        elif not kind.usable:
            findings[kind.scheme] += 1  # type: ignore[index]  # the three other unusable kinds are findings
        elif hasher.lacks(kind):
            findings["unsupported"] += 1
        elif not kind.work.is_bounded():
            too_costly["memory" if kind.work.is_too_large else "time"] += 1
        elif below_policy(kind):
            findings["below_policy"] += 1
        if kind.usable and cutoff is not None and (changed_at is None or changed_at < cutoff):
            findings["old"] += 1
    if shared := count_shared():
        findings["shared"] = shared
    return PasswordReport(
        total=total,
        findings=[Found(finding=name, users=count) for name, count in sorted(findings.items())],
        too_costly=[TooCostly(bound=bound, users=count) for bound, count in sorted(too_costly.items())],
        schemes=[
            Scheme(scheme=name, cost=cost, users=count)
            for (name, cost), count in sorted(schemes.items(), key=lambda item: (item[0][0], item[0][1] or 0))
        ],
    )
