// The looks of the picture: one palette for light, one for dark, chosen by the viewer's setting. Colours of
// states differ in lightness too and every bar carries its state as a tooltip, so that colour is not all.
import type { TrackState } from '../outcome.ts';

export const STATES: readonly TrackState[] = ['boot', 'stable', 'warning', 'intervening', 'degraded', 'refusing'];

const LIGHT = {
  ground: '#ffffff', ink: '#1c2024', dim: '#5b6470', rule: '#e3e6ea', moment: '#7a4fbf',
  boot: '#c3c9d1', stable: '#8fd0a5', warning: '#f2cf5b', intervening: '#5b9ee6', degraded: '#e08a3c', refusing: '#c8372d',
  line1: '#1f6fd6', line2: '#8a929c', line3: '#c27a00', line4: '#2b8a57', line5: '#a23fa8', line6: '#b4483c', line7: '#2a9aa8', line8: '#6a5acd', line9: '#9a7b2f', threshold: '#c8372d',
};
const DARK: typeof LIGHT = {
  ground: '#14171a', ink: '#e8eaed', dim: '#9aa4b0', rule: '#2c3238', moment: '#b99af0',
  boot: '#4a525c', stable: '#2f7a4b', warning: '#c9a227', intervening: '#3b7fcc', degraded: '#c8702a', refusing: '#e2574c',
  line1: '#6db1ff', line2: '#8b95a1', line3: '#f0b04a', line4: '#6fce9a', line5: '#d68adb', line6: '#f0988d', line7: '#6fd3df', line8: '#a99cf5', line9: '#d6bd78', threshold: '#ff8379',
};
export const LINE_COLOURS = 9;

export function chartStyle(): string {
  const variables = (palette: typeof LIGHT): string => Object.entries(palette).map(([name, value]) => `--${name}:${value}`).join(';');
  return [
    `.fb{${variables(LIGHT)};font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}`,
    `@media (prefers-color-scheme:dark){.fb{${variables(DARK)}}}`,
    '.fb text{fill:var(--ink);font-size:12px}.fb .dim{fill:var(--dim)}.fb .title{font-size:17px;font-weight:600}.fb .strong{font-weight:600}',
    '.fb .ground{fill:var(--ground)}.fb .grid{stroke:var(--rule);stroke-width:1}.fb .threshold{stroke:var(--threshold);stroke-dasharray:6 4;stroke-width:1.2}',
    '.fb .threshold-text{fill:var(--threshold);font-size:11px}.fb .moment{stroke:var(--moment);stroke-dasharray:2 3;stroke-width:1.2}.fb .moment-text{fill:var(--moment);font-size:11px}',
    '.fb .halo{paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-linejoin:round}',
    '.fb .mark{fill:var(--ink);stroke:var(--ground);stroke-width:.8}.fb .small{font-size:11px}',
    ...STATES.map((state) => `.fb .${state}{fill:var(--${state})}`),
    ...Array.from({ length: LINE_COLOURS }, (_, at) => `.fb .line${at + 1}{stroke:var(--line${at + 1});fill:none;stroke-width:1.3;stroke-linejoin:round}.fb .key${at + 1}{fill:var(--line${at + 1})}`),
    '.fb .ours{stroke-width:2.2}',
  ].join('\n');
}
