"""What the entry of a directory says: whether it is a user, and which; for LDIF, and for Active Directory's CSV."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from usercli.readers import LeftOut
from usercli.readers.foreign_hashes import Secret, keep, ldap
from usercli.readers.foreign_user import ForeignUser, joined

GROUP_CLASSES = frozenset(
    {"groupofnames", "groupofuniquenames", "posixgroup", "group", "groupofmembers", "organizationalrole"}
)
MEMBER_ATTRIBUTES = ("member", "uniquemember", "memberuid", "roleoccupant")
_PERSON_CLASSES = frozenset(
    {"person", "organizationalperson", "inetorgperson", "posixaccount", "shadowaccount", "user", "account"}
    | {"mailrecipient", "simplesecurityobject"}
)
_COMPUTER_CLASSES = frozenset({"computer", "msds-managedserviceaccount", "msds-groupmanagedserviceaccount"})
#: Their names here; of several for one of ours the first that has a value.
_ATTRIBUTES = {
    "uid": "username",
    "samaccountname": "username",
    "telephonenumber": "phone_number",
    "othertelephone": "other_phone_numbers",
    "homephone": "home_phone",
    "ipphone": "ip_phone",
    "facsimiletelephonenumber": "fax",
    "mobile": "mobile",
    "pager": "pager",
    "title": "title",
    "departmentnumber": "department_number",
    "department": "department",
    "employeenumber": "employee_number",
    "employeeid": "employee_id",
    "employeetype": "employee_type",
    "manager": "manager",
    "o": "organization",
    "company": "organization",
    "ou": "organizational_unit",
    "description": "description",
    "physicaldeliveryofficename": "office",
    "streetaddress": "street_address",
    "street": "street_address",
    "postalcode": "postal_code",
    "l": "city",
    "st": "state",
    "co": "country",
    "c": "country",
    "preferredlanguage": "preferred_language",
    "uidnumber": "uid_number",
    "gidnumber": "gid_number",
    "homedirectory": "home",
    "loginshell": "shell",
}
_EMAIL_ATTRIBUTES = ("mail", "email", "rfc822mailbox", "othermailbox")
_ID_ATTRIBUTES = ("entryuuid", "nsuniqueid", "ipauniqueid", "objectguid")
#: What becomes a field.
_FIELDS = frozenset(
    {"cn", "sn", "givenname", "displayname", "userpassword", "memberof", "pwdreset", "pwdlastset"}
    | {"useraccountcontrol", "nsaccountlock", "pwdaccountlockedtime", "lockouttime", "userprincipalname"}
    | {"proxyaddresses", "createtimestamp", "whencreated", "modifytimestamp", "whenchanged", "pwdchangedtime"}
    | {"authtimestamp", "lastlogon", "lastlogontimestamp", "accountexpires", "shadowexpire", "shadowlastchange"}
    | {"krbprincipalexpiration", *_EMAIL_ATTRIBUTES, *_ID_ATTRIBUTES, *MEMBER_ATTRIBUTES}
)
#: What a server notes for itself, or what is said elsewhere in the entry.
_OF_THE_SERVER = re.compile(
    r"objectclass|objectcategory|structuralobjectclass|entrycsn|entrydn|creatorsname|modifiersname|contextcsn"
    r"|subschemasubentry|hassubordinates|numsubordinates|distinguishedname|name|instancetype|usn\w+"
    r"|dscorepropagationdata|objectsid|samaccounttype|primarygroupid|codepage|countrycode|badpwdcount"
    r"|badpasswordtime|lastlogoff|logoncount|logonhours|admincount|iscriticalsystemobject|showinadvancedviewonly"
    r"|parentid|entryid|showinaddressbook|legacyexchangedn|mailnickname|msexch.*|msds-.*"
)
#: userAccountControl of Active Directory: a disabled account, and one of another domain or of a computer.
_DISABLED, _TRUST = 0x2, 0x800 | 0x1000 | 0x2000
_NO_TIME = frozenset({0, (1 << 63) - 1})
_TIME = re.compile(r"(\d{14})(?:[.,]\d+)?Z")


@dataclass
class Entry:
    """An entry; the values are by the names of attributes in lower case, those with options (;lang-de) apart."""

    line: int = 0
    dn: str = ""
    #: Whether a line has said the name, which may be empty.
    is_named: bool = False
    values: dict[str, list[str]] = field(default_factory=dict)
    optional: dict[str, list[str]] = field(default_factory=dict)
    #: Why the entry cannot be read.
    error: str | None = None

    def refuse(self, number: int, reason: str) -> None:
        """Record why the entry cannot be read; the first reason counts."""
        self.error = self.error or f"line {number}: {reason}"

    def all(self, name: str) -> list[str]:
        """The values without options, or else those with options."""
        return self.values.get(name) or self.optional.get(name) or []

    def first(self, *names: str) -> str:
        """The first value of the first of these attributes that has one; empty without."""
        return next((found[0] for name in names if (found := self.all(name))), "")

    @property
    def classes(self) -> set[str]:
        return {name.lower() for name in self.all("objectclass")}


def other_kind(entry: Entry) -> str | None:
    """What an entry is that is no user; None for a person, and for what has a password."""
    classes = entry.classes
    if classes & GROUP_CLASSES:
        return "group"
    if classes & _COMPUTER_CLASSES:
        return "computer"
    if _control(entry) & _TRUST:
        return "trust account"
    if entry.all("userpassword"):
        return None
    if "contact" in classes and not entry.first("samaccountname"):
        return "contact"
    return None if classes & _PERSON_CLASSES else "other object"


def directory_user(entry: Entry, id_name: str, groups: dict[str, list[str]], left_out: LeftOut) -> ForeignUser:
    """The user. `groups` are those of a DN (`normalized`), or of `uid:` and a login name."""
    login = entry.first("uid", "samaccountname")
    emails = _emails(entry)
    attributes = _attributes(entry) | {
        id_name: entry.first(*_ID_ATTRIBUTES),
        "dn": entry.dn,
        "username": login or None,
        "other_emails": emails[1:],
    }
    left_out.fields.update(
        name
        for name in entry.values.keys() | entry.optional.keys()
        if name not in _ATTRIBUTES and name not in _FIELDS and not _OF_THE_SERVER.fullmatch(name)
    )
    of_uid = groups.get(f"uid:{login}", []) if login else []
    return ForeignUser(
        email=emails[0] if emails else "",
        login=login or rdn_value(entry.dn),
        name=_name(entry),
        is_active=not _is_locked(entry),
        roles=[*groups.get(normalized(entry.dn), []), *of_uid, *map(rdn_value, entry.all("memberof"))],
        attributes=attributes,
        secret=_secret(entry.all("userpassword")),
        must_change_password=_must_change(entry),
        times=_times(entry),
    )


def _emails(entry: Entry) -> list[str]:
    """The addresses, those of mail first; the user principal name is one where there is no other."""
    found = [value for name in _EMAIL_ATTRIBUTES for value in entry.all(name)]
    found += entry.optional.get("mail", [])
    aliases = (
        value.partition(":") for value in entry.all("proxyaddresses")
    )  # SMTP: the first of them, smtp: others
    found += [address for kind, _, address in aliases if kind.lower() == "smtp"]
    principal = entry.first("userprincipalname")
    by_key = {address.lower(): address for address in reversed(found)}
    unique = list(dict.fromkeys(by_key[address.lower()] for address in found))
    return unique or ([principal] if "@" in principal else [])


def _attributes(entry: Entry) -> dict[str, object]:
    """What has no field of its own; several values are a list."""
    found: dict[str, object] = {}
    for theirs, ours in _ATTRIBUTES.items():
        values = list(dict.fromkeys(entry.all(theirs)))
        if values and ours not in found:
            found[ours] = values[0] if len(values) == 1 else values
    if entry.first("displayname") or not _joined_name(entry):
        found |= {"given_name": entry.first("givenname"), "family_name": entry.first("sn")}
    principal = entry.first("userprincipalname")
    if principal not in _emails(entry)[:1]:
        found["user_principal_name"] = principal
    return found


def _times(entry: Entry) -> dict[str, datetime | None]:
    changes = (
        _time(entry.first("pwdchangedtime")),
        _filetime(entry.first("pwdlastset")),
        _day(entry.first("shadowlastchange")),
    )
    sign_ins = (
        _time(entry.first("authtimestamp")),
        _filetime(entry.first("lastlogon")),
        _filetime(entry.first("lastlogontimestamp")),
    )
    ends = (  # the schemas of directories know three
        _filetime(entry.first("accountexpires")),
        _day(entry.first("shadowexpire")),
        _time(entry.first("krbprincipalexpiration")),
    )
    return {
        "created_at": _time(entry.first("createtimestamp", "whencreated")),
        "updated_at": _time(entry.first("modifytimestamp", "whenchanged")),
        "password_changed_at": next((time for time in changes if time is not None), None),
        "last_login_at": max((time for time in sign_ins if time is not None), default=None),
        "expires_at": min((end for end in ends if end is not None), default=None),
    }


def _name(entry: Entry) -> str:
    return entry.first("displayname") or _joined_name(entry) or entry.first("cn", "sn")


def _joined_name(entry: Entry) -> str:
    return joined(entry.first("givenname"), entry.first("sn")) if entry.first("givenname") else ""


def _is_locked(entry: Entry) -> bool:
    """Disabled, locked for good, or locked after failed sign-ins and not signed in since."""
    return (
        bool(_control(entry) & _DISABLED)
        or entry.first("nsaccountlock").lower() == "true"
        or bool(entry.first("pwdaccountlockedtime"))
        or entry.first("lockouttime").strip() not in ("", "0")
    )


def _must_change(entry: Entry) -> bool:
    return entry.first("pwdreset").upper() == "TRUE" or "0" in (
        entry.first("pwdlastset").strip(),
        entry.first("shadowlastchange").strip(),
    )


def _control(entry: Entry) -> int:
    control = entry.first("useraccountcontrol")
    return int(control[:12]) if control.isascii() and control.isdigit() else 0


def _secret(values: list[str]) -> Secret:
    """The first verifiable password, those that are not locked before others, else the first."""
    found = [keep(value) if value.startswith("$") else ldap(value) for value in values]
    found.sort(key=lambda secret: (secret.hashed is None, secret.is_locked))
    return found[0] if found else Secret()


def guid(data: bytes) -> str | None:
    """The text of an objectGUID; None if it has not 16 bytes."""
    return str(UUID(bytes_le=data)) if len(data) == 16 else None


def text_of(name: str, data: bytes | None) -> str | None:
    """The text of the value of an attribute that came as bytes; None for what is no text."""
    if data is None or name == "objectguid":
        return None if data is None else guid(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def normalized(dn: str) -> str:
    """The DN for comparison: without case and without blanks around commas (RFC 4514, 4517)."""
    return re.sub(r"\s*([,=+])\s*", r"\1", dn.strip()).casefold()


def rdn_value(dn: str) -> str:
    """The value of the first RDN: `staff` of cn=staff,ou=groups."""
    found = re.match(r"\s*[^=,]+=((?:\\.|[^,+\\])*)", dn)
    value = found[1] if found else dn
    return re.sub(r"\\([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), value).replace("\\", "").strip()


def _time(text: str) -> datetime | None:
    """A generalized time in UTC (RFC 4517, 3.3.13); None if it is invalid."""
    found = _TIME.fullmatch(text)
    try:
        return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _filetime(text: str) -> datetime | None:
    """A time of Active Directory: 100 ns since 1601; None for 0 and the maximum, which mean never."""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) in _NO_TIME:
        return None
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text[:20]) // 10)
    except OverflowError:
        return None


def _day(text: str) -> datetime | None:
    """Days since 1970; None if empty, 0 or -1."""
    if not (text.isascii() and text.isdigit()) or int(text[:10]) == 0:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(text[:10]))
    except OverflowError:
        return None
