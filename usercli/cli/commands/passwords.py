"""password set, reset, verify, expire, generate, audit, calibrate."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.output.writer import Output
from usercli.cli.password_input import (
    NO_SECRET,
    SecretDelivery,
    SecretSource,
    require_secret_destination,
)
from usercli.cli.user_actions import apply_to_users, show_change, user_output
from usercli.cli.user_arguments import parse_user
from usercli.cli.user_selection import NO_SELECTION, Selection
from usercli.errors import InvalidInput, Refused
from usercli.times import parse_span

if TYPE_CHECKING:
    from usercli.schemas.users import UserView

UserArg = Annotated[str, typer.Argument(metavar="USER", help="An id or email; id: and email: force the kind.")]

app = new_app("Set, reset, check and examine passwords.")


@app.callback()
@command
def password(invocation: Invocation) -> None:
    """Set, reset, check and examine passwords."""


@command
def set_(
    invocation: Invocation,
    user: UserArg,
    secret: SecretSource = NO_SECRET,
    must_change: Annotated[
        bool, typer.Option("--must-change", help="Require a new password at the next sign-in.", show_default=False)
    ] = False,
) -> None:
    """Give a user a password. Asks on a terminal, unless told where it comes from.

    \b
    Examples:
      usercli password set ada@example.com
      usercli password set ada@example.com --password-stdin < secret.txt
      usercli password set ada@example.com --generate --secret-out ada.csv
    """
    output = user_output(invocation)
    secret.require_one(invocation)
    from usercli.services import passwords as service
    from usercli.services.users import show_users

    key = parse_user(invocation, user, reads_stdin=secret.reads_stdin)
    show_users([key], invocation.reading())  # a wrong name shows before the question
    uow = invocation.changing()
    password = secret.read(invocation)
    new_password = secret.new_password(invocation, password)
    with SecretDelivery(invocation, secret.secret_out) as out:

        def deliver(view: UserView) -> None:
            if secret.generate and password is not None:
                out.deliver([(view.email, password)])

        change = service.set_new_password(key, new_password, uow, must_change=must_change, before_commit=deliver)
    show_change(invocation, output, change, "set the password of")


@command
def reset(
    invocation: Invocation,
    selection: Selection = NO_SELECTION,
    length: Annotated[int | None, typer.Option(metavar="N", min=8, max=128, help="Characters (20).")] = None,
    words: Annotated[
        int | None, typer.Option(metavar="N", min=5, max=40, help="A passphrase of N words instead.")
    ] = None,
    secret_out: Annotated[
        str | None, typer.Option(metavar="FILE", help="A new file for email,password (CSV, 0600).")
    ] = None,
    generate: Annotated[  # noqa: ARG001 - what is done anyway
        bool, typer.Option("--generate", help="As in password set; reset always does.", show_default=False)
    ] = True,
) -> None:
    """Give users random passwords that they must change at the next sign-in.

    On a terminal they are shown once; a script needs --secret-out, and for several users --yes.

    \b
    Examples:
      usercli password reset ada@example.com --secret-out new.csv
      usercli password reset --match role=editor --secret-out editors.csv --yes
    """
    output = user_output(invocation)
    selection.require_one_way()
    is_asked = len(selection.users or ()) != 1 or selection.users == ["-"]
    confirmed = not is_asked or invocation.options.yes or invocation.dry_run
    require_secret_destination(secret_out, more=_missing(selection, confirmed=bool(confirmed)))
    source = SecretSource(generate=True, length=length, words=words)
    from usercli.services import passwords as service
    from usercli.services.password_rules import configured_hasher, configured_policy
    from usercli.services.users import empty_change, show_users

    keys = selection.keys(invocation, "reset the password of", asked=True)
    found = show_users(keys, invocation.reading()) if keys else []
    uow = invocation.changing()
    if not found:
        show_change(invocation, output, empty_change(uow), "")
        return
    source.require_one_kind()
    if length:
        service.require_generated_length(keys, length, configured_policy(invocation.settings), uow)
    if is_asked:
        invocation.confirm(
            f"reset the password of {found[0].email if len(found) == 1 else f'{len(found):,} users'}"
        )
    with SecretDelivery(invocation, secret_out) as out:
        change = service.reset_passwords(
            keys,
            uow,
            configured_hasher(invocation.settings),
            on_secrets=out.deliver,
            make_secret=source.make,
        )
    show_change(invocation, output, change, "reset the password of")


def _missing(selection: Selection, *, confirmed: bool) -> str:
    """What else a reset in a script lacks, and for a user who is named the whole command."""
    if not confirmed:
        return " and --yes"
    if selection.match or len(selection.users or ()) != 1:
        return ""
    return f": usercli password reset {shlex.join(selection.users or ())} --secret-out new.csv"


@command
def verify(
    invocation: Invocation,
    user: UserArg,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.", show_default=False)
    ] = False,
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read it from a file that only you can read.")
    ] = None,
    password_fd: Annotated[int | None, typer.Option(metavar="N", help="Read it from this file descriptor.")] = None,
    no_rehash: Annotated[
        bool, typer.Option("--no-rehash", help="Leave an old hash as it is.", show_default=False)
    ] = False,
    record_login: Annotated[
        bool, typer.Option("--record-login", help="Count it as a sign-in.", show_default=False)
    ] = False,
) -> int:
    """Exit with 0 if a user may sign in with this password, else with 8; print nothing.

    Wrong, missing, disabled and expired look the same and take the same time.

    \b
    Example:
      usercli password verify ada@example.com --password-file secret.txt
    """
    from usercli.errors import ExitCode
    from usercli.services.auth import AuthService, SignInRefused
    from usercli.services.password_rules import configured_hasher

    source = SecretSource(password_stdin=password_stdin, password_file=password_file, password_fd=password_fd)
    source.require_one(invocation, ways="--password-stdin, --password-file FILE or --password-fd N")
    key = parse_user(invocation, user, reads_stdin=source.reads_stdin)
    password = source.read(invocation, twice=False) or ""
    if (mapped := invocation.mapped_users) is not None:
        if record_login:
            raise Refused(f"--record-login is refused on {mapped.table.name}: its program notes sign-ins")
        verdict = mapped.verify(key, password, configured_hasher(invocation.settings))
        _warn_of_lack(invocation, verdict.lacks)
        return ExitCode.OK if verdict.ok else ExitCode.NO
    rehash, record = not (no_rehash or invocation.dry_run), record_login and not invocation.dry_run
    service = AuthService(invocation.signing_in, configured_hasher(invocation.settings))
    try:
        service.verify(key, password, rehash=rehash, record_login=record)
    except SignInRefused as refused:
        _warn_of_lack(invocation, refused.lacks)
        return ExitCode.NO
    return ExitCode.OK


def _warn_of_lack(invocation: Invocation, lacks: str | None) -> None:
    if lacks:
        invocation.warn(f"the stored hash cannot be checked here: it needs {lacks}")


@command
def expire(invocation: Invocation, selection: Selection = NO_SELECTION) -> None:
    """Make users change their password at the next sign-in.

    \b
    Example:
      usercli password expire ada@example.com
    """
    output = user_output(invocation)
    from usercli.services import passwords as service

    keys = selection.keys(invocation, "expire the password of")
    apply_to_users(invocation, output, keys, "expired the password of", service.expire_passwords, each=False)


@command
def generate(
    invocation: Invocation,
    count: Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="How many.")] = 1,
    length: Annotated[int | None, typer.Option(metavar="N", min=8, max=128, help="Characters (20).")] = None,
    words: Annotated[
        int | None, typer.Option(metavar="N", min=5, max=40, help="A passphrase of N words instead.")
    ] = None,
) -> None:
    """Print random passwords that the policy allows; nobody's password changes.

    \b
    Examples:
      usercli password generate
      usercli password generate --count 5 --words 6
    """
    from usercli.schemas.passwords import GENERATED_FIELDS, GeneratedPassword

    output = Output(invocation.options, GENERATED_FIELDS)
    source = SecretSource(generate=True, length=length, words=words)
    source.require_allowed(invocation)
    output.many(GeneratedPassword(password=source.make()) for _ in range(count))


@command
def audit(
    invocation: Invocation,
    older_than: Annotated[
        str | None, typer.Option(metavar="TIME", help="Also count passwords older than this (365d).")
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="FINDING", help="Exit with 7 if this is found; weak: any but unusable. Repeat it."),
    ] = None,
) -> int:
    """Count users by scheme and cost, and what is wrong with their hashes.

    Findings: unusable, empty, malformed, unsupported, too_costly (a check would take more than 4 s, or 256 MiB),
    below_policy, old, shared (a hash used twice).

    \b
    Examples:
      usercli password audit -o json
      usercli password audit --older-than 365d --fail-on weak
    """
    from typing import get_args

    from usercli.errors import ExitCode
    from usercli.schemas.passwords import REPORT_FIELDS, WEAK, Finding

    output = Output(invocation.options, REPORT_FIELDS)
    from usercli.services.password_rules import configured_hasher
    from usercli.services.passwords import audit_passwords

    known = [*get_args(Finding), "too_costly", "weak"]
    for name in fail_on or ():
        if name not in known:
            raise InvalidInput(f"no such finding: {name} (known: {', '.join(known)})")
    span = parse_span(older_than) if older_than is not None else None
    hasher = configured_hasher(invocation.settings)
    if (mapped := invocation.mapped_users) is None:
        report = audit_passwords(invocation.reading(), hasher, older_than=span)
    elif span is None:
        report = mapped.audit_passwords(hasher)
    else:
        raise Refused(f"{mapped.table.name} has no column that tells how old a password is")
    _show_audit(output, report.model_dump())
    found: set[str] = {item.finding for item in report.findings} | ({"too_costly"} if report.too_costly else set())
    bad = {name for given in fail_on or () for name in (WEAK if given == "weak" else {given})}
    return ExitCode.PARTIAL if found & bad else ExitCode.OK


@command
def calibrate(
    invocation: Invocation,
    target: Annotated[str, typer.Option(metavar="TIME", help="How long a hash may take, as in 250ms.")] = "250ms",
) -> None:
    """Measure this machine and propose a bcrypt cost.

    \b
    Example:
      usercli password calibrate --target 250ms
    """
    from usercli.schemas.passwords import COST_FIELDS, CostView

    output = Output(invocation.options, COST_FIELDS)
    wanted = _milliseconds(target)
    from usercli.password_calibration import measure

    rows = list(measure(wanted))
    proposed = max([row.cost for row in rows if row.milliseconds <= wanted], default=rows[0].cost)
    output.many(
        CostView(cost=row.cost, milliseconds=round(row.milliseconds, 1), proposed=row.cost == proposed)
        for row in rows
    )
    invocation.info(f"set bcrypt_cost = {proposed} in the configuration for hashes of {target} or less")


def _show_audit(output: Output, report: dict[str, object]) -> None:
    if output.format in {"json", "jsonl", "yaml"}:
        output.one(report)
        return
    rows: list[dict[str, object]] = [{"kind": "total", "name": "", "cost": None, "users": report["total"]}]
    findings: Sequence[dict[str, object]] = report["findings"]  # type: ignore[assignment]  # by its schema
    beyond: Sequence[dict[str, object]] = report["too_costly"]  # type: ignore[assignment]  # by its schema
    schemes: Sequence[dict[str, object]] = report["schemes"]  # type: ignore[assignment]  # by its schema
    rows += [{"kind": "finding", "name": f["finding"], "cost": None, "users": f["users"]} for f in findings]
    rows += [
        {"kind": "finding", "name": f"too_costly ({b['bound']})", "cost": None, "users": b["users"]} for b in beyond
    ]
    rows += [{"kind": "scheme", "name": s["scheme"], "cost": s["cost"], "users": s["users"]} for s in schemes]
    output.columns, output.chosen = ("kind", "name", "cost", "users"), ()
    output.many(rows)


def _milliseconds(text: str) -> float:
    number = text.removesuffix("ms")
    if number == text or not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= 10_000:
        raise InvalidInput(f"not a time from 1ms to 10000ms: {text}")
    return float(number)


for _name, _function in (
    ("set", set_),
    ("reset", reset),
    ("verify", verify),
    ("expire", expire),
    ("generate", generate),
    ("audit", audit),
    ("calibrate", calibrate),
):
    add_command(app, _function, _name)
