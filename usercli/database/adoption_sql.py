"""The SQL of a table that was taken over: the functions and triggers that fill what other writers leave out.

A writer that does not know `email_key` (docs/table.md) leaves it empty, or changes `email` alone. The key of an
address in ASCII is exact; of others it is, except for domains that UTS 46 maps in another way than Unicode's
compatibility forms. `usercli db check` finds those. No function raises an error: the writer must not notice it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache

EMAIL_KEY = "usercli_email_key"
PUNYCODE = "usercli_punycode"
FILL = "usercli_fill_user"
INSERT_TRIGGER = "usercli_fill_inserted"
UPDATE_TRIGGER = "usercli_fill_updated"

_HEADER = "LANGUAGE plpgsql {kind} SET search_path = pg_catalog, pg_temp AS $$"

_PUNYCODE = """
CREATE FUNCTION {schema}.usercli_punycode(label text) RETURNS text
{header}
DECLARE
    digits text := 'abcdefghijklmnopqrstuvwxyz0123456789';
    points bigint[] := ARRAY(SELECT ascii(c)
        FROM unnest(string_to_array(label, NULL)) WITH ORDINALITY AS x (c, place) ORDER BY place);
    made text := coalesce((SELECT string_agg(chr(p::int), '' ORDER BY place)
        FROM unnest(points) WITH ORDINALITY AS x (p, place) WHERE p < 128), '');
    basic bigint := length(made);
    handled bigint := basic;
    n bigint := 128;
    delta bigint := 0;
    bias bigint := 72;
    next_n bigint;
    point bigint;
    q bigint;
    k bigint;
    t bigint;
BEGIN -- RFC 3492, 6.3
    IF basic > 0 THEN
        made := made || '-';
    END IF;
    WHILE handled < cardinality(points) LOOP
        SELECT min(p) INTO next_n FROM unnest(points) AS x (p) WHERE p >= n;
        delta := delta + (next_n - n) * (handled + 1);
        n := next_n;
        FOREACH point IN ARRAY points LOOP
            IF point < n THEN
                delta := delta + 1;
            ELSIF point = n THEN
                q := delta;
                k := 36;
                LOOP
                    t := least(greatest(k - bias, 1), 26);
                    EXIT WHEN q < t;
                    made := made || substr(digits, (t + mod(q - t, 36 - t))::int + 1, 1);
                    q := (q - t) / (36 - t);
                    k := k + 36;
                END LOOP;
                made := made || substr(digits, q::int + 1, 1);
                delta := CASE WHEN handled = basic THEN delta / 700 ELSE delta / 2 END;
                delta := delta + delta / (handled + 1);
                k := 0;
                WHILE delta > 455 LOOP
                    delta := delta / 35;
                    k := k + 36;
                END LOOP;
                bias := k + 36 * delta / (delta + 38);
                delta := 0;
                handled := handled + 1;
            END IF;
        END LOOP;
        delta := delta + 1;
        n := n + 1;
    END LOOP;
    RETURN made;
END $$
"""

_EMAIL_KEY = """
CREATE FUNCTION {schema}.usercli_email_key(address text) RETURNS text
{header}
BEGIN
    IF address COLLATE "C" ~ '^[\\x01-\\x7f]*$' THEN
        RETURN lower(address COLLATE "C");
    END IF;
    DECLARE -- only now: the list of letters takes longer to read than all else
        place int := length(address) - position('@' IN reverse(address)) + 1;
        local text := substr(address, 1, place - 1);
        domain text := substr(address, place + 1);
        folded text[] := '{folded}';
        label text;
        labels text[];
    BEGIN
        FOR i IN 1 .. array_length(folded, 1) LOOP
            local := replace(local, folded[i][1], folded[i][2]);
        END LOOP;
        local := normalize(translate(local, '{upper}', '{lower}'), NFC);
        domain := normalize(translate(domain, '{upper_in_domain}', '{lower_in_domain}'), NFKC);
        domain := translate(replace(domain, U&'\\3002', '.'), '{upper_in_domain}', '{lower_in_domain}');
        FOREACH label IN ARRAY string_to_array(normalize(domain, NFC), '.') LOOP
            IF length(label) > 63 THEN
                RETURN lower(address COLLATE "C");
            END IF;
            labels := labels || CASE WHEN label COLLATE "C" ~ '^[\\x01-\\x7f]*$' THEN label
                ELSE 'xn--' || {schema}.usercli_punycode(label) END;
        END LOOP;
        RETURN local || '@' || array_to_string(labels, '.');
    EXCEPTION WHEN others THEN
        RETURN lower(address COLLATE "C");
    END;
