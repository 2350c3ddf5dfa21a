"""Which events fit, as SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, case, func, not_, or_
from sqlalchemy.orm import Session

from usercli.models.audit import AuditEvent
from usercli.schemas.audit import EventCriteria

#: The reason of an event: after it come only the email and the ticket of the canonical JSON.
_TEXT = r'"(?:[^"\\]|\\.)*"'
_REASON = rf',"reason":({_TEXT}),"target_email":(?:null|{_TEXT}),"ticket":(?:null|{_TEXT})\}}$'


def conditions(criteria: EventCriteria, session: Session) -> Iterator[ColumnElement[bool]]:
    """What must hold of an event that fits."""
    if criteria.actor is not None:
        # the first key of the canonical JSON; no LIKE, which on SQLite takes Root for root
        start = f'{{"actor":{json.dumps(criteria.actor, ensure_ascii=False)},'
        yield func.substr(AuditEvent.personal, 1, len(start)) == start
    if criteria.reason is not None:
        yield _has_reason(criteria.reason, session.get_bind().dialect.name == "postgresql")
    if criteria.ticket is not None:
        end = f',"ticket":{json.dumps(criteria.ticket, ensure_ascii=False)}}}'  # the last key
        yield func.substr(AuditEvent.personal, func.length(AuditEvent.personal) - len(end) + 1) == end
    if criteria.action is not None:
        group = f"{criteria.action}."
        yield or_(AuditEvent.action == criteria.action, func.substr(AuditEvent.action, 1, len(group)) == group)
    if criteria.target_id is not None:
        yield AuditEvent.target_id == str(criteria.target_id)
    if criteria.change_id is not None:
        yield AuditEvent.change_id == criteria.change_id
    if criteria.after is not None:
        yield AuditEvent.at >= criteria.after
    if criteria.before is not None:
        yield AuditEvent.at < criteria.before
    if criteria.outcome is not None:
        done = AuditEvent.outcome == "done"
        yield and_(done) if criteria.outcome == "done" else not_(done)


def _has_reason(part: str, on_postgresql: bool) -> ColumnElement[bool]:
    """The reason contains this, in upper or lower case. Personal values that are no JSON have none."""
    personal = AuditEvent.personal
    if on_postgresql:  # a cast to JSON would fail where somebody damaged the text
        reason, part = func.substring(personal, _REASON), json.dumps(part, ensure_ascii=False)[1:-1]
        return func.strpos(func.lower(reason), func.lower(part)) > 0
    found = case((func.json_valid(personal) == 1, func.json_extract(personal, "$.reason")))
    return func.instr(func.lower(found), func.lower(part)) > 0
