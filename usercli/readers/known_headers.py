"""What people and programs call the columns of a table of users, in the largest languages."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from usercli.schemas.import_rows import FIELDS, IGNORED

#: Parts of a full name, in the order in which they are joined.
GIVEN, MIDDLE, FAMILY = "given name", "middle name", "family name"
PARTS = (GIVEN, MIDDLE, FAMILY)
_NOT = "not "


class Meaning(NamedTuple):
    """The field that a header means; `reversed` where it says the opposite, as `suspended` of is_active."""

    #: One of ours, or of PARTS.
    field: str
    reversed: bool = False
    #: It is called as the field is, but for case, blanks and punctuation.
    is_ours: bool = False


#: Our field: what it is called. An entry that has more than one meaning in its language is left out.
_WORDS = """
email: mail, email address, mail address, primary email, primary email address, work email, work email address,
  business email, user email, user principal name, E-Mail-Adresse, Mailadresse, courriel, adresse mail,
  adresse e-mail, adresse électronique, adresse courriel, mél, correo electrónico, correo, dirección de correo,
  dirección de correo electrónico, dirección de email, correio eletrônico, correio eletrónico, endereço de e-mail,
  endereço de correio eletrônico, indirizzo e-mail, indirizzo mail, posta elettronica,
  indirizzo di posta elettronica, e-mailadres, mailadres, adres e-mail, adres mailowy, poczta elektroniczna,
  электронная почта, адрес электронной почты, эл. почта, почта, имейл, емейл, e-posta, e-posta adresi,
  メールアドレス, メール, Eメール, 電子メール, 電子メールアドレス, 邮箱, 邮箱地址, 电子邮箱, 电子邮件,
  电子邮件地址, 電子郵件, 電子郵件地址, 電郵, 電子信箱, 이메일, 이메일 주소, 메일, 메일 주소, 전자우편,
  البريد الإلكتروني, بريد إلكتروني, عنوان البريد الإلكتروني, الإيميل, إيميل, ईमेल, ई-मेल, ईमेल पता
full name: name, display name, real name, complete name, employee name, person name,
  Vollständiger Name, Anzeigename, Vor- und Nachname, Vorname und Nachname, Vorname Nachname, Nachname Vorname,
  ganzer Name, nom, nom complet, nom et prénom, prénom et nom, nom prénom, prénom nom, nom affiché,
  nom d'affichage, nombre, nombre completo, nombre y apellido, nombre y apellidos, nombres y apellidos,
  apellidos y nombre, nombre para mostrar, nome, nome completo, nome de exibição, nome e sobrenome,
  nome e cognome, cognome e nome, nome visualizzato, nominativo, naam, volledige naam, weergavenaam,
  voor- en achternaam, imię i nazwisko, nazwisko i imię, nazwa wyświetlana, ФИО, полное имя, имя и фамилия,
  фамилия и имя, отображаемое имя, имя, ad soyad, adı soyadı, tam ad, görünen ad, isim, isim soyisim, 氏名, 名前,
  お名前, フルネーム, 表示名, 姓名, 全名, 显示名称, 显示名, 顯示名稱, 이름, 성명, 표시 이름, الاسم, الاسم الكامل,
  اسم العرض, नाम, पूरा नाम
given name: first name, forename, first, given, given names, first names, fname, christian name, Vorname,
  Vornamen, Rufname, prénom, prénoms, nombre de pila, nombres, primer nombre, primeiro nome, nome próprio,
  nome di battesimo, voornaam, voornamen, roepnaam, imię, imiona, 名, الاسم الأول, पहला नाम, प्रथम नाम
middle name: middle, middle names, middle initial, second given name, zweiter Vorname, deuxième prénom,
  segundo nombre, secondo nome, nome do meio, tussenvoegsel, drugie imię, отчество
family name: last name, surname, last, family, lname, Nachname, Familienname, Zuname, nom de famille, apellido,
  apellidos, sobrenome, último nome, cognome, achternaam, familienaam, nazwisko, фамилия, soyad, soyadı, soyisim,
  姓, 姓氏, 苗字, 성, 성씨, اسم العائلة, الاسم الأخير, उपनाम, अंतिम नाम, कुलनाम
is active: active, enabled, is enabled, status, account status, user status, account enabled, active user, aktiv,
  aktiviert, freigeschaltet, Kontostatus, actif, activé, statut, compte actif, activo, activado, habilitado,
  estatus, ativo, ativado, situação, attivo, attivato, abilitato, actief, ingeschakeld, aktywny, aktywne,
  włączony, активен, активный, статус, включён, aktif, etkin, durum, 有効, ステータス, 状態, 启用, 是否启用, 状态,
  啟用, 狀態, 활성, 활성화, 상태, 사용 여부, نشط, الحالة, مفعل, सक्रिय, स्थिति
