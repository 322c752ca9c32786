import { describe, expect, it } from 'vitest'
import { columnsOf, inPercent, inTime, inTimes, titleOf } from '../../../src/simulate/forms/figures.ts'
import { htmlReport, markdown, plot, type ScenarioName, scenarios, simulate } from '../../../src/simulate/index.ts'
import { policyReport, stormReport } from '../../support/storm-report.ts'

const assets = { uplotScript: '/* uPlot */', uplotStyle: '/* its style */' }

describe('a report as Markdown', () => {
  it('has the sentence, a row for each policy, and all that was set', () => {
    expect(markdown(stormReport())).toBe(`### Reconnect storm

20 sockets: all is well.

|  | 50 % back | 99 % back | all back | soonest | peak/s | × capacity | attempts | amplification | wasted | lost | worst wait | gave up | p99 |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| Breakwater | 1.5 s | 3 s | 3.5 s | 2 s | 40 | 2 | 1.25 | 1.25 | 3 | 0 % | 3.5 s | 0 | 12 ms |
| rival 1.0 | never | never | never | 2 s | 1,000 | 50 | 1.25 | 1.25 | 3 | 90 % | – | 0 | 12 ms |

\`reconnect\` with \`clients: 20\`, \`outageMs: 30000\`, \`hint: false\`, \`server: fifo\`
`)
  })

  it('does not call never what was only not waited for', () => {
    const text = markdown(stormReport({ partial: true, t99Ms: null, tAllMs: null }))
    expect(text).toContain('| Breakwater (ended early) | 1.5 s | not yet | not yet |')
  })

  it('leaves out what this scenario has no figure of', () => {
    const none = { t50Ms: null, t99Ms: null, tAllMs: null, boundMs: null, worstWaitMs: null, details: {} }
    const text = markdown(stormReport({ ...none, compared: [policyReport({ ...none, label: 'rival' })] }))
    expect(text).toContain('|  | peak/s | × capacity | attempts | amplification | wasted | lost |\n')
  })

  it('keeps names from being anything else', () => {
    const rival = policyReport({ label: 'a | b <script> *c* `d`\ne' })
    expect(markdown(stormReport({ compared: [rival] }))).toContain('| a \\| b \\<script\\> \\*c\\* \\`d\\` e |')
  })
})

describe('a report as a picture of characters', () => {
  it('shows arrivals against the capacity, who has recovered, and what is beyond the scale', () => {
    const picture = plot(stormReport(), { columns: 66, rows: 4 })
    expect(picture).toBe(
      [
        'Breakwater  busiest second 40, 2 × capacity; 99 % back after 3 s',
        '      80/s ┤',
        '           │',
        '           │████████',
        '      20/s ┤████████████████▄▄▄▄▄▄▄▄╌╌╌╌╌╌╌╌',
        ' recovered └▂▂▂▂▂▂▂▂▄▄▄▄▄▄▄▄▆▆▆▆▆▆▆▆████████ 100 %',
        'rival 1.0  busiest second 1,000, 50 × capacity',
        '      80/s ┤▲▲▲▲▲▲▲▲        ▲▲▲▲▲▲▲▲',
        '           │████████        ████████',
        '           │████████        ████████',
        '      20/s ┤████████╌╌╌╌╌╌╌╌████████╌╌╌╌╌╌╌╌',
        ' recovered └▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ 10 %',
        '            0               2 s             4 s',
      ].join('\n'),
    )
  })

  it('paints what is above the capacity red, where it may', () => {
    const picture = plot(stormReport(), { rows: 4, color: true })
    expect(picture).toContain('\u001b[31m▲▲▲▲▲▲▲▲\u001b[0m')
    expect(picture).toContain('\u001b[33m╌╌╌╌╌╌╌╌\u001b[0m')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes are what is looked for
    expect(picture.replace(/\u001b\[\d+m/g, '')).toBe(plot(stormReport(), { rows: 4 }))
    expect(plot(stormReport())).not.toContain('\u001b')
  })

  it('does not let a rival that never comes back squeeze the others', () => {
    const never = Array.from({ length: 900 }, () => 30)
    const curves = { arrivals: never, queue: never, recovered: never.map(() => 0.1) }
    const rival = policyReport({ tAllMs: null, curves })
    const picture = plot(stormReport({ compared: [rival] }))
    expect(picture).toMatch(/ … 10 %\n.*\nThe longest run goes on until 15 min; after … stands the share at its end\.$/)
    expect(picture).toContain('60 s')
    expect(picture).not.toContain('2 min')
  })

  it('says who had recovered at the end where that is beyond the edge', () => {
    const late = Array.from({ length: 300 }, (_, second) => Math.min(1, second / 250))
    const rival = policyReport({ curves: { arrivals: late, queue: late, recovered: late } })
    const picture = plot(stormReport({ compared: [rival] }))
    expect(picture).toMatch(/█ 100 %\nBreakwater/)
    expect(picture).toMatch(/ … 100 %\n/)
  })

  it('breaks what it says of a policy where a line is too short for it', () => {
    const label = 'cockatiel 4 retry(3, ExponentialBackoff) + SamplingBreaker'
    const report = stormReport({ label, peakPerSecond: 10_000_000, peakOverCapacity: 0.001, compared: [] })
    expect(plot(report, { columns: 40, rows: 2 }).split('\n').slice(0, 5)).toEqual([
      'cockatiel 4 retry(3, ExponentialBackoff)',
      '+ SamplingBreaker',
      '  busiest second 10,000,000, < 0.01 ×',
      '  capacity; 99 % back after 3 s',
      expect.stringContaining('/s ┤'),
    ])
  })

  it.each([40, 80, 100, 200])('fits into %i columns, whatever the length of the run', async (columns) => {
    for (const length of [0, 1, 7, 59, 60, 61, 400, 5_000]) {
      const arrivals = Array.from({ length }, (_, second) => second % 50)
      const curves = { arrivals, queue: arrivals, recovered: arrivals.map(() => 0.5) }
      const drawn = plot(stormReport({ curves, label: 'B', compared: [] }), { columns, rows: 2 })
      const lines = drawn.split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
    }
  })

  it('of a real run is the same each time', async () => {
    const [first, again] = await Promise.all([1, 1].map((seed) => simulate({ name: 'reconnect', clients: 50, seed })))
    expect(plot(first!)).toBe(plot(again!))
    expect(plot(first!)).toContain('█')
  })
})

describe('a report as a page', () => {
  it('has the table, what was set, and asks for nothing from anywhere', () => {
    const page = htmlReport(stormReport(), assets)
    expect(page).toContain('<td>never</td>')
    expect(page).toContain('<dt title="outageMs">outage</dt><dd>30 s</dd>')
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/https?:|src="|href="(?!data:,)/)
  })

  it('takes nothing of the data for markup', () => {
    const evil = `</script><script>alert(1)</script><!--<img src=x onerror=alert(2)> & " '`
    const report = stormReport({
      title: evil,
      summary: evil,
      label: evil,
      scenario: evil,
      parameters: { [evil]: evil },
      details: { [evil]: 1 },
      compared: [policyReport({ label: evil })],
    })
    const page = htmlReport(report, assets)
    expect(page).not.toMatch(/<img|<script>alert|<!--/)
    expect(page.match(/<\/script>/g)).toHaveLength(3)
    const json = /<script type="application\/json" id="curves">(.*?)<\/script>/s.exec(page)?.[1] ?? ''
    expect(JSON.parse(json).policies.map(({ label }: { label: string }) => label)).toEqual([evil, evil])
  })

  it('says when it opens on a part of the run', () => {
    const long = Array.from({ length: 900 }, () => 1)
    const rival = policyReport({ curves: { arrivals: long, queue: long, recovered: long } })
    const page = htmlReport(stormReport({ compared: [rival] }), assets)
    expect(page).toContain('The charts open on the first 60 s of 15 min. ')
    expect(page).toContain('"until":60')
    expect(htmlReport(stormReport(), assets)).not.toContain('open on')
  })

  it('says when a run was ended early', () => {
    expect(htmlReport(stormReport({ partial: true }), assets)).toContain('Ended early')
    expect(htmlReport(stormReport(), assets)).not.toContain('Ended early')
  })
})