END $$
"""

_FILL = """
CREATE FUNCTION {schema}.usercli_fill_user() RETURNS trigger
{header}
BEGIN
    IF NEW.email_key IS NULL OR TG_OP = 'UPDATE' AND NEW.email_key IS NOT DISTINCT FROM OLD.email_key
        AND NEW.email IS DISTINCT FROM OLD.email
    THEN
        NEW.email_key := {schema}.usercli_email_key(NEW.email);
    END IF;{more}
    RETURN NEW;
END $$
"""


@cache
def _folds() -> tuple[str, str]:
    """The characters whose case folding is one other character, and those."""
    pairs = [(c, c.casefold()) for c in map(chr, range(1, sys.maxunicode + 1)) if not 0xD800 <= ord(c) <= 0xDFFF]
    ones = [(c, folded) for c, folded in pairs if folded != c and len(folded) == 1]
    return "".join(c for c, _ in ones), "".join(folded for _, folded in ones)


@cache
def _long_folds() -> str:
    """The characters that case folding makes longer, as an array of SQL."""
    pairs = [(c, c.casefold()) for c in map(chr, range(0x80, 0x10000)) if not 0xD800 <= ord(c) <= 0xDFFF]
    return "{" + ",".join(f"{{{c},{folded}}}" for c, folded in pairs if len(folded) > 1) + "}"


@cache
def _domain_folds() -> tuple[str, str]:
    """As `_folds`, without what a domain keeps: the final sigma is a letter of its own there."""
    kept = [(c, folded) for c, folded in zip(*_folds(), strict=True) if c != "\N{GREEK SMALL LETTER FINAL SIGMA}"]
    kept.append(("\N{LATIN CAPITAL LETTER SHARP S}", "\N{LATIN SMALL LETTER SHARP S}"))
    return "".join(c for c, _ in kept), "".join(folded for _, folded in kept)


def functions(schema: str, fills: Mapping[str, str]) -> tuple[str, ...]:
    """The statements that make the functions in a schema (quoted); `fills` is the SQL put in place of a NULL."""
    upper, lower = _folds()
    upper_in_domain, lower_in_domain = _domain_folds()
    more = "".join(f"\n    NEW.{name} := coalesce(NEW.{name}, {value});" for name, value in sorted(fills.items()))
    pure, writing = (_HEADER.format(kind=kind) for kind in ("IMMUTABLE STRICT", ""))
    key = _EMAIL_KEY
    for name, value in {
        "folded": _long_folds(),
        "upper": upper,
        "lower": lower,
        "upper_in_domain": upper_in_domain,
        "lower_in_domain": lower_in_domain,
        "header": pure,
        "schema": schema,
    }.items():
        key = key.replace(f"{{{name}}}", value)
    return (
        _PUNYCODE.replace("{header}", pure).replace("{schema}", schema).strip(),
        key.strip(),
        _FILL.format(schema=schema, header=writing, more=more).strip(),
    )


def dropped_functions(schema: str) -> tuple[str, ...]:
    """The statements that take the functions away."""
    return (
        f"DROP FUNCTION IF EXISTS {schema}.{FILL}()",
        f"DROP FUNCTION IF EXISTS {schema}.{EMAIL_KEY}(text)",
        f"DROP FUNCTION IF EXISTS {schema}.{PUNYCODE}(text)",
    )


def triggers(schema: str, table: str, fills: Mapping[str, str]) -> tuple[str, ...]:
    """The statements that make the triggers of a table; a writer that gives the key does not call them."""
    empty = "".join(f" OR NEW.{name} IS NULL" for name in sorted(fills))
    columns = ", ".join(("email", "email_key", *sorted(fills)))
    changed = "NEW.email IS DISTINCT FROM OLD.email AND NEW.email_key IS NOT DISTINCT FROM OLD.email_key"
    return (
        f"CREATE TRIGGER {INSERT_TRIGGER} BEFORE INSERT ON {table} FOR EACH ROW "
        f"WHEN (NEW.email_key IS NULL{empty}) EXECUTE FUNCTION {schema}.{FILL}()",
        f"CREATE TRIGGER {UPDATE_TRIGGER} BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW "
        f"WHEN (NEW.email_key IS NULL{empty} OR {changed}) EXECUTE FUNCTION {schema}.{FILL}()",
    )


def dropped_triggers(table: str) -> tuple[str, ...]:
    """The statements that take the triggers away."""
    return (
        f"DROP TRIGGER IF EXISTS {INSERT_TRIGGER} ON {table}",
        f"DROP TRIGGER IF EXISTS {UPDATE_TRIGGER} ON {table}",
    )
