"""What other programs call the commands and options of this one; read only when a word was not found.

A value is the words that are meant by the key. Capitals in a key stand for what the person gives, as in the help:
USER and EMAIL for addresses or ids, USER... for all of them, ROLE, NAME, TEXT, FILE and TIME for one word.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, str]

#: What a person means, by the group in which the word was typed; "" is the top.
COMMANDS: Mapping[str, Table] = {
    "": {
        "create EMAIL": "add new insert register invite signup sign-up make mk useradd adduser add-user",
        "list": "ls all index members accounts list-users users-list",
        "list --search TEXT": "find search grep query filter lookup",
        "list --count": "count total",
        "stats": "stat statistics report summary metrics dashboard overview numbers chart charts",
        "show USER...": "get info view describe cat read details inspect finger",
        "update USER...": "edit modify set change patch alter usermod mod update-user put",
        "update USER --email EMAIL": "rename mv move change-email set-email",
        "delete USER...": "rm remove del erase destroy drop kill userdel deluser delete-user remove-user trash",
        "privacy erase EMAIL": "forget anonymise anonymize",
        "privacy export EMAIL": "gdpr subject-access",
        "restore USER...": "undelete recover unremove untrash revive",
        "exists USER...": "exist has is-user",
        "activate USER...": "enable unlock unblock unsuspend reactivate unban thaw reenable",
        "deactivate USER...": "disable lock suspend block ban freeze ban-user inactivate",
        "password set USER": "passwd chpasswd set-password change-password setpassword changepassword pw pwd",
        "password reset USER...": "reset reset-password passwd-reset resetpassword forgot",
        "password verify USER": "verify login signin sign-in authenticate auth",
        "password generate": "generate gen pwgen",
        "password audit": "weak",
        "role grant ROLE USER...": "grant assign promote add-role grant-role",
        "role revoke ROLE USER...": "revoke unassign demote remove-role revoke-role",
        "role list": "roles groups permissions",
        "role create NAME": "create-role new-role groupadd",
        "audit log": "log logs events event journal activity tail auditlog",
        "audit verify": "verify",
        "audit checkpoint": "checkpoint",
        "import FILE": "load upload ingest bulk-create import-users",
        "export FILE": "dump save download backup export-users",
        "plan FILE": "diff preview compare",
        "apply FILE": "sync reconcile",
        "batch FILE": "exec run script bulk",
        "undo CHANGE": "revert rollback roll-back",
        "purge --deleted-before TIME": "clean cleanup gc prune empty-trash",
        "db check": "status",
        "db upgrade": "init setup install upgrade initialise initialize bootstrap syncdb createdb",
        "db downgrade REVISION": "downgrade",
        "db current": "revision",
        "db seed": "seed",
        "doctor": "check health healthcheck diagnose ping test selftest",
        "config show": "whoami settings env configuration conf where",
        "config profiles": "profiles context contexts use",
        "config init": "configure",
        "completion SHELL": "completions autocomplete",
        "help": "man usage commands",
    },
    "password": {
        "password set USER": "change update new edit passwd assign",
        "password reset USER...": "renew forgot recover",
        "password verify USER": "check test validate authenticate",
        "password expire USER...": "force require-change must-change",
        "password generate": "gen random make create",
        "password audit": "list report weak ls status",
        "password calibrate": "bench benchmark cost tune",
    },
    "role": {
        "role create NAME": "add new make insert mk",
        "role grant ROLE USER...": "add assign give add-user add-member attach set",
        "role revoke ROLE USER...": "unassign take remove-user remove-member detach remove unset",
        "role delete NAME": "rm del remove drop destroy erase",
        "role update ROLE --name NAME": "rename mv",
        "role update ROLE": "edit modify change patch alter describe",
        "role list": "ls all get find search",
        "list --role ROLE": "members member users show holders who view info",
    },
    "audit": {
        "audit log": "list ls show events tail search find view history get",
        "audit log --change CHANGE": "show view get change",
        "audit verify": "check validate test",
        "audit export": "dump save raw download",
        "audit checkpoint": "head mark anchor",
    },
    "privacy": {
        "privacy erase EMAIL": "delete remove rm forget anonymise anonymize del",
        "privacy export EMAIL": "get dump show access download report",
    },
    "access-review": {
        "access-review export FILE": "list show create start download new get ls report",
        "access-review apply FILE": "import submit upload load finish",
    },
    "expire": {
        "expire run": "now all start users",
        "list --expired": "list ls show check find",
        "update USER... --expires TIME": "set add user",
    },
    "db": {
        "db upgrade": "init migrate create install setup up update apply syncdb",
        "db current": "status version show at",
        "db downgrade REVISION": "down rollback",
        "db check": "verify validate test diff doctor",
        "db history": "log list ls revisions migrations",
        "db revision --message TEXT": "makemigrations new generate",
        "db seed": "populate fill fake demo",
        "db sql": "script",
    },
    "config": {
        "config show": "list get ls view print all cat dump whoami",
        "config path": "set edit file where",
        "config profiles": "profile contexts use",
        "config init": "create new make",
    },
}

#: Commands that change nothing by themselves, and groups; all others are never suggested for their letters alone
#: where another command is nearly as near.
READING = (
    "list show exists stats password role access-review expire export plan history changes audit privacy db config "
    "doctor schema completion help verify generate calibrate log checkpoint current check adopt sql path profiles"
)

#: Which option is meant; each is offered where the command has it.
OPTIONS: Table = {
    "--search TEXT": (
        "email mail e-mail user username login query q grep contains find like text pattern name full-name fullname"
    ),
    "--user USER": "email mail e-mail username u target who for",
    "--match KEY=VALUE": "filter where condition selector select if all any everyone everybody",
    "--where KEY=VALUE": "attribute attr meta label tag property",
    "--active": "status state enabled enable is-active unlocked activate",
    "--inactive": "status state disabled disable suspended locked lock blocked block deactivate no-active",
    "--created-after TIME": "since from newer newer-than created start created-since",
    "--created-before TIME": "until before older older-than end",
    "--deleted-before TIME": "before older older-than until age days",
    "--expires-before TIME": "expires expiry expiring expires-in expires-within expiring-before",
    "--since TIME": "after from start newer newer-than created-after",
    "--until TIME": "before to end older older-than created-before",
    "--inactive-for TIME": "last-login last-seen idle unused stale inactive-since not-seen-since",
    "--never-signed-in": "never-logged-in no-login never",
    "--deleted": "trash trashed bin removed archived include-deleted with-deleted",
    "--role ROLE": "roles group groups member-of r admin is-admin add-role grant",
    "--add-role ROLE": "role roles group groups grant admin r",
    "--remove-role ROLE": "revoke unset-role del-role",
    "--administrative": "admin is-admin superuser administrator",
    "--yes": "force f assume-yes no-confirm noconfirm no-prompt skip-confirmation sure assumeyes",
    "--no-input": "non-interactive noninteractive no-interactive no-tty",
    "--dry-run": "dryrun simulate what-if whatif check test noop no-op preview pretend no-act",
    "--limit N": "last n tail head max top max-results page-size per-page num number",
    "--fields A,B": "columns column select only cols field c",
    "--output FORMAT": "format output-format fmt out-format as",
    "--quiet": "silent s ids-only",
    "--debug": "verbose v trace stacktrace traceback log-level",
    "--reason TEXT": "message m comment note why justification",
    "--ticket ID": "issue case change-request cr jira",
    "--by NAME": "who author",
    "--actor NAME": "by as run-as operator",
    "--profile NAME": "env environment context config server instance stage",
    "--database-url URL": "database db url dsn uri connection database-uri",
    "--retry SECONDS": "retries wait",
    "--name TEXT": "fullname full-name display-name displayname first-name last-name given-name real-name n",
    "--expires TIME": "expire expiry expires-at expiration expires-in expire-at ttl valid-until until valid-for",
    "--attribute KEY=VALUE": "attr attributes set meta metadata field property prop label tag department phone",
    "--password-stdin": "password pass passwd secret p",
    "--password-file FILE": "password pass passwd secret p",
    "--generate": "password random random-password auto gen auto-password p",
    "--password-hash-stdin": "hash password-hash",
    "--must-change": "must-change-password force-change temporary change-at-next-login require-change",
    "--purge": "hard permanent permanently forever wipe really",
    "--sort FIELD": "order order-by sort-by orderby sortby",
    "--after CURSOR": "page offset cursor start-after token",
    "--count": "total how-many size",
    "--from FORMAT": "format type input-format source-format kind",
    "--skip-bad": "ignore-errors continue-on-error keep-going k skip-errors skip-invalid continue",
    "--continue": "ignore-errors continue-on-error keep-going k",
    "--on-conflict update": "update upsert overwrite replace merge update-existing",
    "--on-conflict skip": "skip-existing ignore-existing skip-duplicates exist-ok if-not-exists",
    "--if-not-exists": "ignore-existing exist-ok if-absent idempotent skip-existing",
    "--skip-column NAME": "ignore exclude drop omit",
    "--no-header": "noheader skip-header headerless",
    "--map THEIRS=OURS": "mapping rename column alias columns",
    "--max-changes N": "max limit at-most",
    "--description TEXT": "comment note about message",
}

#: Options that are a command of their own here, by the command to which they were given.
OTHER_COMMANDS: Mapping[str, Table] = {
    "update": {
        "password set USER": "password pass passwd pw new-password change-password",
        "password reset USER...": "reset-password generate random-password",
    },
}

#: What is meant by a user in place of a command, by the group in which the user was named.
OF_USERS: Table = {
    "": "show USER...",
    "password": "password set USER",
    "role": "show USER...",
    "audit": "history USER",
    "expire": "update USER... --expires TIME",
}

#: Words after a command that is no group: `changes list`, `changes show CHANGE`.
VERBS = "show list ls get view all log info describe"

#: Commands without arguments, and the commands that are meant by one that is given, joined by `|`.
NO_ARGUMENTS: Table = {
    "list": "show USER...|list --search TEXT",
    "role list": "list --role ROLE|show USER...",
    "changes": "audit log --change CHANGE|changes --user USER",
    "audit log": "audit log --change CHANGE|history USER",
}

_NEVER_ARGUMENT = "; a password is asked for, or given with --password-stdin, never as an argument"

#: Commands that write a file: as an argument, or as the value of an option for pages.
FILES: Table = {"export": "", "access-review export": "", "stats": "--html"}

#: What is said besides where a command was given too many arguments, which may be secrets.
EXTRA: Table = {
    "create": "; a name is given with --name, a password with --password-stdin or --generate, a role with --role",
    "password set": _NEVER_ARGUMENT,
    "password verify": _NEVER_ARGUMENT,
    "import": "; files are imported one by one",
}

#: Options that are an argument here, by its name.
ARGUMENTS: Table = {
    "USER": "email mail e-mail user username login id uid uuid u",
    "USER...": "email mail e-mail user users username login id uid uuid u",
    "EMAIL": "email mail e-mail user username login id u",
    "ROLE": "role group name r",
    "NAME": "name role group",
    "FILE": "file input in path filename i out output-file o",
    "CHANGE": "change id change-id",
}

#: The value of `--match` that stands for an option of `list`.
FILTERS: Mapping[str, str] = {
    "role": "role=ROLE",
    "search": "search=TEXT",
    "where": "where=KEY=VALUE",
    "created-after": "created-after=TIME",
    "created-before": "created-before=TIME",
    "expires-after": "expires-after=TIME",
    "expires-before": "expires-before=TIME",
    "inactive-for": "inactive-for=TIME",
    **{
        name: f"{name}=true"
        for name in ("active", "inactive", "deleted", "expired", "never-signed-in", "must-change-password")
    },
}
