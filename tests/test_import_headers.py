"""Tables with headers of other programs and languages: what they mean, what is asked, what command works."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, reader
from usercli.readers.json_records import read_lines
from usercli.readers.known_headers import known_words, meaning, name_pairs, plain
from usercli.readers.table_advice import Choice, Sample, advise
from usercli.readers.table_header import Header
from usercli.schemas.import_rows import FIELDS, IGNORED
from usercli.schemas.import_times import time_zone

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


def header(names: str, **options: Any) -> Header:
    return Header(names.split(";"), ReadOptions(**options))


def understood(names: str, **options: Any) -> dict[str, str]:
    """Each field, and the columns that give it; `!` before what says the opposite."""
    found = header(names, **options)
    return {column.field: "!" * column.reversed + found.title(column) for column in found.columns}


def asked(names: str, **options: Any) -> list[str]:
    return [column.name for column in header(names, **options).unfit]


def read(text: str, **options: Any) -> list[dict[str, Any] | str]:
    """The fields of each record, or why it is bad."""
    found = reader("csv")(Source(text), ReadOptions(**options))  # type: ignore[arg-type]  # it reads bytes
    return [each.reason if isinstance(each, BadRecord) else each.fields for each in found]


class Source:
    """A file of one text."""

    def __init__(self, text: str) -> None:
        self._left = text.encode()

    def read1(self, _: int = 0) -> bytes:
        found, self._left = self._left, b""
        return found


# -- names without their spelling


@pytest.mark.parametrize(
    "name",
    ["Email", "EMAIL", "E-Mail", "e_mail", " email ", "E.Mail", "Email [Required]", "Email*", "Email (required)"],
)
def test_a_name_of_ours_is_known_however_it_is_spelled(name: str) -> None:
    assert understood(f"{name};Full Name;Is-Active;EXPIRES AT") == {
        "email": name.strip(),
        "full_name": "Full Name",
        "is_active": "Is-Active",
        "expires_at": "EXPIRES AT",
    }


@pytest.mark.parametrize(
    ("names", "field", "title"),
    [
        ("Email Address", "email", "Email Address"),
        ("User name [userPrincipalName] Required", "email", "User name [userPrincipalName] Required"),
        ("email;Display Name", "full_name", "Display Name"),
        ("email;Last Name [Required];First Name [Required]", "full_name",
         "First Name [Required]+Last Name [Required]"),
        ("email;Surname;Middle Name;Forename", "full_name", "Forename+Middle Name+Surname"),
        ("email;Account Enabled", "is_active", "Account Enabled"),
        ("email;Suspended", "is_active", "!Suspended"),
        ("email;Block sign in (Yes/No) [accountEnabled] Required", "is_active",
         "!Block sign in (Yes/No) [accountEnabled] Required"),
        ("email;Groups", "roles", "Groups"),
        ("email;Date joined", "created_at", "Date joined"),
        ("email;Last Sign In [READ ONLY]", "last_login_at", "Last Sign In [READ ONLY]"),
        ("email;Change Password at Next Sign-In", "must_change_password", "Change Password at Next Sign-In"),
        ("email;Valid until", "expires_at", "Valid until"),
        ("E-Mail-Adresse;Name;Vorname", "full_name", "Vorname+Name"),
        ("E-Mail-Adresse;Name", "full_name", "Name"),
        ("Adresse e-mail;Prénom;Nom", "full_name", "Prénom+Nom"),
        ("CORREO ELECTRONICO;Apellidos;Nombre", "full_name", "Nombre+Apellidos"),
        ("E-mail;Nome;Sobrenome", "full_name", "Nome+Sobrenome"),
        ("Indirizzo e-mail;Cognome;Nome", "full_name", "Nome+Cognome"),
        ("E-mailadres;Achternaam;Voornaam;Tussenvoegsel", "full_name", "Voornaam+Tussenvoegsel+Achternaam"),
        ("Adres e-mail;Nazwisko;Imie", "full_name", "Imie+Nazwisko"),
        ("Электронная почта;Фамилия;Имя;Отчество", "full_name", "Имя+Отчество+Фамилия"),
        ("E-posta;SOYADI;ADI", "full_name", "ADI+SOYADI"),
        ("メールアドレス;名;姓", "full_name", "姓+名"),
        ("邮箱;名字;姓", "full_name", "姓+名字"),
        ("邮箱;姓名;状态", "is_active", "状态"),
        ("이메일;이름;성", "full_name", "성+이름"),
        ("البريد الإلكتروني;اسم العائلة;الاسم الأول", "full_name", "الاسم الأول+اسم العائلة"),
        ("ईमेल;पूरा नाम", "full_name", "पूरा नाम"),
        ("E-Mail;Gesperrt", "is_active", "!Gesperrt"),
        ("Courriel;Dernière connexion", "last_login_at", "Dernière connexion"),
    ],
)  # fmt: skip
def test_headers_of_other_programs_and_languages_are_known(names: str, field: str, title: str) -> None:
    assert understood(names)[field] == title
    assert asked(names) == []


def test_every_known_word_means_one_of_our_fields() -> None:
    words = known_words()
    fields = {*FIELDS, *IGNORED, "given name", "middle name", "family name"}
    assert {found.field for found in words.values()} <= fields
    assert {"version", "id"} & {found.field for found in words.values() if not found.is_ours} == set()
    assert all(plain(form) == form for form in words)
    assert all(given and family for given, family in name_pairs())
    assert meaning("Department") is None


# -- what is sure, and what is asked


@pytest.mark.parametrize(
    ("names", "options", "fields", "unfit"),
    [
        ("email;Mail", {}, {"email": "email"}, ["Mail"]),
        ("Mail;Email Address", {}, {}, ["Mail", "Email Address"]),
        ("Mail;Email Address", {"unknown_to_attributes": True}, {}, ["Mail", "Email Address"]),
        ("Mail;E-Mail", {"unknown_to_attributes": True}, {"email": "E-Mail", "attributes.mail": "Mail"}, []),
        ("email;First Name", {}, {"email": "email"}, ["First Name"]),
        ("email;Name;First Name;Last Name", {}, {"email": "email"}, ["Name", "First Name", "Last Name"]),
        ("email;full_name;First Name;Last Name", {}, {"email": "email", "full_name": "full_name"},
         ["First Name", "Last Name"]),
        ("email;Name;Kind", {"mapping": {"kind": "full_name"}}, {"email": "email", "full_name": "Kind"}, ["Name"]),
        ("email;Name;Kind", {"skipped": frozenset({"KIND", "name"})}, {"email": "email"}, []),
        ("email;C++", {"mapping": {"C++": "attributes.cpp"}}, {"email": "email", "attributes.cpp": "C++"}, []),
        ("email;a;b", {"mapping": {"b+A": "full_name"}}, {"email": "email", "full_name": "b+a"}, []),
        ("email;Suspended", {"mapping": {"suspended": "is_active"}},
         {"email": "email", "is_active": "!Suspended"}, []),
        ("email;User ID", {}, {"email": "email"}, ["User ID"]),
        ("email;x;x", {"skipped": frozenset({"X"})}, {"email": "email"}, []),
    ],
)  # fmt: skip
def test_a_guess_never_takes_what_is_not_sure(
    names: str, options: dict[str, Any], fields: dict[str, str], unfit: list[str]
) -> None:
    assert understood(names, **options) == fields
    assert asked(names, **options) == unfit


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ("email;a", {"mapping": {"b": "full_name"}}, "line 1: there is no column b to map"),
        ("email;Dept", {"mapping": {"Deptt": "full_name"}},
         "line 1: there is no column Deptt to map; did you mean: Dept"),
        ("email;a", {"skipped": frozenset({"b"})}, "line 1: there is no column b to leave out"),
        ("email;a", {"skipped": frozenset({"a"}), "mapping": {"a": "full_name"}},
         "line 1: the column a is both mapped and left out"),
        ("email;A b;a-b", {"mapping": {"ab": "full_name"}},
         "line 1: the columns A b and a-b are both called ab; write it as one of them is"),
    ],
)  # fmt: skip
def test_an_option_about_no_column_is_named(names: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        header(names, **options)
    assert raised.value.message == message


# -- rows


def test_names_are_joined_in_their_order_and_without_blanks_in_east_asia() -> None:
    assert read("Email,Last Name,First Name\na@x.com,Lovelace, Ada \nb@x.com,,Bo\nc@x.com,,\n") == [
        {"email": "a@x.com", "full_name": "Ada Lovelace"},
        {"email": "b@x.com", "full_name": "Bo"},
        {"email": "c@x.com", "full_name": ""},
    ]
    assert read("邮箱,名,姓\nw@x.com,小明,王\nb@x.com,Bo,Lee\n") == [
        {"email": "w@x.com", "full_name": "王小明"},
        {"email": "b@x.com", "full_name": "Lee Bo"},
    ]


def test_a_column_that_says_the_opposite_is_reversed() -> None:
    text = "email,Suspended\n" + "".join(
        f"a@x.com,{word}\n" for word in ("yes", "F", "", "Suspended", "active", "?")
    )
    told = [each if isinstance(each, str) else each["is_active"] for each in read(text)]
    assert told == ["false", "true", "", "false", "true", "Suspended is neither true nor false: ?"]


def test_words_are_read_as_they_are_said_to_mean() -> None:
    words = {"status": {"Active": "true", "enabled": "true", "DEPROVISIONED": "false"}, "Role": {"Chef": "editor"}}
    text = (
        "email,Status,Role\na@x.com,ACTIVE,chef\nb@x.com, deprovisioned ,Chef;chef\nc@x.com,Pending,\nd@x.com,,\n"
    )
    assert read(text, values=words) == [
        {"email": "a@x.com", "is_active": "true", "roles": "editor"},
        {"email": "b@x.com", "is_active": "false", "roles": "editor;editor"},
        "Status: no such word: Pending (known: Active, enabled, DEPROVISIONED)",
        {"email": "d@x.com", "is_active": "", "roles": ""},
    ]
    with pytest.raises(InvalidInput, match="there is no column Kind to read words of"):
        read(text, values={"Kind": {"a": "b"}})


def test_what_is_understood_unasked_is_noted_in_a_line() -> None:
    notes: list[str] = []
    skipped = frozenset({"full time"})
    read("email,First name,Last name,Disabled,Full-Time\na@x.com,A,B,no,1\n", on_note=notes.append, skipped=skipped)
    read("email,full_name\na@x.com,A\n", on_note=notes.append)
    assert notes == ['read "First name"+"Last name" as full_name, "Disabled" as is_active (reversed)']


# -- ids of other programs


def test_ids_of_another_program_are_never_taken_for_ours() -> None:
    ours = "01a21363-0000-7000-8000-000000000000"
    assert read(f"id,email\n,a@x.com\n{ours},b@x.com\n") == [
        {"id": "", "email": "a@x.com"},
        {"id": ours, "email": "b@x.com"},
    ]
    for name in ("id", "ID"):
        with pytest.raises(InvalidInput, match="line 3: the id 7 is none of ours"):
            read(f"{name},email\n,a@x.com\n7,b@x.com\n")
        assert read(f"{name},email\n7,a@x.com\n", mapping={"id": "attributes.old_id"}) == [
            {"email": "a@x.com", "attributes": {"old_id": "7"}}
        ]


# -- advice


def advice(names: str, *rows: str) -> list[Choice]:
    found = Header(names.split(";"), ReadOptions())
    return advise(Sample(found, [row.split(";") for row in rows]))


@pytest.mark.parametrize(
    ("names", "rows", "choices"),
    [
        ("email;Department", (), [("Department", "attributes.department")]),
        ("email;Org Unit Path [Required];Org-Unit-Path", (),
         [("Org Unit Path [Required]", "attributes.org_unit_path"),
          ("Org-Unit-Path", "attributes.org_unit_path_2")]),
        ("email;Notes", ("a@x.com;", "b@x.com;"), [("Notes", "")]),
        ("Kontakt;Ort", ("a@x.com;Ulm",), [("Kontakt", "email"), ("Ort", "attributes.ort")]),
        ("Emial;Ort", (), [("Emial", "email"), ("Ort", "attributes.ort")]),
        ("Mail;Email Address", (), [("Mail", "email"), ("Email Address", "attributes.email_address")]),
        ("email;Last Name;Frist Name", (), [("Frist Name+Last Name", "full_name")]),
        ("email;First Name", (), [("First Name", "full_name")]),
        ("email;Name;First Name;Last Name", (),
         [("Name", "full_name"), ("First Name", "attributes.first_name"), ("Last Name", "attributes.last_name")]),
        ("ID;email;x", ("7;a@x.com;y",), [("ID", "attributes.old_id"), ("x", "attributes.x")]),
    ],
)  # fmt: skip
def test_the_best_is_proposed_for_each_column(
    names: str, rows: tuple[str, ...], choices: list[tuple[str, str]]
) -> None:
    assert [tuple(choice) for choice in advice(names, *rows)] == choices


@pytest.mark.parametrize(
    "names",
    [
        "Abteilung;ABTEILUNG 2;abteilung-2;abteilung_2",
        "Org Unit Path [Required];Größe (cm);Straße/Nr.;Prénom d'usage;部署;Отдел;İl;--;team;Team Name;user-id",
    ],
)
def test_unknown_columns_become_the_attributes_that_are_proposed(names: str) -> None:
    wanted = {choice.column: choice.field for choice in advice(f"email;{names}")}
    assert all(field.startswith("attributes.") for field in wanted.values())
    found = header(f"email;{names}", unknown_to_attributes=True)
    assert {found.title(column): column.field for column in found.columns[1:]} == wanted
    told = [f'"{name}" as {field}' for name, field in wanted.items() if field != f"attributes.{name}"]
    assert found.note() == f"read {', '.join(told)}"


def test_a_user_who_is_imported_both_ways_has_one_attribute(cli: Cli, environment: Path) -> None:
    (environment / "a.csv").write_text("email,Abteilung\nada@example.com,Vertrieb\n")
    *_, command, _ = cli("import", "a.csv")[2].splitlines()
    assert cli(*shlex.split(command)[2:])[0] == 0
    code, _, err = cli("import", "a.csv", "--unknown-to-attributes", "--on-conflict", "update")
    assert (code, err.splitlines()[0]) == (0, 'read "Abteilung" as attributes.abteilung')
    assert "nothing to change" in err
    assert json.loads(cli("show", "ada@example.com", "-o", "json")[1])["attributes"] == {"abteilung": "Vertrieb"}


def proposed(err: str) -> list[str]:
    """The command in a message, without its first word."""
    [line] = [line for line in err.splitlines() if line.startswith("run: usercli ")]
    return shlex.split(line.removeprefix("run: usercli "))


UNDERSTOOD = 'read "Email Address" as email, "First Name"+"Last Name" as full_name, "Role" as roles'
PEOPLE = "Email Address;First Name;Last Name;Department;Role\n"
ROWS = "ada@example.com;Ada;Lovelace;Research;Editor\nbob@example.com;Bob;O'Neil;Sales & Co;Viewer\n"


def test_a_spreadsheet_is_imported_by_the_command_that_the_first_message_says(
    cli: Cli, environment: Path, database: Database
) -> None:
    (environment / "people list.csv").write_text(PEOPLE + ROWS)
    code, out, err = cli("import", "people list.csv", "--reason", "new team")
    assert (code, out, database.rows("SELECT count(*) FROM users")) == (2, "", [(0,)])
    assert err.splitlines()[:2] == [
        UNDERSTOOD,
        "error: people list.csv:1: no such field: Department; it can become attributes.department",
    ]
    assert err.splitlines()[-1] == "error: 1 column needs a decision; nothing was imported"
    assert "the fields are: id, email, full_name, is_active, roles, " in err
    assert proposed(err) == [
        *("import", "people list.csv", "--reason", "new team"),
        *("--map", "Department=attributes.department", "--create-roles"),
    ]
    assert "roles that are not there, and that --create-roles makes: Editor, Viewer" in err.splitlines()
    code, out, err = cli(*proposed(err), "-o", "json")
    assert (code, json.loads(out)["created"]) == (0, 2)
    assert err.splitlines()[0] == UNDERSTOOD
    shown = json.loads(cli("show", "bob@example.com", "-o", "json")[1])
    assert (shown["full_name"], shown["roles"]) == ("Bob O'Neil", ["Viewer"])
    assert shown["attributes"] == {"department": "Sales & Co"}


@on_sqlite
def test_all_that_does_not_fit_is_said_at_once(cli: Cli, environment: Path, make_user: Any) -> None:
    (environment / "p.csv").write_text("ID,Emial,Mail,Team,Notes,full_name\n7,x,a@x.com,red,,A\n")
    code, _, err = cli("-q", "import", "p.csv", "--dry-run", "--database-url", environment_url())
    told = [line for line in err.splitlines() if line.startswith("error: p.csv")]
    assert told == [
        "error: p.csv:1: no such field: Emial; it can become attributes.emial",
        "error: p.csv:1: no such field: Team; it can become attributes.team",
        "error: p.csv:1: no such field: Notes; it is empty",
    ]
    command = proposed(err)
    assert command[:4] == ["--database-url", environment_url(), "import", "p.csv"]
    assert command[4:] == [
        *("--dry-run", "-q", "--map", "ID=attributes.old_id", "--skip-column", "Notes"),
        *("--map", "Emial=attributes.emial", "--map", "Team=attributes.team"),
    ]
    assert (code, cli(*command)[0]) == (2, 0)


def environment_url() -> str:
    import os

    return os.environ["USERCLI_DATABASE_URL"]


@on_sqlite
def test_a_table_without_an_address_says_so_beside_the_rest(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("Name,Team\nA,red\n")
    code, _, err = cli("import", "p.csv")
    assert (code, err.splitlines()[1:3]) == (
        2,
        [
            "error: p.csv:1: no such field: Team; it can become attributes.team",
            "error: p.csv:1: there is no column email; use --map THEIRS=email",
        ],
    )
    assert "run: " not in err  # no command can be whole


@on_sqlite
def test_ids_of_another_program_are_asked_for(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("id,email\n1,a@x.com\n")
    code, _, err = cli("import", "p.csv")
    assert (code, err.splitlines()[0]) == (
        2,
        "error: p.csv:2: the id 1 is none of ours (a UUID); use --map id=attributes.old_id or --skip-column id",
    )
    assert cli(*proposed(err))[0] == 0
    assert json.loads(cli("show", "a@x.com", "-o", "json")[1])["attributes"] == {"old_id": "1"}
    (environment / "p.jsonl").write_text('{"id": 1, "email": "b@x.com"}\n')
    code, _, err = cli("import", "p.jsonl")
    assert (code, err.startswith("error: p.jsonl:1: the id 1 is none of ours (a UUID); use --map id=")) == (2, True)
    assert cli("import", "p.jsonl", "--map", "ID=attributes.old_id")[0] == 0
    assert cli("import", "p.jsonl", "--skip-column", "id", "--on-conflict", "skip")[0] == 0


@on_sqlite
def test_the_users_of_google_go_in(cli: Cli, environment: Path) -> None:
    (environment / "g.csv").write_text(GOOGLE)
    code, _, err = cli("import", "g.csv", "--preserve")
    assert proposed(err)[3:] == [
        *("--skip-column", "Password Hash Function [UPLOAD ONLY]"),
        *("--map", "Org Unit Path [Required]=attributes.org_unit_path"),
    ]
    code, _, err = cli(*proposed(err))
    assert code == 0, err
    gil, hal = (json.loads(cli("show", f"{name}@example.com", "-o", "json")[1]) for name in ("gil", "hal"))
    assert (gil["full_name"], gil["is_active"], gil["last_login_at"]) == ("Gil Moss", True, "2024-02-29T10:11:12Z")
    assert (hal["is_active"], hal["must_change_password"], hal["last_login_at"]) == (False, True, None)


@on_sqlite
def test_what_is_left_out_without_preserve_is_said(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("E-Mail Address,Last Sign In,Date Created\na@x.com,2024-02-29,2023-01-02\n")
    understood = 'read "E-Mail Address" as email, "Last Sign In" as last_login_at, "Date Created" as created_at'
    code, _, err = cli("import", "p.csv")
    told = [understood, "left out without --preserve: last_login_at, created_at"]
    assert (code, err.splitlines()[:2]) == (0, told)
    shown = json.loads(cli("show", "a@x.com", "-o", "json")[1])
    assert (shown["last_login_at"], shown["created_at"][:4] == "2023") == (None, False)
    code, _, err = cli("import", "p.csv", "--preserve", "--reason", "x", "--on-conflict", "skip")
    assert (code, err.splitlines()[0], "left out" in err) == (0, understood, False)


@on_sqlite
@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx", "jsonl", "json"])
def test_what_an_export_holds_and_an_import_leaves_out_is_said(
    cli: Cli, environment: Path, empty_database: Database, form: str
) -> None:
    other = ("--database-url", empty_database.text)
    assert cli("db", "upgrade", *other)[0] == 0
    assert cli("create", "a@example.com", "--password-stdin", stdin="correct horse battery\n")[0] == 0
    assert cli("export", f"u.{form}")[0] == 0
    fields = "id, password_changed_at, version, created_at, updated_at"
    for options, told in (
        (("--dry-run",), f"left out without --preserve: {fields}"),
        (("--preserve",), "imported "),
        (("--preserve", "--on-conflict", "update", "--reason", "x"), f"users who exist keep their own: {fields}"),
        (("--on-conflict", "update"), f"left out without --preserve: {fields}"),
    ):
        code, _, err = cli("import", f"u.{form}", *options, *other)
        assert (code, err.startswith(told)) == (0, True), err
        assert err.count("left out") + err.count("keep") == ("imported" not in told), err


GOOGLE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],Status [READ ONLY],Last Sign In [READ ONLY],"
    "Change Password at Next Sign-In\n"
    "Gil,Moss,gil@example.com,****,,/,Active,2024/02/29 10:11:12,False\n"
    "Hal,Nye,hal@example.com,****,,/Sales,Suspended,Never logged in,True\n"
)


@on_sqlite
def test_options_are_parsed_or_named(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,State\na@x.com,On Leave\n")
    said = ("import", "p.csv", "--map", "STATE=Is Active", "--value", "state:Here|Away=true,On leave|Gone=false")
    assert cli(*said)[0] == 0
    assert json.loads(cli("show", "a@x.com", "-o", "json")[1])["is_active"] is False
    for options, message in (
        (["--map", "State=nope"], "--map State=: no such field: nope"),
        (["--map", "State=full_name", "--map", "State=roles"], "--map State= is given twice: full_name and roles"),
        (["--value", "State=true"], "--value must be COLUMN:WORD|WORD=OURS,WORD=OURS, not: State=true"),
        (["--value", "a:x=true,x=false"], "--value a: x is given twice: true and false"),
        (["--timezone", "europe/berlin"], "no such time zone: europe/berlin; did you mean: Europe/Berlin"),
        (["--date-order", "ydm"], "--date-order must be dmy, mdy, ymd or excel, not: ydm"),
    ):
        code, _, err = cli("import", "p.csv", *options)
        assert (code, err.startswith(f"error: {message}")) == (2, True), err


@on_sqlite
def test_json_records_are_renamed_joined_and_left_out_by_the_same_options(cli: Cli, environment: Path) -> None:
    (environment / "p.jsonl").write_text(
        '{"mail": "a@x.com", "first": "Ada", "last": "L", "state": "OK", "team": "red", "x": 1}\n'
    )
    options = (
        "--map",
        "Mail=email",
        "--map",
        "first+last=full_name",
        "--map",
        "state=is_active",
        "--skip-column",
        "X",
    )
    words = ("--value", "state:ok=true", "--map", "team=attributes.team")
    assert cli("import", "p.jsonl", *options, *words)[0] == 0
    shown = json.loads(cli("show", "a@x.com", "-o", "json")[1])
    assert (shown["full_name"], shown["is_active"], shown["attributes"]) == ("Ada L", True, {"team": "red"})
    code, _, err = cli("import", "p.jsonl", *options, "--value", "state:no=true", "--map", "team=attributes.team")
    assert (code, "p.jsonl:1: state: no such word: OK (known: no)" in err) == (2, True)


@on_sqlite
def test_other_ways_to_read_a_file_are_another_import(cli: Cli, environment: Path) -> None:
    (environment / "p.csv").write_text("email,Team\na@x.com,red\n")
    assert cli("import", "p.csv", "--resume", "--skip-column", "Team")[0] == 0
    assert cli("import", "p.csv", "--resume", "--skip-column", "Team")[0] == 0
    for options in (
        ("--map", "Team=attributes.team"),
        ("--skip-column", "Team", "--timezone", "+01:00"),
        ("--skip-column", "Team", "--date-order", "dmy"),
        ("--skip-column", "Team", "--value", "email:a=b"),
    ):
        code, _, err = cli("import", "p.csv", "--resume", *options)
        assert (code, "this import was begun with another value of" in err) == (4, True), err


def test_every_option_of_readers_decides_whether_an_import_is_the_same() -> None:
    told = ReadOptions(skipped=frozenset("ba"), timezone=time_zone("+01:00"), has_pepper=True).deciding()
    assert set(told) == {option.name for option in fields(ReadOptions) if option.compare}
    assert (told["skipped"], told["timezone"], told["has_pepper"]) == (["a", "b"], "UTC+01:00", True)
    assert {name for name, value in ReadOptions().deciding().items() if value is not None} == {
        *("mapping", "unknown_to_attributes", "companions")
    }
    json.dumps(told)


@pytest.mark.parametrize(
    "word", ["Locked", "account locked", "Banned", "Archived", "deleted", "Terminated", "gelöscht"]
)
def test_a_word_for_who_is_gone_says_the_opposite(word: str) -> None:
    assert [row["is_active"] for row in read(f"email,{word}\na@x.com,yes\nb@x.com,no\n")] == ["false", "true"]


def test_a_key_of_json_says_the_opposite_too(tmp_path: Path) -> None:
    notes: list[str] = []
    options = ReadOptions(mapping={"Gesperrt": "is_active"}, on_note=notes.append)
    rows = ['"a@x.com","Gesperrt":true', '"b@x.com","Gesperrt":"no"', '"c@x.com","gesperrt":0']
    lines = "".join(f'{{"email":{row}}}\n' for row in rows)
    found = list(read_lines(io.BytesIO(lines.encode()), options))
    assert [record.fields["is_active"] for record in found] == ["false", "true", "true"]  # type: ignore[index]  # none is bad
    assert notes == ['read "Gesperrt" as is_active (reversed)']


def test_nothing_is_joined_to_the_state() -> None:
    said = "several columns cannot be joined to is_active; map one of them"
    mapping = {"Locked+Banned": "is_active"}
    with pytest.raises(InvalidInput, match=said):
        read("email,Locked,Banned\na@x.com,yes,\n", mapping=mapping)
    [bad] = read_lines(
        io.BytesIO(b'{"email":"a@x.com","Locked":true,"Banned":false}\n'), ReadOptions(mapping=mapping)
    )
    assert isinstance(bad, BadRecord)
    assert bad.reason == said


def test_a_number_is_no_state_that_says_the_opposite() -> None:
    options = ReadOptions(mapping={"disabled": "is_active"})
    [bad] = read_lines(io.BytesIO(b'{"email":"a@x.com","disabled":1.0}\n'), options)
    assert isinstance(bad, BadRecord)


@pytest.mark.parametrize("blank", [";;\n", ",,\n", '"";"";\n', " ; ;\n\n;;\n"])
def test_a_blank_row_before_the_header_is_passed_over(blank: str) -> None:
    assert read(f"{blank}Email;Name;\na@x.com;Ada;\n") == [{"email": "a@x.com", "full_name": "Ada"}]


# -- secrets

HASH = "$2b$12$abcdefghijklmnopqrstuuO2YQ5e5Yw5QnQbX8wQmZl1Qe1Zl1Qe2"


@on_sqlite
def test_a_column_of_hashes_is_no_attribute_and_no_password(cli: Cli, environment: Path) -> None:
    rows = f"mail;passwort;kundennr\na@x.com;{HASH};1\nb@x.com;{HASH};2\n"
    (environment / "k.csv").write_text(rows)
    code, _, err = cli("import", "k.csv")
    assert (code, proposed(err)[2:4]) == (2, ["--map", "passwort=hashed_password"]), err
    code, _, err = cli(*proposed(err))
    assert code == 0, err
    shown = json.loads(cli("show", "a@x.com", "-o", "json")[1])
    assert shown["attributes"] == {"kundennr": "1"}
    (environment / "p.csv").write_text(f"email,password\nc@x.com,{HASH}\n")
    code, _, err = cli("import", "p.csv", "--hash-passwords")
    assert "; a hash is for the field hashed_password, as with --map COLUMN=hashed_password\n" in err
    assert cli(*proposed(err))[0] == 0


@pytest.mark.parametrize("extra", [0, 60])
@on_sqlite
def test_no_secret_is_proposed_as_an_attribute(cli: Cli, environment: Path, extra: int) -> None:
    more = [f"note{number}" for number in range(extra)]
    names = ["email", "hashed_password", "old_pw", "api_token", "reset_password_sent_at", *more]
    cells = ["a@x.com", HASH, HASH, "geheim", "2026-01-01", *("x" for _ in more)]
    (environment / "s.csv").write_text(f"{','.join(names)}\n{','.join(cells)}\n")
    code, _, err = cli("import", "s.csv")
    assert (code, "s.csv:1: no such field: api_token; it may hold secrets\n" in err) == (2, True), err
    code, _, err = cli(*proposed(err))
    assert code == 0, err
    shown = json.loads(cli("show", "a@x.com", "-o", "json")[1])["attributes"]
    assert {"old_pw", "api_token"}.isdisjoint(shown)
    assert len(shown) == extra + 1


@on_sqlite
def test_the_columns_of_a_known_system_lead_to_its_reader(cli: Cli, environment: Path) -> None:
    names = "ID,user_login,user_pass,user_email,user_registered,user_status,display_name"
    (environment / "wp.csv").write_text(f"{names}\n1,ada,$P$B12345678abcdefghijklmnopqrstuv,ada@x.com,,0,Ada\n")
    code, _, err = cli("import", "wp.csv")
    assert code == 2
    said = "wp.csv:1: the columns are those of users of WordPress; its format is wordpress; nothing was imported"
    assert said in err
    assert proposed(err) == ["import", "wp.csv", "--from", "wordpress"]
    assert cli(*proposed(err))[0] == 0
    shown = json.loads(cli("show", "ada@x.com", "-o", "json")[1])
    assert (shown["is_active"], "user_pass" in shown["attributes"]) == (True, False)


@on_sqlite
def test_an_ordinary_table_is_no_file_of_a_system(cli: Cli, environment: Path) -> None:
    (environment / "t.csv").write_text(
        "email,username,firstName,lastName,user_id,blocked,Team\na@x.com,a,A,B,7,no,t\n"
    )
    code, _, err = cli("import", "t.csv")
    assert (code, "the columns are those of" in err) == (2, False), err
    assert cli(*proposed(err))[0] == 0


@on_sqlite
def test_users_who_exist_keep_their_times_and_that_is_said(cli: Cli, environment: Path) -> None:
    (environment / "l.csv").write_text("E-Mail,Letzte Anmeldung,Abteilung\na@x.com,2024-02-29,IT\n")
    understood = 'read "E-Mail" as email, "Letzte Anmeldung" as last_login_at'
    code, _, err = cli("import", "l.csv")
    assert (code, err.splitlines()[:2]) == (2, [understood, "left out without --preserve: last_login_at"])
    assert cli(*proposed(err))[0] == 0
    again = *proposed(err), "--preserve", "--on-conflict", "update", "--reason", "x"
    code, _, err = cli(*again)
    assert (code, err.splitlines()[:2]) == (0, [understood, "users who exist keep their own: last_login_at"])
