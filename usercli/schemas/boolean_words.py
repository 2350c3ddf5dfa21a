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
aktywny, активен, активный, aktif, etkin, 有効, 在職, 启用, 已启用, 在职, 啟用, 활성, 재직
"""
_INACTIVE = """
inactive, disabled, suspended, deactivated, blocked, locked, locked out, banned, deleted, removed, archived,
terminated, closed, revoked, deprovisioned, dismissed, resigned, departed, left, left the company, former,
former employee, inaktiv, deaktiviert, gesperrt, gelöscht, archiviert, gekündigt, ausgeschieden, ausgetreten,
inactif, désactivé, suspendu, bloqué, verrouillé, supprimé, archivé, banni, parti, inactivo, desactivado,
suspendido, bloqueado, eliminado, archivado, dado de baja, inativo, desativado, suspenso, excluído, arquivado,
desligado, inattivo, disattivato, disabilitato, sospeso, bloccato, eliminato, archiviato, cessato, inactief,
geblokkeerd, verwijderd, gearchiveerd, vergrendeld, uit dienst, nieaktywny, zablokowany, usunięty, zwolniony,
неактивен, заблокирован, удалён, уволен, pasif, kilitli, silindi, 無効, 停止, 退職, 削除済み, 停用, 已停用, 禁用,
已禁用, 离职, 已离职, 已删除, 비활성, 퇴사, 잠김
"""


def _words(text: str, value: bool) -> dict[str, bool]:
    return dict.fromkeys((word.strip() for word in text.split(",")), value)


#: In lower case.
IMPORTED_BOOLEANS = {**BOOLEAN_WORDS, **_words(_TRUE, True), **_words(_FALSE, False)}

#: And of a user who is active, or is not.
STATE_WORDS = {**_words(_ACTIVE, True), **_words(_INACTIVE, False)}
