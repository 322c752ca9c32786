import type { Report } from '../report.ts'
import { capacityOf, columnsOf, inTime, policiesOf, titleOf } from './figures.ts'
import { htmlScript, type PageCurves } from './html-script.ts'
import { htmlStyle } from './html-style.ts'
import { longestSeconds, secondsShown } from './plot.ts'

/** The files of uPlot that draw the curves, as text: the package `uplot` has them in its folder `dist`. */
export interface HtmlAssets {
  /** `uPlot.iife.min.js`, with its licence in front. */
  readonly uplotScript: string
  /** `uPlot.min.css`. */
  readonly uplotStyle: string
}

/**
 * A report as one HTML file that needs nothing else, not even a network: what came to the server, who had recovered and
 * what waited, second by second and for every policy, the table, and all that was set. Light or dark, as the reader has it.
 */
export function htmlReport(report: Report, { uplotScript, uplotStyle }: HtmlAssets): string {
  const partial = policiesOf(report).some((policy) => policy.partial)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(report.title)}</title>
<link rel="icon" href="data:,">
<style>${inElement(uplotStyle)}</style>
<style>${htmlStyle}</style>
</head>
<body>
<main>
<h1>${escaped(report.title)}</h1>
<p class="summary">${escaped(report.summary)}</p>
${partial ? '<p class="partial">Ended early: these are the figures until then.</p>' : ''}
<noscript><p class="partial">The curves are drawn by a script; the table needs none.</p></noscript>
${chartSection('arrivals', 'Arrivals at the server, per second', `<span id="steep" hidden>Above the capacity the scale is logarithmic. </span>${beginningOf(report)}A click on a name hides it; drag to zoom, double click to see all.`)}
${chartSection('recovered', 'Share that has recovered')}
${chartSection('queue', 'Waiting at the server')}
<section><h2>Figures</h2>${table(report)}</section>
<section><h2>What was set</h2>${settings(report)}</section>
<footer>Scenario <code>${escaped(report.scenario)}</code> of Breakwater. The same parameters and seed give the same figures.</footer>
</main>
<script type="application/json" id="curves">${JSON.stringify(curvesOf(report)).replaceAll('<', '\\u003c')}</script>
<script>${inElement(uplotScript)}</script>
<script>${inElement(htmlScript)}</script>
</body>
</html>
`
}

function chartSection(id: string, title: string, hint = ''): string {
  const note = hint === '' ? '' : `<p class="hint">${hint}</p>`
  return `<section><h2>${title}</h2>${note}<div class="chart" id="${id}"></div></section>`
}

/** A word where the charts do not open on the whole run. */
function beginningOf(report: Report): string {
  const [shown, longest] = [secondsShown(report), longestSeconds(report)]
  if (shown >= longest - 1) return ''
  return `The charts open on the first ${inTime(1_000 * shown)} of ${inTime(1_000 * longest)}. `
}

function curvesOf(report: Report): PageCurves {
  return {
    until: secondsShown(report),
    capacity: capacityOf(report) ?? null,
    boundMs: report.boundMs,
    policies: policiesOf(report).map(({ label, curves: { arrivals, queue, recovered } }) => ({
      label,
      arrivals,
      queue,
      recovered,
    })),
  }
}

function table(report: Report): string {
  const columns = columnsOf(report)
  const head = columns.map(({ title, what }) => `<th scope="col" title="${escaped(what)}">${escaped(title)}</th>`)
  const rows = policiesOf(report).map((policy) => {
    const cells = columns.map(({ cell }) => `<td>${escaped(cell(policy))}</td>`)
    return `<tr><th scope="row">${escaped(policy.label)}</th>${cells.join('')}</tr>`
  })
  const meanings = columns.map(({ title, what }) => `<dt>${escaped(title)}</dt><dd>${escaped(what)}</dd>`)
  return `<div class="scroll"><table class="figures"><thead><tr><td></td>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>
<details><summary>What they mean</summary><dl class="meanings">${meanings.join('')}</dl></details>`
}

function settings({ parameters }: Report): string {
  const shown = (name: string, value: number | string | boolean) => {
    if (typeof value === 'boolean') return value ? 'yes' : 'no'
    if (typeof value === 'string') return value
    return name.endsWith('Ms') ? inTime(value) : value.toLocaleString('en')
  }
  const pairs = Object.entries(parameters).map(
    ([name, value]) =>
      `<div><dt title="${escaped(name)}">${escaped(titleOf(name))}</dt><dd>${escaped(shown(name, value))}</dd></div>`,
  )
  return `<dl>${pairs.join('')}</dl>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)
}

/** Text within a script or a style: nothing in it ends that element or begins a comment. */
function inElement(text: string): string {
  return text.replace(/<(?=\/(script|style)|!--|script)/gi, '\\u003c')
}
