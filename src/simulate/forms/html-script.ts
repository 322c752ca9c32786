/** What the page's script is given: the curves, and what is drawn across them. */
export interface PageCurves {
  /** The second at which the charts end at first; the whole run is seen after a double click. */
  readonly until: number
  readonly capacity: number | null
  readonly boundMs: number | null
  readonly policies: readonly {
    readonly label: string
    readonly arrivals: readonly number[]
    readonly queue: readonly number[]
    readonly recovered: readonly number[]
  }[]
}

/**
 * The page's script, as text: a bundler that renamed things in a function, or added to it, would break a page that it
 * never sees. It finds its data in `#curves` and uPlot in `uPlot`.
 */
export const htmlScript = `
'use strict';
const given = JSON.parse(document.getElementById('curves').textContent);
const { policies, capacity, boundMs, until } = given;
const longest = Math.max(1, ...policies.map(({ arrivals, recovered }) => Math.max(arrivals.length, recovered.length)));
const seconds = Array.from({ length: longest }, (_, second) => second);
const most = Math.max(1, ...policies.flatMap(({ arrivals }) => arrivals));
// Steps in which people count time.
const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const dark = matchMedia('(prefers-color-scheme: dark)');
const look = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const inFull = (value) =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
const inTime = (at) =>
  at < 120 ? inFull(at) + ' s' : Math.floor(at / 60) + ' min' + (at % 60 ? ' ' + inFull(at % 60) + ' s' : '');
const inPercent = (share) => inFull(100 * share) + ' %';

let charts = [];
let following = false;
// What one chart is told, zoom or a series taken away, the others are told too; but not by each other again.
const others = (chart, tell) => {
  if (following) return;
  following = true;
  for (const other of charts) if (other !== chart) tell(other);
  following = false;
};

const acrossAt = (at, label) => (chart) => {
  const x = Math.round(chart.valToPos(at, 'x', true));
  const { ctx, bbox } = chart;
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = look('--limit');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = 12 * devicePixelRatio + 'px system-ui, sans-serif';
  const right = x + 200 * devicePixelRatio > bbox.left + bbox.width;
  ctx.textAlign = right ? 'right' : 'left';
  ctx.fillText(label, x + (right ? -6 : 6) * devicePixelRatio, bbox.top + bbox.height - 8 * devicePixelRatio);
  ctx.restore();
};

const toggle = (chart, label, show) => {
  const index = chart.series.findIndex((series) => series.label === label);
  if (index > 0) chart.setSeries(index, { show });
};

const draw = () => {
  const hidden = charts.flatMap(({ series }) => series.filter(({ show }) => !show).map(({ label }) => label));
  for (const chart of charts) chart.destroy();
  const rivals = look('--rivals').split(' ');
  const axis = (more) => ({
    stroke: look('--soft'),
    grid: { stroke: look('--grid'), width: 1 },
    ticks: { stroke: look('--grid'), width: 1 },
    font: '12px system-ui, sans-serif',
    ...more,
  });
  const chart = (id, name, value, { marks, ...scale }, extra, drawn) => {
    const box = document.getElementById(id);
    const curves = policies.map((policy, index) => ({
      label: policy.label,
      stroke: index === 0 ? look('--ours') : rivals[(index - 1) % rivals.length],
      width: index === 0 ? 3 : 1.5,
      dash: index > rivals.length ? [6, 3] : undefined,
      points: { show: longest < 3 },
      show: !hidden.includes(policy.label),
      value: (_, at) => (at == null ? '\\u2013' : value(at)),
      data: seconds.map((at) => policy[name][at] ?? null),
    }));
    // What is drawn last is on top: ours.
    const series = [...extra, ...curves.slice(1), curves[0]];
    return new uPlot(
      {
        width: box.clientWidth,
        height: 260,
        cursor: { sync: { key: 'second' }, points: { size: 7 } },
        scales: { x: { time: false }, y: scale },
        axes: [
          axis({ size: 34, space: 90, incrs: steps, values: (_, splits) => splits.map(inTime) }),
          axis({ size: 70, values: (_, splits) => splits.map(value), ...marks }),
        ],
        series: [{ label: 'at', value: (_, at) => (at == null ? '\\u2013' : inTime(at)) }, ...series],
        hooks: {
          draw: drawn ? [drawn] : [],
          setScale: [(self, key) => key === 'x' && others(self, (other) => other.setScale('x', { min: self.scales.x.min, max: self.scales.x.max }))],
          setSeries: [(self, index, set) => 'show' in set && others(self, (other) => toggle(other, self.series[index].label, set.show))],
        },
      },
      [seconds, ...series.map(({ data }) => data)],
      box,
    );
  };
  const fromZero = { range: (_, low, high) => [0, Math.max(high * 1.05, 1)] };
  const limit = {
    label: 'capacity', stroke: look('--limit'), width: 1.5, dash: [6, 4], points: { show: false },
    show: !hidden.includes('capacity'), value: () => inFull(capacity), data: seconds.map(() => capacity),
  };
  // A flood of many times the capacity would flatten everything else: above the capacity the scale is logarithmic.
  const steep = capacity !== null && most > 6 * capacity;
  const tens = Array.from({ length: 12 }, (_, power) => 10 ** power).filter((ten) => ten > 2 * capacity && ten < most * 1.2);
  const marks = { splits: () => [0, capacity, ...tens], filter: (_, splits) => splits };
  const asinh = steep ? { distr: 4, asinh: capacity, range: () => [0, most * 1.3], marks } : fromZero;
  document.getElementById('steep').hidden = !steep;
  charts = [
    chart('arrivals', 'arrivals', inFull, asinh, capacity === null ? [] : [limit]),
    chart('recovered', 'recovered', inPercent, { range: () => [0, 1.02] }, [],
      boundMs === null ? undefined : acrossAt(boundMs / 1000, 'soonest possible')),
    chart('queue', 'queue', inFull, fromZero, []),
  ];
  if (until < longest - 1) charts[0].setScale('x', { min: 0, max: until });
};
draw();
dark.addEventListener('change', draw);
new ResizeObserver(() => {
  for (const chart of charts) chart.setSize({ width: chart.root.parentElement.clientWidth, height: 260 });
}).observe(document.querySelector('main'));
`