not is active: suspended, is suspended, disabled, is disabled, account disabled, inactive, deactivated, blocked,
  is blocked, block sign in, sign in blocked, gesperrt, deaktiviert, inaktiv, suspendu, désactivé, bloqué,
  inactif, suspendido, desactivado, deshabilitado, bloqueado, inactivo, suspenso, desativado, desabilitado,
  inativo, sospeso, disabilitato, disattivato, bloccato, inattivo, geblokkeerd, uitgeschakeld, gedeactiveerd,
  inactief, zablokowany, wyłączony, nieaktywny, zawieszony, заблокирован, отключён, неактивен, pasif, devre dışı,
  無効, 停止中, 禁用, 停用, 已禁用, 已停用, 비활성, 비활성화, معطل, निष्क्रिय,
  locked, is locked, account locked, locked out, is locked out, banned, is banned, archived, is archived, deleted,
  is deleted, terminated, is terminated, closed, account closed, revoked, gelöscht, archiviert, verrouillé, banni,
  archivé, supprimé, archivado, eliminado, cancelado, arquivado, excluído, archiviato, eliminato, vergrendeld,
  verwijderd, gearchiveerd, usunięty, zarchiwizowany, удалён, архивирован, kilitli, silindi, ロック, 削除済み, 锁定,
  已锁定, 已删除, 鎖定, 已刪除, 잠김, 삭제됨, محذوف, مقفل
roles: role, user role, user roles, group, groups, user group, user groups, Rolle, Rollen, Benutzerrolle,
  Benutzerrollen, Gruppe, Gruppen, rôle, rôles, groupe, groupes, rol, roles, grupo, grupos, papel, papéis, ruolo,
  ruoli, gruppo, gruppi, rollen, groep, groepen, rola, grupa, grupy, роль, роли, группа, группы, roller, grup,
  gruplar, ロール, 役割, グループ, 角色, 用户组, 群組, 역할, 그룹, الدور, الأدوار, المجموعة, المجموعات, भूमिका,
  समूह
must change password: change password at next sign-in, change password at next login,
  change password at next logon, change password, force password change, force change password,
  force change password next sign in, require password change, password change required, Passwort ändern,
  Kennwort bei nächster Anmeldung ändern
created at: created, created on, created date, created time, created date time, date created, creation date,
  creation time, creation timestamp, date joined, joined, joined at, registered, registered at, registration date,
  signup date, signed up, member since, when created, erstellt, erstellt am, Erstellungsdatum, angelegt am,
  registriert am, Registrierungsdatum, créé le, date de création, date d'inscription, creado, creado el,
  fecha de creación, fecha de alta, fecha de registro, criado em, data de criação, data de cadastro, creato il,
  data di creazione, data creazione, data di registrazione, aangemaakt, aangemaakt op, aanmaakdatum, utworzono,
  data utworzenia, data rejestracji, создан, дата создания, дата регистрации, oluşturulma tarihi, kayıt tarihi,
  作成日, 作成日時, 登録日, 登録日時, 创建时间, 创建日期, 注册时间, 注册日期, 建立時間, 建立日期, 생성일,
  생성일시, 가입일, 등록일, تاريخ الإنشاء, تاريخ التسجيل, निर्माण तिथि
updated at: updated, updated on, last updated, modified, modified at, modified on, last modified, date modified,
  when changed, geändert, geändert am, zuletzt geändert, modifié le, date de modification, modificado,
  fecha de modificación, modificado em, data de modificação, modificato il, gewijzigd, gewijzigd op,
  data modyfikacji, изменён, дата изменения, 更新日, 更新日時, 更新时间, 更新時間, 수정일, تاريخ التعديل
last login at: last login, last login date, last login time, last log in, last logon, last logon date,
  last signin, last sign in, last sign in at, last sign in date, last sign in time, last signed in,
  last signed in at, last logged in, letzte Anmeldung, letzter Login, zuletzt angemeldet, dernière connexion,
  último acceso, última conexión, último inicio de sesión, último acesso, último login, ultimo accesso,
  ultimo login, laatste aanmelding, laatste login, laatst ingelogd, laatst aangemeld, ostatnie logowanie,
  последний вход, son giriş, son giriş tarihi, son oturum açma, 最終ログイン, 最終ログイン日時, 最終ログイン日,
  最后登录, 最后登录时间, 上次登录, 上次登录时间, 最近登录, 最後登入, 最後登入時間, 마지막 로그인, 최근 로그인,
  최종 로그인, آخر تسجيل دخول, آخر دخول, अंतिम लॉगिन
