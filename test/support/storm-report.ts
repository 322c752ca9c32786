import type { PolicyReport, Report } from '../../src/simulate/index.ts'

/** One policy's part of a report, with figures that are easy to find again. */
export function policyReport(given: Partial<PolicyReport> = {}): PolicyReport {
  return {
    policy: 'breakwater',
    label: 'Breakwater',
    partial: false,
    t50Ms: 1_500,
    t99Ms: 3_000,
    tAllMs: 3_500,
    boundMs: 2_000,
    peakPerSecond: 40,
    peakOverCapacity: 2,
    attemptsPerClient: 1.25,
    amplification: 1.25,
    wasted: 3,
    goodputLost: 0,
    worstWaitMs: 3_500,
    details: { gaveUp: 0, p99Ms: 12 },
    curves: { arrivals: [40, 20, 10, 0], queue: [20, 20, 10, 0], recovered: [0.25, 0.5, 0.75, 1] },
    ...given,
  }
}

/** A report of a storm, made by hand: ours, and a rival whose flood never ends. */
export function stormReport(given: Partial<Report> = {}): Report {
  const rival = policyReport({
    policy: 'rival',
    label: 'rival 1.0',
    t50Ms: null,
    t99Ms: null,
    tAllMs: null,
    peakPerSecond: 1_000,
    peakOverCapacity: 50,
    goodputLost: 0.9,
    worstWaitMs: null,
    curves: { arrivals: [1_000, 0, 1_000, 0], queue: [980, 960, 1_940, 1_920], recovered: [0.05, 0.1, 0.1, 0.1] },
  })
  return {
    ...policyReport(),
    scenario: 'reconnect',
    title: 'Reconnect storm',
    parameters: { clients: 20, outageMs: 30_000, hint: false, server: 'fifo' },
    summary: '20 sockets: all is well.',
    compared: [rival],
    ...given,
  }
}
