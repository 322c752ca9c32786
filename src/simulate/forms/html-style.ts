/** How the page looks, in the light and in the dark. */
export const htmlStyle = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --text: #1d2129; --soft: #5d6675; --line: #e3e5e9; --grid: #eceef1;
  --limit: #b26a00; --ours: #0b6bcb;
  --rivals: #d1383d #2e8b57 #8e44ad #0f8b8d #b0307f #6b7a1f #7a5230 #4c5bd4 #a61b5b #3f7f3f #7d6b9e #54606e #c2711c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1b1f26; --text: #e6e9ee; --soft: #98a2b3; --line: #2c323c; --grid: #272c35;
    --limit: #f0b35a; --ours: #58a6ff;
    --rivals: #ff7b72 #56d39b #c79bff #4fd1d3 #f47fc4 #c5d15b #d3a67c #93a0ff #ff8fb5 #8bd48b #b9aee0 #a9b4c2 #ffa657;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { margin: 0 0 8px; font-size: 28px; line-height: 1.2; }
h2 { margin: 0; font-size: 16px; }
p { margin: 0; }
.summary { font-size: 18px; max-width: 75ch; }
.partial { margin-top: 8px; color: var(--limit); font-weight: 600; }
.hint { color: var(--soft); font-size: 13px; }
section { margin-top: 20px; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.chart { margin-top: 8px; min-height: 240px; }
.scroll { overflow-x: auto; margin-top: 8px; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; font-size: 13px; }
.figures { min-width: 100%; }
.figures th, .figures td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
.figures thead th { color: var(--soft); font-weight: 600; }
.figures tbody th { font-weight: inherit; }
.figures tr > :first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--card); }
.figures tbody tr:first-child { font-weight: 600; color: var(--ours); }
.figures tbody tr:last-child > * { border-bottom: 0; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 8px 20px; margin: 8px 0 0; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.meanings { grid-template-columns: max-content 1fr; gap: 2px 16px; }
.meanings dd { color: var(--soft); font-size: 13px; }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--soft); font-size: 13px; }
footer { margin-top: 24px; color: var(--soft); font-size: 13px; }
.chart .uplot { width: 100% !important; font-family: inherit; }
.chart .u-legend { text-align: left; font-size: 13px; margin-top: 4px; }
.chart .u-legend tbody { display: flex; flex-wrap: wrap; }
.chart .u-legend .u-series { padding: 0 14px 2px 0; }
.chart .u-legend .u-series:first-child { order: -2; min-width: 13ch; }
.chart .u-legend .u-series:last-child { order: -1; }
.chart .u-legend th { font-weight: 500; }
.chart .u-legend .u-marker { border-radius: 3px; }
.chart .u-legend .u-value { display: inline-block; min-width: 5ch; font-variant-numeric: tabular-nums; }
.chart .u-select { background: color-mix(in srgb, var(--ours) 15%, transparent); }
.chart .u-cursor-x, .chart .u-cursor-y { border-color: var(--soft); }
`
