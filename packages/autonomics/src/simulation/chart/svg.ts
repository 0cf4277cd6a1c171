// Draws one run as an SVG that needs nothing but itself: the signals with their thresholds above, below them
// a row a policy with its states and what it did, on one axis of time. Pure; the same run, the same bytes.
import type { FigureKind, Line, Mark, Panel, PolicyOutcome, RunOutcome } from '../outcome.ts';
import { linear, numberText, timeText, timeTicks, type Scale } from './scale.ts';
import { chartStyle, LINE_COLOURS, STATES } from './style.ts';
import { bars, groupMarks, thinLine } from './thin.ts';

export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  readonly run: RunOutcome;
  readonly figures: readonly FigureKind[];
}

const WIDTH = 1_120;
const LEFT = 236;
const RIGHT = 24;
const PLOT = WIDTH - LEFT - RIGHT;
const HEAD = 96;
const PANEL = 150;
const PANEL_GAP = 46;
/** The list of a panel's lines begins so far below its top, and so far apart are they. */
const KEYS = 50;
const KEY = 17;
const ROW = 30;
const BAR = 16;
const AXIS = 40;
const LEGEND = 34;

export function svgPicture(picture: Picture): string {
  const { run } = picture;
  const tops = panelTops(run.panels);
  const tracksTop = tops.at(-1)!;
  const tracksBottom = tracksTop + run.outcomes.length * ROW + 8;
  const height = tracksBottom + AXIS + LEGEND;
  const time = linear({ from: 0, to: run.durationMs, pixelFrom: LEFT, pixelTo: LEFT + PLOT, ticks: 8 });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="fb" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="fb-title fb-text">`,
    `<title id="fb-title">${escapeXml(picture.title)}</title><desc id="fb-text">${escapeXml(description(picture))}</desc>`,
    `<style>${chartStyle()}</style><rect class="ground" width="${WIDTH}" height="${height}"/>`,
    text(24, 32, picture.title, 'title'),
    text(24, 53, picture.subtitle, 'dim'),
    timeGrid(run.durationMs, time, { top: HEAD, bottom: tracksBottom }),
    ...run.panels.map((panel, at) => panelPicture(panel, run.durationMs, time, tops[at]!)),
    ...momentLines(run.moments, time, { top: HEAD, bottom: tracksBottom }),
    ...run.outcomes.map((outcome, at) => trackPicture(outcome, run.durationMs, tracksTop + at * ROW)),
    legend(tracksBottom + AXIS + 12),
    '</svg>\n',
  ].join('\n');
}

/** Where each panel begins, and where the last one ends: a long list of lines makes its panel's place longer. */
function panelTops(panels: readonly Panel[]): number[] {
  const tops = [HEAD];
  for (const { lines } of panels) tops.push(tops.at(-1)! + Math.max(PANEL + PANEL_GAP, KEYS + lines.length * KEY + 20));
  return tops;
}

function description({ run, figures }: Picture): string {
  return run.outcomes.map((outcome) => `${outcome.name}: ${figureText(outcome, figures)}.`).join(' ');
}

export function figureText({ figures: values }: PolicyOutcome, figures: readonly FigureKind[]): string {
  return figures.map(({ key, label, unit }) => `${label} ${values[key] === undefined ? 'none' : `${numberText(values[key])} ${unit}`.trim()}`).join(', ');
}

function timeGrid(durationMs: number, time: Scale, { top, bottom }: { top: number; bottom: number }): string {
  return timeTicks(durationMs, 8)
    .map((atMs) => {
      const x = pixel(time.pixel(atMs));
      return `<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>${text(x, bottom + 17, timeText(atMs), 'dim', 'middle')}`;
    })
    .join('\n');
}

function panelPicture(panel: Panel, durationMs: number, time: Scale, top: number): string {
  const drawn = panel.lines.map((line) => ({ ...line, points: thinLine(line, durationMs, Math.floor(PLOT / 3)).filter(([, value]) => Number.isFinite(value)) }));
  const above = panel.most === undefined ? [] : drawn.filter((line) => peak(line) > panel.most!);
  const highest = Math.min(panel.most ?? Infinity, Math.max(0, ...drawn.map(peak)));
  // A threshold far above the signal would flatten it; it is then named at the upper edge.
  const shown = panel.thresholds.filter(({ value }) => value <= 4 * highest);
  const most = Math.max(highest, ...shown.map(({ value }) => value), Number.MIN_VALUE) * 1.06;
  const scale = linear({ from: 0, to: most, pixelFrom: top + PANEL, pixelTo: top, ticks: 4 });
  return [
    text(24, top + 14, panel.title, 'strong'),
    text(24, top + 31, panel.unit, 'dim'),
    ...scale.ticks.map((tick) => horizontal(scale.pixel(tick), 'grid') + text(LEFT - 8, pixel(scale.pixel(tick)) + 4, numberText(tick), 'dim', 'end')),
    // Ours last, over the others.
    ...drawn.map((line, at) => ({ line, at })).toSorted((a, b) => Number(a.line.ours ?? false) - Number(b.line.ours ?? false)).map(({ line, at }) => linePicture(line, { at, time, scale })),
    ...panel.thresholds.map(({ label, value }, at) => thresholdPicture(label, shown.some((one) => one.value === value) ? scale.pixel(value) : undefined, { top, at })),
    keys(panel.lines, top + KEYS),
    ...above.map((line, at) => text(LEFT + 6, top + 26 + at * 14, `off the scale: ${line.name}, up to ${numberText(peak(line))}`, 'dim halo small')),
  ].join('\n');
}

function peak({ points }: Line): number {
  return points.reduce((most, [, value]) => Math.max(most, value), 0);
}

function linePicture(line: Line, { at, time, scale }: { at: number; time: Scale; scale: Scale }): string {
  const path = line.points.map(([atMs, value]) => `${pixel(time.pixel(atMs))},${pixel(scale.pixel(Math.min(value, scale.to)))}`).join(' ');
  return `<polyline class="line${(at % LINE_COLOURS) + 1}${line.ours ? ' ours' : ''}" points="${path}"><title>${escapeXml(line.name)}</title></polyline>`;
}

/** Labels on alternating sides, so that two thresholds close by can both be read. */
function thresholdPicture(label: string, y: number | undefined, { top, at }: { top: number; at: number }): string {
  const [x, anchor] = at % 2 === 0 ? [LEFT + PLOT - 6, 'end'] : [LEFT + 6, 'start'];
  if (y === undefined) return text(x, top - 6, `${label} (above the scale)`, 'threshold-text halo', anchor);
  return `${horizontal(y, 'threshold')}${text(x, pixel(y) - 5, label, 'threshold-text halo', anchor)}`;
}

function keys(lines: readonly Line[], top: number): string {
  return lines
    .map(({ name, ours }, at) => `<rect class="key${(at % LINE_COLOURS) + 1}" x="24" y="${top + at * KEY}" width="14" height="3"/>${text(44, top + at * KEY + 6, name, ours ? 'strong' : 'dim')}`)
    .join('\n');
}

/** Labels on alternating heights, so that two moments close by can both be read. */
function momentLines(moments: readonly Mark[], time: Scale, { top, bottom }: { top: number; bottom: number }): string[] {
  return moments.map(({ atMs, label }, at) => {
    const x = pixel(time.pixel(atMs));
    return `<line class="moment" x1="${x}" x2="${x}" y1="${top - 4}" y2="${bottom}"/>${text(x + 4, top - 8 - (at % 2) * 13, label, 'moment-text halo')}`;
  });
}

function trackPicture(outcome: PolicyOutcome, durationMs: number, top: number): string {
  const scaled = bars(outcome.spans, durationMs, PLOT);
  return [
    text(24, top + 13, outcome.name, outcome.ours ? 'strong' : ''),
    ...scaled.map(({ state, from, to, changes }) => {
      const title = `${outcome.name}: ${state} from ${timeText(Math.round((from / PLOT) * durationMs))} to ${timeText(Math.round((to / PLOT) * durationMs))}${changes > 1 ? `, ${changes} changes` : ''}`;
      return `<rect class="${state}" x="${LEFT + from}" y="${top}" width="${to - from}" height="${BAR}"><title>${escapeXml(title)}</title></rect>`;
    }),
    ...groupMarks(outcome.marks, durationMs, { columns: PLOT, gap: 9 }).map(({ column, labels, count }) => {
      const x = LEFT + column;
      const y = top + BAR + 1;
      return `<path class="mark" d="M${x} ${y - 6}l5 9h-10z"><title>${escapeXml(`${labels.join('; ')}${count > labels.length ? ` (${count} in all)` : ''}`)}</title></path>`;
    }),
  ].join('\n');
}

function legend(y: number): string {
  const items = STATES.map((state, at) => `<rect class="${state}" x="${LEFT + at * 112}" y="${y}" width="14" height="12"/>${text(LEFT + at * 112 + 20, y + 10, state, 'dim')}`);
  const mark = LEFT + STATES.length * 112 + 6;
  return [...items, `<path class="mark" d="M${mark} ${y + 1}l5 9h-10z"/>${text(mark + 12, y + 10, 'acted', 'dim')}`].join('\n');
}

function horizontal(y: number, name: string): string {
  return `<line class="${name}" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${pixel(y)}" y2="${pixel(y)}"/>`;
}

function text(x: number, y: number, value: string, name: string, anchor?: string): string {
  return `<text x="${x}" y="${y}"${name === '' ? '' : ` class="${name}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}>${escapeXml(value)}</text>`;
}

function pixel(value: number): number {
  return Number(value.toFixed(1));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeXml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
