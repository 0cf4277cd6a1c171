/** What `flyball simulate` prints: a table for people, JSON for programs. Pure; the same report, the same bytes. */
import type { PolicyOutcome, SimulationReport } from '@flyball/autonomics';

export function reportText({ title, subtitle, seed, runs, figures, scores, first }: SimulationReport): string {
  const seeds = runs === 1 ? `seed ${seed}` : `${runs} runs, seeds ${seed} to ${seed + runs - 1}`;
  const head = ['policy', ...figures.map(({ label }) => label)];
  const units = ['', ...figures.map(({ unit, over }) => [unit, runs > 1 ? `(${over})` : ''].filter((part) => part !== '').join(' '))];
  const rows = scores.map(({ name, scores: values }) => [name, ...figures.map(({ key }) => shown(values[key]?.value))]);
  const reasons = first.outcomes.find(({ ours }) => ours)?.reasons ?? [];
  const said = reasons.length === 0 ? '' : `\n${runs === 1 ? 'What the governor said' : `What the governor said in run ${seed}`}:\n${reasons.map((line) => `  ${line}\n`).join('')}`;
  return `${title}: ${subtitle}; ${seeds}\n\n${table([head, units, ...rows])}${said}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ').trimEnd()}\n`).join('');
}

function shown(value: number | undefined): string {
  if (value === undefined) return '–';
  if (Number.isInteger(value)) return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  if (Math.abs(value) >= 1_000) return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(2);
}

/** Without the picture's lines, and without spans, of which a flapping peer has a hundred thousand. */
export function reportJson({ governor, subtitle, seed, runs, policy, figures, scores, first }: SimulationReport): string {
  const policies = first.outcomes.map(outcomeJson);
  return `${JSON.stringify({ governor, load: subtitle, seed, runs, policy, figures, scores, first: { seed: first.seed, durationMs: first.durationMs, moments: first.moments, policies } }, null, 2)}\n`;
}

function outcomeJson({ name, ours, figures, spans, marks, reasons }: PolicyOutcome): object {
  return { name, ours, figures, transitions: Math.max(0, spans.length - 1), actions: marks, reasons };
}