describe('figures for a person', () => {
  it.each([
    [0, '0 s'],
    [12, '12 ms'],
    [999, '999 ms'],
    [1_234, '1.23 s'],
    [150_000, '2 min 30 s'],
  ])('%i ms is %s', (ms, text) => {
    expect(inTime(ms)).toBe(text)
  })

  it.each([
    ['gaveUp', 'gave up'],
    ['p99Ms', 'p99'],
    ['p99MsAt60', 'p99 at 60'],
    ['lateShare', 'late'],
    ['maxWindowMs', 'max window'],
  ])('%s is called %s', (name, title) => {
    expect(titleOf(name)).toBe(title)
  })

  it.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.99999, '> 99.9 %'],
    [0.00001, '< 0.1 %'],
    [0.3333, '33.3 %'],
  ])('a share of %d is %s', (share, text) => {
    expect(inPercent(share)).toBe(text)
  })

  it.each([
    [0, '0'],
    [0.001, '< 0.01'],
    [0.0567, '0.057'],
    [0.9, '0.9'],
    [10.52, '10.5'],
  ])('%d times the capacity is %s', (multiple, text) => {
    expect(inTimes(multiple)).toBe(text)
  })

  it('of one scenario are shown as what they are', () => {
    const details = { connected: 0.099, extraAt60: 0.5, lateShare: 0.2, p99MsAt60: 12, diverged: 1, toString: 3 }
    const [ours] = [stormReport({ details, compared: [policyReport({ details: { diverged: 0 } })] })]
    const shown = columnsOf(ours).slice(-6)
    expect(shown.map(({ cell }) => cell(ours))).toEqual(['9.9 %', '50 %', '20 %', '12 ms', 'yes', '3'])
    expect(shown[4]?.cell(ours.compared[0]!)).toBe('no')
    expect(shown[3]?.what).toBe('at 60 % load: 99 of 100 calls took no longer')
    expect(shown[5]?.what).toBe('a figure of this scenario alone')
  })

  it.each(Object.keys(scenarios) as ScenarioName[])('of %s are explained, every one', async (name) => {
    // Ended before it began: the names are what is asked for.
    const report = await simulate({ name }, { signal: AbortSignal.abort() })
    for (const { title, what } of columnsOf(report))
      expect([title, what]).not.toContain('a figure of this scenario alone')
  })
})
