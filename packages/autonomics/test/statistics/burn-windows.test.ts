// The windows against the formulas: what a constant error share must do to them, minute by minute.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { detectionMs, workbookRules, type Objective } from '../../src/statistics/burn-rate.ts';
import { burning, measured, recordBurn, startWindows } from '../../src/statistics/burn-windows.ts';

const minute = 60_000;
const threeNines: Objective = { slo: 0.999, periodMs: 30 * 24 * 60 * minute };
const pages = workbookRules.filter(({ severity }) => severity === 'page');

/** 1,000 requests a minute; `errorsAt` says how many of them fail in minute `at`. Returns the minutes that page. */
function pagedMinutes(minutes: number, errorsAt: (at: number) => number): number[] {
  let windows = startWindows(pages, 0);
  const paged: number[] = [];
  for (let at = 0; at < minutes; at += 1) {
    const nowMs = (at + 1) * minute;
    windows = recordBurn(pages, windows, { requests: 1_000, errors: errorsAt(at) }, at * minute);
    if (burning(threeNines, pages, windows, { nowMs, errorsMin: 10 })) paged.push(at + 1);
  }
  return paged;
}

test('15 % errors for ten minutes page as the Workbook draws it', () => {
  const start = 24 * 60;
  const paged = pagedMinutes(start + 180, (at) => (at >= start && at < start + 10 ? 150 : 0));
  const expected = Math.ceil(detectionMs(threeNines, 0.15, { windowMs: 60 * minute, burnRate: 14.4 })! / minute);
  // A slot of five minutes slides in proportion, which may cost a minute.
  assert.ok(Math.abs(paged[0]! - start - expected) <= 1, `first page after ${paged[0]! - start} min, expected ${expected}`);
  const last = paged.at(-1)! - start;
  assert.ok(last >= 13 && last <= 16, `it ends ${last - 10} min after the errors`);
});

test('a share that spends less than the pages allow never pages; a little more does, on the six-hour rule', () => {
  assert.deepEqual(pagedMinutes(24 * 60, () => 5), []);
  const paged = pagedMinutes(48 * 60, (at) => (at < 24 * 60 ? 0 : 7));
  const expected = detectionMs(threeNines, 0.007, { windowMs: 360 * minute, burnRate: 6 })! / minute;
  assert.ok(Math.abs(paged[0]! - 24 * 60 - expected) <= 5, `after ${paged[0]! - 24 * 60} min, expected ${expected}`);
});

test('few errors gate the page, however high their rate', () => {
  let windows = startWindows(pages, 0);
  windows = recordBurn(pages, windows, { requests: 10, errors: 9 }, 0);
  assert.equal(burning(threeNines, pages, windows, { nowMs: minute, errorsMin: 10 }), null);
  windows = recordBurn(pages, windows, { requests: 1, errors: 1 }, 0);
  assert.equal(burning(threeNines, pages, windows, { nowMs: minute, errorsMin: 10 })?.rule.burnRate, 14.4);
});

test('silence empties the windows', () => {
  const windows = recordBurn(pages, startWindows(pages, 0), { requests: 100, errors: 100 }, 0);
  assert.equal(measured(threeNines, pages[0]!, windows[0]!, 64 * minute).errors > 0, true);
  assert.equal(measured(threeNines, pages[0]!, windows[0]!, 66 * minute).errors, 0);
  const later = recordBurn(pages, windows, { requests: 1, errors: 0 }, 10 * 24 * 60 * minute);
  assert.equal(measured(threeNines, pages[1]!, later[1]!, 10 * 24 * 60 * minute).errors, 0);
});
