"""What the tables of other programs say for true and false, spreadsheets of other languages among them."""

from __future__ import annotations

from usercli.validation import BOOLEAN_WORDS

_TRUE = """
t, y, on, ja, wahr, oui, vrai, sí, si, verdadero, sim, verdadeiro, sì, vero, waar, tak, prawda, да, истина, evet,
doğru, はい, 是, 예, 네, نعم, हाँ, हां
"""
_FALSE = """
f, n, off, nein, falsch, non, faux, falso, não, nao, nee, onwaar, nie, fałsz, нет, ложь, hayır, hayir, yanlış,
yanliş, いいえ, 否, 아니오, 아니요, لا, नहीं
"""
_ACTIVE = """
active, enabled, aktiv, aktiviert, actif, activé, activo, activado, ativo, ativado, attivo, attivato, actief,
aktywny, активен, активный, aktif, etkin
"""
_INACTIVE = """
inactive, disabled, suspended, deactivated, blocked, inaktiv, deaktiviert, gesperrt, inactif, désactivé, suspendu,
bloqué, inactivo, desactivado, suspendido, inativo, desativado, suspenso, bloqueado, inattivo, disattivato,
disabilitato, sospeso, bloccato, inactief, geblokkeerd, nieaktywny, zablokowany, неактивен, заблокирован, pasif
"""


def _words(text: str, value: bool) -> dict[str, bool]:
    return dict.fromkeys((word.strip() for word in text.split(",")), value)


#: In lower case.
IMPORTED_BOOLEANS = {**BOOLEAN_WORDS, **_words(_TRUE, True), **_words(_FALSE, False)}

#: And of a user who is active, or is not.
STATE_WORDS = {**_words(_ACTIVE, True), **_words(_INACTIVE, False)}
