"""The style of the page of statistics: light and dark, narrow and wide, on paper and in forced colours."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #57606a; --edge: #d0d7de; --bar: #0b62c4; --track: #e7ebf0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --card: #161b22; --ink: #e6edf3; --soft: #9aa5b1; --edge: #30363d; --bar: #58a6ff;
    --track: #262d36;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 0 0 .75rem; font-size: 1.1rem; }
header p { margin: .25rem 0 1rem; color: var(--soft); }
a { color: var(--bar); }
:focus-visible { outline: 3px solid var(--bar); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem; }
.figures, nav ul { list-style: none; margin: 0 0 1rem; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
.figures li {
  flex: 1 1 8.5rem; padding: .75rem; background: var(--card); border: 1px solid var(--edge); border-radius: .5rem;
  color: var(--soft); font-size: .875rem;
}
.figures b {
  display: block; color: var(--ink); font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums;
}
nav a { display: inline-block; padding: .25rem .25rem; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
main:focus { outline: none; }
section {
  min-width: 0; padding: 1rem; background: var(--card); border: 1px solid var(--edge); border-radius: .5rem;
  break-inside: avoid;
}
svg { display: block; overflow: visible; }
svg text { fill: var(--ink); font-size: 14px; }
svg .n { text-anchor: end; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .axis { fill: var(--soft); font-size: 12px; }
svg .m { text-anchor: middle; fill: var(--soft); font-size: 11px; }
.bar { fill: var(--bar); }
.track { fill: var(--track); }
.line { fill: var(--edge); }
.hit { fill: transparent; }
summary { margin-top: .75rem; padding: .25rem 0; cursor: pointer; color: var(--soft); font-size: .875rem; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
th, td { padding: .3rem .4rem; border-bottom: 1px solid var(--edge); text-align: right; }
th:first-child { text-align: left; font-weight: normal; }
thead th { color: var(--soft); }
@media (forced-colors: active) {
  .bar { fill: CanvasText; forced-color-adjust: none; }
  .track { fill: Canvas; stroke: CanvasText; }
  svg text { fill: CanvasText !important; }
}
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #333; --edge: #999; --bar: #444; --track: #eee; }
  body { max-width: none; padding: 0; }
  nav, .skip, details:not([open]) { display: none; }
  main { display: block; }
  section { margin-bottom: .75rem; }
  .bar, .track { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
