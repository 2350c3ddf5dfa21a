"""Statistics as a page: one HTML file that asks nobody for anything, with charts that are read without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from usercli.cli.output.statistics_style import STYLE
from usercli.schemas.statistics import MONTHLY, Statistics, StatView, heading
from usercli.text import counted, visible
from usercli.times import rfc3339

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LABEL = 30
_ROW = 44  # pixels of a bar with the line above it
_HEIGHT = 180
_MONTH_LABELS = 12
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def page(found: Statistics, place: str) -> str:
    """The whole page. Texts of the database show as text, whatever they contain."""
    when = rfc3339(found.at.replace(microsecond=0))
    groups = list(found.groups())
    links = "".join(f'<li><a href="#g{at}">{_text(heading(by))}</a></li>' for at, (by, _) in enumerate(groups))
    sections = "".join(_section(at, by, rows, found.users) for at, (by, rows) in enumerate(groups))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Users in numbers</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#charts">Skip to the charts</a>
<header>
<h1>Users in numbers</h1>
<p>{_text(place)}, <time datetime="{when}">{when[:10]} {when[11:16]} UTC</time></p>
<ul class="figures">{"".join(_figures(found))}</ul>
<nav aria-label="Charts"><ul>{links}</ul></nav>
</header>
<main id="charts" tabindex="-1">
{sections}</main>
</body>
</html>
"""


def _figures(found: Statistics) -> Iterator[str]:
    """The numbers that are read first."""
    figures = [(counted(found.users, "user").partition(" ")[2], found.users)]
    names = {row.by for row in found.rows}
    if "state" in names:
        figures.append(("active", found.count("state", "active")))
    if "last_login_at" in names:
        figures.append(("signed in within 30 days", found.count("last_login_at", "within 7 days", "7 to 30 days")))
        figures.append(("never signed in", found.count("last_login_at", "never")))
    if "must_change_password" in names:
        figures.append(("must change the password", found.count("must_change_password", "yes")))
    if "expires_at" in names:
        figures.append(("expire within 30 days", found.count("expires_at", "within 7 days", "7 to 30 days")))
    if any(row.by == "total" and row.name == "deleted" for row in found.rows):
        figures.append(("in the recycle bin", found.count("total", "deleted")))
    for name, number in figures:
        yield f"<li><b>{number:,}</b> {name}</li>"


def _section(at: int, by: str, rows: Sequence[StatView], users: int) -> str:
    title = _text(heading(by))
    chart = _columns(rows) if by in MONTHLY else _bars(rows, users)
    first = "Month" if by in MONTHLY else "Value"
    body = "".join(
        f'<tr><th scope="row">{_text(row.label)}</th><td>{row.users:,}</td><td>{_share(row.users, users)}</td></tr>'
        for row in rows
    )
    return f"""<section id="g{at}" aria-labelledby="h{at}">
<h2 id="h{at}">{title}</h2>
<svg role="img" aria-labelledby="t{at} d{at}" width="100%" {chart[0]}>
<title id="t{at}">{title}</title>
<desc id="d{at}">{_summary(rows)}</desc>
{chart[1]}</svg>
<details>
<summary>{title} as a table</summary>
<table>
<caption>{title}</caption>
<thead><tr><th scope="col">{first}</th><th scope="col">Users</th><th scope="col">Share</th></tr></thead>
<tbody>{body}</tbody>
</table>
</details>
</section>
"""


def _bars(rows: Sequence[StatView], users: int) -> tuple[str, str]:
    """Bars that lie, each under its name and number; positions are shares of the width, whatever that is."""
    most = max((row.users for row in rows), default=0) or 1
    bar = '<rect class="bar" x="0" height="12" rx="3"'
    marks = []
    for at, row in enumerate(rows):
        top = at * _ROW
        share = max(100 * row.users / most, 0.3) if row.users else 0
        marks.append(
            f"<g><title>{_text(row.label)}: {row.users:,} ({_share(row.users, users)})</title>"
            f'<text x="0" y="{top + 15}">{_text(_short(row.label))}</text>'
            f'<text class="n" x="100%" y="{top + 15}">{row.users:,} · {_share(row.users, users)}</text>'
            f'<rect class="track" x="0" y="{top + 22}" width="100%" height="12" rx="3"/>'
            + (f'{bar} y="{top + 22}" width="{share:.2f}%"/>' if row.users else "")
            + "</g>\n"
        )
    return f'height="{max(len(rows), 1) * _ROW}"', "".join(marks)


def _columns(rows: Sequence[StatView]) -> tuple[str, str]:
    """Columns that stand, one a month; where there are many, only some have their month below."""
    most = max((row.users for row in rows), default=0) or 1
    step = 100 / max(len(rows), 1)
    every = -(-len(rows) // _MONTH_LABELS)
    line = '<rect class="line" x="0" y="{}" width="100%" height="1"/>'
    marks = [f'<text class="axis" x="0" y="12">{most:,}</text>', line.format(18)]
    for at, row in enumerate(rows):
        height = max(round((_HEIGHT - 20) * row.users / most), 1) if row.users else 0
        marks.append(
            f"<g><title>{row.name}: {row.users:,}</title>"
            f'<rect class="hit" x="{at * step:.3f}%" y="18" width="{step:.3f}%" height="{_HEIGHT}"/>'
            f'<rect class="bar" x="{(at + 0.12) * step:.3f}%" y="{_HEIGHT - height}" width="{0.76 * step:.3f}%" '
            f'height="{height}"/></g>\n'
        )
        if at % every == 0:
            x = f"{(at + 0.5) * step:.3f}%"
            year, _, month = row.name.partition("-")
            marks.append(f'<text class="m" x="{x}" y="{_HEIGHT + 16}">{_MONTHS[int(month) - 1]}</text>')
            if at == 0 or rows[at - every].name[:4] != year:
                marks.append(f'<text class="m" x="{x}" y="{_HEIGHT + 32}">{year}</text>')
    marks.append(line.format(_HEIGHT))
    return f'height="{_HEIGHT + 40}"', "".join(marks)


def _summary(rows: Sequence[StatView]) -> str:
    """What the chart shows, in words: the largest of its values."""
    largest = sorted(rows, key=lambda row: -row.users)[:3]
    return "; ".join(f"{_text(row.label)}: {row.users:,}" for row in largest if row.users) or "no users"


def _share(part: int, whole: int) -> str:
    if not part:
        return "0 %"
    share = 100 * part / whole
    return "&lt;1 %" if share < 1 else f"{min(round(share), 99) if part < whole else 100} %"


def _short(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[: _LABEL // 2]}…{label[-_LABEL // 2 + 1 :]}"


def _text(value: str) -> str:
    return escape(visible(value))
