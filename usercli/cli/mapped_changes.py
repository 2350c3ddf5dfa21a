"""The commands that change the users of another program's table, and db upgrade beside it.

Each has the parameters of the command in whose place it runs; an option that needs what the table does not have is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from usercli.cli.context import Invocation
from usercli.cli.output.writer import Output
from usercli.cli.password_input import SecretDelivery, SecretSource, require_secret_destination
from usercli.cli.user_actions import apply_to_each, say_change
from usercli.cli.user_arguments import parse_user
from usercli.cli.user_selection import Selection
from usercli.errors import Refused

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork
    from usercli.schemas.mapped_users import MappedChange, MappedUserView
    from usercli.schemas.user_table import UserTable
    from usercli.schemas.users import Change, UserKey
    from usercli.services.password_rules import NewPassword

_BRIEF = ("id", "email", "full_name", "is_active")

#: What an option needs that no such table has.
_LACKS = {
    "expires": "has no column for an expiry",
    "attribute": "has no column for attributes",
    "attribute_json": "has no column for attributes",
    "unset_attribute": "has no column for attributes",
    "must_change": "has no column that demands a new password",
    "if_version": "has no column for a version",
    "role": "has no column for roles; run: usercli role grant",
    "add_role": "has no column for roles; run: usercli role grant",
    "remove_role": "has no column for roles; run: usercli role revoke",
    "scheme": "takes passwords in the scheme of its program",
    "password_hash_stdin": "takes passwords, and the hash is made in the scheme of its program",
}


def create(
    invocation: Invocation,
    email: str,
    name: str | None,
    inactive: bool,
    secret: SecretSource,
    if_not_exists: bool,
    **others: Any,
) -> None:
    """create: one row."""
    table = table_of(invocation)
    _require_known(table, **others, scheme=secret.scheme, password_hash_stdin=secret.password_hash_stdin)
    if inactive and not table.active:
        raise Refused(f"{table.name} has no column that keeps a user out")
    if not (table.password or secret.no_password):
        raise Refused(f"{table.name} has no column that keeps password hashes; add --no-password")
    output = output_of(invocation)
    secret.require_one(invocation)
    from usercli.schemas.users import UserCreate
    from usercli.services import mapped_changes as service
    from usercli.services.mapped_passwords import MappedHasher

    domains = {"special_use_domains": invocation.settings.special_use_domains}
    given = {"email": email, "full_name": name or "", "is_active": not inactive}
    data = UserCreate.model_validate(given, context=domains)
    uow = invocation.changing()
    if secret.is_asked and not if_not_exists:
        service.require_new(data.email, uow, table)
    hasher = MappedHasher(table, invocation.settings)
    password = secret.read(invocation)
    new_password = None if password is None else _new_password(invocation, secret, password, hasher)
    with SecretDelivery(invocation, secret.secret_out) as out:

        def deliver(user: MappedUserView) -> None:
            if secret.generate and password is not None:
                out.deliver([(user.email or "", password)])

        change = service.create_user(
            data,
            uow,
            table,
            hasher,
            new_password=new_password,
            if_not_exists=if_not_exists,
            before_commit=deliver,
        )
    show_change(invocation, output, change, "created")


def update(
    invocation: Invocation,
    selection: Selection,
    email: str | None,
    name: str | None,
    active: bool | None,
    continue_: bool,
    allow_no_admin: bool = False,  # noqa: ARG001 - nobody administers by a role of ours there
    **others: Any,
) -> None:
    """update: the fields that are named."""
    table = table_of(invocation)
    _require_known(table, **others)
    from usercli.schemas.users import UserUpdate

    given = {"email": email, "full_name": name, "is_active": active}
    given = {field: value for field, value in given.items() if value is not None}
    domains = {"special_use_domains": invocation.settings.special_use_domains}
    data = UserUpdate.model_validate(given, context=domains)
    values = {field: getattr(data, field) for field in given}
    _update(invocation, selection, values, "updated", "user.updated", continue_)


def activate(invocation: Invocation, selection: Selection, continue_: bool) -> None:
    """activate: by the column that keeps a user out."""
    _update(invocation, selection, {"is_active": True}, "activated", "user.activated", continue_)


def deactivate(
    invocation: Invocation,
    selection: Selection,
    continue_: bool,
    allow_no_admin: bool = False,  # noqa: ARG001 - nobody administers by a role of ours there
) -> None:
    """deactivate: by the column that keeps a user out."""
    _update(invocation, selection, {"is_active": False}, "deactivated", "user.deactivated", continue_)


def _update(
    invocation: Invocation, selection: Selection, values: dict[str, Any], verb: str, action: str, each: bool
) -> None:
    from usercli.services import mapped_changes as service

    table = table_of(invocation)

    def operation(keys: Sequence[UserKey], uow: UnitOfWork) -> MappedChange:
        return service.update_users(keys, values, uow, table, action=action)

    apply_to_users(invocation, keys_of(invocation, selection), verb, operation, each)


def password_set(invocation: Invocation, user: str, secret: SecretSource, must_change: bool) -> None:
    """password set: in the scheme of the program."""
    table = table_of(invocation)
    _require_known(
        table, must_change=must_change, scheme=secret.scheme, password_hash_stdin=secret.password_hash_stdin
    )
    if secret.no_password:
        raise Refused(f"--no-password is refused on {table.name}: its program says how a user has none")
    output = output_of(invocation)
    secret.require_one(invocation)
    from usercli.services import mapped_changes as service
    from usercli.services.mapped_passwords import MappedHasher

    key = parse_user(invocation, user, reads_stdin=secret.reads_stdin)
    hasher = MappedHasher(table, invocation.settings)
    _users(invocation, [key])  # a wrong name shows before the question
    uow = invocation.changing()
    password = secret.read(invocation)
    new_password = None if password is None else _new_password(invocation, secret, password, hasher)

    def hashes(found: Sequence[MappedUserView]) -> list[str]:
        about = (found[0].email or "", found[0].full_name or "")
        return [(new_password.hashed(*about) if new_password else None) or ""]

    with SecretDelivery(invocation, secret.secret_out) as out:

        def deliver(users: Sequence[MappedUserView]) -> None:
            if secret.generate and password is not None:
                out.deliver([(users[0].email or "", password)])

        change = service.set_passwords([key], hashes, uow, table, before_commit=deliver)
    show_change(invocation, output, change, "set the password of")


def password_reset(
    invocation: Invocation,
    selection: Selection,
    length: int | None,
    words: int | None,
    secret_out: str | None,
    generate: bool,  # noqa: ARG001 - what is done anyway
) -> None:
    """password reset: random ones, in the scheme of the program."""
    table = table_of(invocation)
    output = output_of(invocation)
    require_secret_destination(secret_out)
    source = SecretSource(generate=True, length=length, words=words)
    source.require_allowed(invocation)
    from usercli.services import mapped_changes as service
    from usercli.services.mapped_passwords import MappedHasher

    keys = keys_of(invocation, selection)
    hasher = MappedHasher(table, invocation.settings)
    found = _users(invocation, keys)
    uow = invocation.changing()
    if len(found) > 1:
        invocation.confirm(f"reset the password of {len(found):,} users")
    made: list[str] = []

    def hashes(users: Sequence[MappedUserView]) -> list[str]:
        made[:] = [source.make() for _ in users]
        return list(hasher.hash_all(made))

    with SecretDelivery(invocation, secret_out) as out:

        def deliver(users: Sequence[MappedUserView]) -> None:
            if made:
                out.deliver([(user.email or "", secret) for user, secret in zip(users, made, strict=True)])

        change = service.set_passwords(keys, hashes, uow, table, action="password.reset", before_commit=deliver)
    show_change(invocation, output, change, "reset the password of")
    if change.changed:
        invocation.warn(
            f"{table.name} has no column that demands a new password: these hold until they are changed"
        )


def db_upgrade(invocation: Invocation, revision: str) -> None:
    """db upgrade: our own schema; their table is only looked at."""
    from usercli.schemas.database import REVISION_FIELDS

    output = Output(invocation.options, REVISION_FIELDS)
    invocation.require_unprotected()
    if revision != "head":
        raise Refused(f"beside {table_of(invocation).name} the schema of usercli is upgraded to head alone")
    from usercli.database import mapped_schema, migrations

    url = invocation.target.url
    if invocation.dry_run:
        run = migrations.pending(url, revision)
    else:
        run = mapped_schema.upgrade(
            url,
            table_of(invocation),
            on_wait=lambda: invocation.info("another usercli is migrating this database; waiting"),
        )
        done = f"upgraded to {run[-1].revision}" if run else "the schema is already up to date"
        invocation.info(f"{done} on {invocation.target}, in the schema {url.schema}")
    output.many(
        {"revision": script.revision, "down_revision": script.down_revision, "description": script.doc.rstrip(".")}
        for script in run
    )


def keys_of(invocation: Invocation, selection: Selection) -> Sequence[UserKey]:
    """The users that are named. Raises Refused for a selection by what the table may not tell."""
    if selection.match:
        raise Refused(f"--match is refused on {table_of(invocation).name}; name the users, as list -q prints them")
    return selection.keys(invocation, "")


def apply_to_users(
    invocation: Invocation,
    keys: Sequence[UserKey],
    verb: str,
    operation: Callable[[Sequence[UserKey], UnitOfWork], MappedChange],
    each: bool,
) -> None:
    """Do it to all or none, or to each on its own, then show what was done."""
    output = output_of(invocation)
    uow = invocation.changing()
    if each:
        apply_to_each(invocation, keys, uow, operation, lambda done: show_change(invocation, output, done, verb))
    else:
        show_change(invocation, output, operation(keys, uow), verb)


def show_change(invocation: Invocation, output: Output, change: Change, verb: str) -> None:
    """Say what was done, and print the users with the fields that the table has."""
    say_change(invocation, change, verb)
    plain = (user.model_dump(mode="json") for user in change.users)
    shown: Any = [{name: user[name] for name in output.columns} for user in plain]
    fields = [name for name in _BRIEF if name in output.columns]
    output.change(change.model_copy(update={"users": shown}), fields, fields)


def output_of(invocation: Invocation) -> Output:
    """What shows the fields that the table has."""
    return Output(invocation.options, table_of(invocation).fields)


def table_of(invocation: Invocation) -> UserTable:
    """The table of the other program."""
    assert invocation.mapped_users is not None  # noqa: S101 - the command runs only there
    return invocation.mapped_users.table


def _users(invocation: Invocation, keys: Sequence[UserKey]) -> list[MappedUserView]:
    assert invocation.mapped_users is not None  # noqa: S101 - the command runs only there
    return invocation.mapped_users.show(keys)


def _new_password(invocation: Invocation, secret: SecretSource, password: str, hasher: Any) -> NewPassword:
    from usercli.services.password_rules import NewPassword, configured_policy

    return NewPassword(password, hasher, None if secret.skip_policy else configured_policy(invocation.settings))


def _require_known(table: UserTable, **given: Any) -> None:
    """Raise Refused for an option that needs what no such table has."""
    for option, value in given.items():
        if option in _LACKS and not (value is None or value is False):
            raise Refused(f"--{option.replace('_', '-')} is refused: {table.name} {_LACKS[option]}")