expires at: expires, expires on, expire, expiry, expiry date, expiration, expiration date, account expires,
  account expiration, account expiration date, account expiry, valid until, valid to, Ablaufdatum, läuft ab,
  läuft ab am, gültig bis, expire le, date d'expiration, valable jusqu'au, valide jusqu'au, caduca,
  fecha de caducidad, fecha de vencimiento, fecha de expiración, válido hasta, expira em, data de expiração,
  data de validade, válido até, scadenza, data di scadenza, scade il, valido fino al, vervaldatum, verloopt op,
  geldig tot, wygasa, data wygaśnięcia, ważny do, ważne do, истекает, срок действия, действителен до,
  son kullanma tarihi, geçerlilik tarihi, 有効期限, 过期时间, 到期时间, 到期日期, 到期日, 有效期至, 有效期,
  到期時間, 만료일, 만료일시, 유효기간, تاريخ الانتهاء, تاريخ انتهاء الصلاحية, समाप्ति तिथि
password: initial password, temporary password, plain password, Passwort, Kennwort, Initialpasswort, mot de passe,
  contraseña, senha, palavra-passe, wachtwoord, hasło, пароль, parola, şifre, パスワード, 密码, 密碼, 비밀번호,
  كلمة المرور, पासवर्ड
hashed password: password hash, Passwort-Hash
attributes: custom attributes
"""

#: A given name and the family name beside it, where one of the words alone means the full name.
_PAIRS = """
Vorname + Name, prénom + nom, nombre + apellido, nombre + apellidos, nome + sobrenome, nome + apelido,
nome + cognome, voornaam + naam, имя + фамилия, ad + soyad, adı + soyadı, isim + soyisim, 名字 + 姓, 이름 + 성,
नाम + उपनाम, الاسم + اسم العائلة
"""

# Letters that do not decompose into one of ASCII and a mark.
_LETTERS = str.maketrans({"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "ı": "i", "đ": "d", "ـ": None})
_BRACKETED = re.compile(r"[\[({<（［【「]([^\])}>）］】」]*)[\])}>）］】」]")
_PUNCTUATION = re.compile(r"[\W_]+")
_NOTE = re.compile(r"[\s*:_-]*\b(?:required|optional|mandatory|read[ -]only)[\s*:]*$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name without case, blanks, punctuation and accents: two that are alike mean the same column."""
    if name.isascii():
        return _PUNCTUATION.sub("", name.lower())
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    return "".join(
        letter for letter in folded if unicodedata.category(letter)[0] in "LNM" and not _is_accent(letter)
    )


def _is_accent(mark: str) -> bool:
    """Of Latin, Greek and Cyrillic, or an Arabic vowel; marks of other scripts make another word."""
    return "\u0300" <= mark <= "\u036f" or "\u064b" <= mark <= "\u0655"


def without_notes(name: str) -> str:
    """A header without what vendors add: `Email Address [Required]`, `Active (yes/no)`."""
    return _NOTE.sub("", _BRACKETED.sub(" ", name)).strip(" *:")


def readings(name: str) -> list[str]:
    """The plain forms of a header, best first: without its notes, then each note, which may name a property."""
    if name.isalnum():
        return [plain(name)]
    found = [without_notes(name), *_BRACKETED.findall(name)]
    return list(dict.fromkeys(filter(None, map(plain, found))))


def meaning(name: str) -> Meaning | None:
    """What a header means, as far as it is known."""
    return next((known_words()[form] for form in readings(name) if form in known_words()), None)


@cache
def known_words() -> dict[str, Meaning]:
    """The meaning of every header that is known, by its plain form."""
    ours = {plain(name): name for name in (*FIELDS, *IGNORED)}
    found = {form: Meaning(name, is_ours=True) for form, name in ours.items()}
    for paragraph in re.split(r"\n(?! )", _WORDS.strip()):
        target, _, words = paragraph.partition(": ")
        field = target.removeprefix(_NOT)
        what = Meaning(field if field in PARTS else ours[plain(field)], target != field)
        for word in [field] if field in PARTS else []:
            found.setdefault(plain(word), what)
        for word in words.split(","):
            found.setdefault(plain(word), what)
    return found


@cache
def name_pairs() -> tuple[tuple[str, str], ...]:
    """The plain forms of a given name and of the family name beside it, where one alone means the full name."""
    pairs = (pair.split("+") for pair in _PAIRS.replace("\n", " ").strip().split(","))
    return tuple((plain(given), plain(family)) for given, family in pairs)
