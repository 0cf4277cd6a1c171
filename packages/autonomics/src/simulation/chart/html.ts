// The picture with its numbers: one HTML file that fetches nothing and runs no script. Pure.
import type { FigureKind } from '../outcome.ts';
import type { PolicyScores, Score } from '../scores.ts';
import { numberText } from './scale.ts';
import { chartStyle } from './style.ts';
import { escapeXml, svgPicture, type Picture } from './svg.ts';

export interface Page extends Picture {
  readonly runs: number;
  readonly scores: readonly PolicyScores[];
  /** How the run can be repeated. */
  readonly command: string;
}

const PAGE_STYLE = `
:root{color-scheme:light dark}
body.fb{margin:0;background:var(--ground);color:var(--ink);line-height:1.45}
main{max-width:1120px;margin:0 auto;padding:8px 0 32px}
svg{display:block;max-width:100%;height:auto}
section{padding:0 24px}h2{font-size:15px;margin:22px 0 8px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}
th,td{text-align:right;padding:5px 14px 5px 0;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--dim);font-weight:500}th:first-child,td:first-child{text-align:left}
tr.own td{font-weight:600}td small{color:var(--dim);font-weight:400}
li{font-size:13px;margin:3px 0}code{font-size:13px;white-space:pre-wrap;overflow-wrap:anywhere}a{color:var(--line1)}`;

export function htmlPage(page: Page): string {
  const ours = page.run.outcomes.find((outcome) => outcome.ours);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeXml(page.title)}</title>
<style>${chartStyle()}${PAGE_STYLE}</style>
</head>
<body class="fb">
<main>
${svgPicture(page)}<section>
<h2>Scores over ${page.runs === 1 ? 'this run' : `${page.runs} runs`}</h2>
<div class="wide">${scoreTable(page)}</div>
${reasons(ours?.reasons ?? [])}
<h2>Once more</h2>
<p><code>${escapeXml(page.command)}</code></p>
${sources(page.scores)}
</section>
</main>
</body>
</html>
`;
}

function scoreTable({ figures, scores, runs }: Page): string {
  const head = figures.map(({ label, unit, over }) => `<th scope="col">${escapeXml(`${label}${unit === '' ? '' : `, ${unit}`}`)}${runs > 1 ? `<br><small>${over}</small>` : ''}</th>`);
  const rows = scores.map((policy) => {
    const cells = figures.map((kind) => `<td>${scoreText(kind, policy.scores[kind.key], runs)}</td>`);
    return `<tr${policy.ours ? ' class="own"' : ''}><td>${escapeXml(policy.name)}</td>${cells.join('')}</tr>`;
  });
  return `<table><thead><tr><th scope="col">policy</th>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

/** "2.1 (1.4 – 3.9)": the figure and where nine of ten runs lie. */
function scoreText({ over }: FigureKind, score: Score | undefined, runs: number): string {
  if (score?.value === undefined) return '–';
  const value = numberText(score.value);
  if (runs === 1 || over === 'share' || score.p05 === score.p95) return value;
  return `${value} <small>(${numberText(score.p05 ?? NaN)} – ${numberText(score.p95 ?? NaN)})</small>`;
}

function reasons(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<h2>What the governor said</h2>\n<ol>\n${lines.map((line) => `<li>${escapeXml(line)}</li>`).join('\n')}\n</ol>`;
}

function sources(scores: readonly PolicyScores[]): string {
  const lines = scores.flatMap(({ name, source }) => (source === undefined ? [] : [`<li>${escapeXml(name)}: ${escapeXml(source)}</li>`]));
  return lines.length === 0 ? '' : `<h2>Where the peers' defaults come from</h2>\n<ul>\n${lines.join('\n')}\n</ul>`;
}
