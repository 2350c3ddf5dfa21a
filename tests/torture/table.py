"""The table of what was tried, as Markdown, and its place in docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

START, END = "<!-- torture -->\n", "<!-- end of torture -->"
HEAD = "| trial | trials | survived | lost | leaked | remark |\n|---|---:|---:|---:|---:|---|\n"
NOT_YET = "not run yet"


@dataclass
class Row:
    """What became of a trial that was made some times.

    `lost` counts acknowledged changes that are not there, and changes that are there in part or twice; `leaked`
    lines of output in which a secret shows.
    """

    title: str
    trials: int = 0
    survived: int = 0
    lost: int = 0
    leaked: int = 0
    remark: str = ""

    @property
    def is_good(self) -> bool:
        return self.survived == self.trials and not self.lost and not self.leaked

    def line(self) -> str:
        counts = [self.trials, self.survived, self.lost, self.leaked] if self.trials else ["-"] * 4
        return "| " + " | ".join(map(str, [self.title, *counts, self.remark])).rstrip() + " |"


def markdown(lines: Iterable[str]) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


def merged(page: str, titles: Sequence[str], rows: Iterable[Row]) -> str:
    """The page with these rows in its table, in the order of the titles; rows that were not run stay as they are.

    Raises ValueError where the page has no place for the table.
    """
    before, found, rest = page.partition(START)
    old, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"there are no lines {START.strip()} and {END}")
    lines = {title: Row(title, remark=NOT_YET).line() for title in titles}
    for line in old.splitlines():
        title = line.strip("| ").split(" | ")[0]
        if title in lines:
            lines[title] = line
    for row in rows:
        if row.trials or NOT_YET in lines[row.title]:  # what could not be run here keeps its figures from elsewhere
            lines[row.title] = row.line()
    return before + START + markdown(lines.values()) + END + after


def write(path: Path, titles: Sequence[str], rows: Iterable[Row]) -> None:
    path.write_text(merged(path.read_text(encoding="utf-8"), titles, rows), encoding="utf-8")
