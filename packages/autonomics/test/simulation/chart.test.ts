import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlPage } from '../../src/simulation/chart/html.ts';
import { clockText, linear, numberText, roundTicks, timeText, timeTicks } from '../../src/simulation/chart/scale.ts';
import { svgPicture, type Picture } from '../../src/simulation/chart/svg.ts';
import { bars, groupMarks, thinLine } from '../../src/simulation/chart/thin.ts';
import type { PolicyOutcome } from '../../src/simulation/outcome.ts';
import { ScoreBoard } from '../../src/simulation/scores.ts';

/** Every element is closed in its order, every attribute quoted; names of what was seen. */
function elementsOf(xml: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const body = xml.replace(/<!doctype html>/i, '').replace(/<(style)>[\s\S]*?<\/style>/g, '<$1></$1>').replace(/<meta [^>]*>/g, '').replaceAll('<br>', '');
  for (const [whole, closing, name = '', attributes = '', empty] of body.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    assert.ok(!/NaN|undefined|Infinity/.test(attributes), whole);
    if (closing === '/') assert.equal(open.pop(), name, `${whole} closes another element`);
    else if (empty === '') open.push(name);
    if (closing !== '/') seen.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(body.replace(/<\/?[a-zA-Z][^<>]*>/g, ''), /[<>]/, 'text outside of elements is escaped');
  return seen;
}

const outcome = (name: string, ours: boolean): PolicyOutcome => ({
  name, ours, figures: { good: 1.5, never: undefined },
  spans: [{ fromMs: 0, state: 'boot' }, { fromMs: 10, state: 'stable' }, { fromMs: 5_000, state: 'refusing' }],
  marks: [{ atMs: 5_000, label: 'rollback#1: "5 %" > 1 % & more' }], reasons: ours ? ['a < b & c'] : [], ...(ours ? {} : { source: 'somebody\'s <documentation>' }),
});

const picture: Picture = {
  title: 'Guard <of> "all" & more', subtitle: 'steady',
  figures: [{ key: 'good', label: 'good', unit: '%', over: 'mean' }, { key: 'never', label: 'never', unit: 'min', over: 'median' }],
  run: {
    seed: 1, durationMs: 10_000, moments: [{ atMs: 4_000, label: 'it <begins>' }], outcomes: [outcome('ours', true), outcome('peer', false)],
    panels: [{ title: 'Load', unit: '1/s', lines: [{ name: 'load', points: [[0, 1], [5_000, 3], [10_000, NaN]] }], thresholds: [{ label: 'limit', value: 2 }, { label: 'far away', value: 1_000 }] }],
  },
};

test('the picture is well-formed, stands alone, and shows signal, thresholds, states, actions and peers', () => {
  const svg = svgPicture(picture);
  const seen = elementsOf(svg);
  assert.ok(seen.includes('polyline') && seen.filter((name) => name === 'path').length === 3, 'a line, two marks and the legend\'s');
  for (const text of ['Guard &lt;of&gt; &quot;all&quot; &amp; more', 'limit', 'far away (above the scale)', 'it &lt;begins&gt;', 'ours: refusing', 'peer: stable', 'rollback#1: &quot;5 %&quot; &gt; 1 % &amp; more']) assert.ok(svg.includes(text), text);
  assert.doesNotMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|url\(|@import|<script|href/);
  assert.match(svg, /@media \(prefers-color-scheme:dark\)/);
});

test('the page holds the picture, the scores, the reasons and the command, and fetches nothing', () => {
  const board = new ScoreBoard(picture.figures);
  board.add(picture.run);
  const html = htmlPage({ ...picture, runs: 1, scores: board.scores(), command: "flyball simulate x --load '<steady>'" });
  const seen = elementsOf(html);
  for (const name of ['svg', 'table', 'ol', 'ul', 'code']) assert.ok(seen.includes(name), name);
  assert.ok(html.includes('--load &#39;&lt;steady&gt;&#39;') && html.includes('a &lt; b &amp; c') && html.includes('somebody&#39;s &lt;documentation&gt;'));
  assert.doesNotMatch(html, /<script|<link|<img|src=|@import/);
});

test('an empty run can be drawn', () => {
  elementsOf(svgPicture({ ...picture, run: { seed: 1, durationMs: 1, moments: [], outcomes: [], panels: [{ title: 'x', unit: '', lines: [{ name: 'none', points: [] }], thresholds: [] }] } }));
});

test('a line beyond the scale is cut off and named', () => {
  const [panel] = picture.run.panels;
  const svg = svgPicture({ ...picture, run: { ...picture.run, panels: [{ ...panel!, most: 2, lines: [{ name: 'wild', points: [[0, 1], [10_000, 9_000]] }] }] } });
  assert.ok(svg.includes('off the scale: wild, up to 9,000'));
  const heights = [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, points = '']) => points.split(' ').map((point) => Number(point.split(',')[1])));
  assert.ok(heights.every((height) => height >= 0), heights.join());
});

test('a thinned line keeps the extremes, in order', () => {
  const points = Array.from({ length: 10_000 }, (_, at): [number, number] => [at, at === 5_003 ? 999 : at === 7_001 ? -999 : Math.sin(at / 50)]);
  const thin = thinLine({ points }, 10_000, 100);
  assert.ok(thin.length <= 202);
  assert.ok(thin.some(([, value]) => value === 999) && thin.some(([, value]) => value === -999));
  assert.ok(thin.every(([at], index) => index === 0 || at >= thin[index - 1]![0]));
  assert.deepEqual([thin[0], thin.at(-1)], [points[0], points.at(-1)]);
});

test('of many states within a pixel the gravest is drawn, and their number said', () => {
  const spans = [{ fromMs: 0, state: 'stable' as const }, { fromMs: 500, state: 'refusing' as const }, { fromMs: 501, state: 'stable' as const }];
  assert.deepEqual(bars(spans, 1_000, 10), [
    { state: 'stable', from: 0, to: 5, changes: 1 }, { state: 'refusing', from: 5, to: 6, changes: 2 }, { state: 'stable', from: 6, to: 10, changes: 0 },
  ]);
  assert.deepEqual(bars([], 1_000, 10), []);
  const groups = groupMarks([{ atMs: 0, label: 'a' }, { atMs: 10, label: 'b' }, { atMs: 900, label: 'c' }], 1_000, { columns: 100, gap: 9 });
  assert.deepEqual(groups, [{ column: 0, labels: ['a', 'b'], count: 2 }, { column: 90, labels: ['c'], count: 1 }]);
});

test('axes have round numbers', () => {
  assert.deepEqual(roundTicks(0, 423, 4), [0, 200, 400]);
  assert.deepEqual(roundTicks(0, 0.07, 4), [0, 0.02, 0.04, 0.06]);
  assert.deepEqual(timeTicks(3_600_000, 8).map(timeText), ['0', '10 min', '20 min', '30 min', '40 min', '50 min', '60 min']);
  assert.deepEqual([timeText(60_000), timeText(90_000), timeText(36_000_000)], ['1 min', '90 s', '10 h']);
  assert.equal(clockText(3_783_999), '1:03:03');
  assert.deepEqual([12_345_678, 1_234.5, 123.45, 0.012_345, NaN].map(numberText), ['12.3 M', '1,235', '123.5', '0.0123', '–']);
  assert.equal(linear({ from: 0, to: 10, pixelFrom: 100, pixelTo: 0, ticks: 2 }).pixel(2.5), 75);
});
