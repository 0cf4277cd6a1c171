import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeadlineMs, transition } from '../../src/heart/heart-machine.ts';
import { DEFAULT_LIMITS, initialState, type HeartAction, type HeartEvent, type HeartLimits, type HeartState } from '../../src/heart/heart-state.ts';

/** A run of the machine at given times; `types` is what it decided last. */
class Run {
  state: HeartState;
  actions: readonly HeartAction[] = [];
  constructor(shards: number, limits: Partial<HeartLimits> = {}) {
    this.state = initialState(shards, { ...DEFAULT_LIMITS, ...limits });
  }

  at(nowMs: number, event: HeartEvent): this {
    const { state, actions } = transition(this.state, event, nowMs);
    this.state = state;
    this.actions = actions;
    return this;
  }

  get types(): string[] {
    return this.actions.map(({ type }) => type).filter((type) => type !== 'log');
  }

  find<T extends HeartAction['type']>(type: T): Extract<HeartAction, { type: T }> {
    const found = this.actions.find((action) => action.type === type);
    assert.ok(found, `${type} is not among ${this.types.join()}`);
    return found as Extract<HeartAction, { type: T }>;
  }

  get roles(): string[] {
    return [...this.state.processes.values()].map(({ shard, generation, role }) => `${shard}:${generation}:${role}`);
  }
}

const ready = (generation: number): HeartEvent => ({ type: 'ready', generation, listening: [{ name: 'http', url: 'http://127.0.0.1:1/' }] });
const exited = (generation: number, code: number | null = 1, signal: string | null = null): HeartEvent => ({ type: 'exited', generation, code, signal });
const tick: HeartEvent = { type: 'tick', lateMs: 0 };

function serving(shards: number, limits: Partial<HeartLimits> = {}): Run {
  const run = new Run(shards, limits).at(0, { type: 'start' });
  for (let generation = 1; generation <= shards; generation += 1) run.at(1, ready(generation));
  return run;
}

test('start spawns every shard with its own generation, and says so once all are ready', () => {
  const run = new Run(2).at(0, { type: 'start' });
  assert.deepEqual(run.types, ['spawn', 'spawn', 'send-peers']);
  assert.deepEqual(run.roles, ['0:1:starting', '1:2:starting']);
  assert.deepEqual(run.at(5, ready(2)).types, ['send-peers']);
  assert.deepEqual(run.at(6, ready(1)).types, ['send-peers', 'all-ready']);
  assert.equal(run.state.phase, 'serving');
  assert.deepEqual(run.at(7, ready(1)).types, [], 'a second ready of one process changes nothing');
});

test('a crashed shard is started again under the next generation; the other is told of it', () => {
  const run = serving(2).at(100, exited(1, null, 'SIGSEGV'));
  assert.deepEqual(run.types, ['spawn', 'send-peers']);
  assert.deepEqual(run.roles, ['1:2:current', '0:3:starting']);
  assert.deepEqual(run.at(101, ready(3)).types, ['send-peers'], 'the banner comes once');
});

test('repeated crashes wait longer, and one too many within the period gives up with exit code 1', () => {
  const run = serving(1, { restartsMax: 3, restartPeriodMs: 1_000 });
  run.at(10, exited(1));
  assert.equal(run.find('spawn').generation, 2);
  run.at(20, exited(2));
  assert.deepEqual(run.types, ['send-peers'], 'the second restart waits');
  assert.equal(nextDeadlineMs(run.state), 120);
  assert.equal(run.at(120, tick).find('spawn').generation, 3);
  run.at(130, exited(3));
  assert.equal(nextDeadlineMs(run.state), 330);
  run.at(330, tick).at(340, exited(4));
  const exit = run.find('exit');
  assert.equal(exit.code, 1);
  assert.equal(exit.reason?.code, 'restart-intensity-reached');
});

test('crashes further apart than the period never give up', () => {
  const run = serving(1, { restartsMax: 1, restartPeriodMs: 100 });
  for (let generation = 1; generation <= 20; generation += 1) {
    run.at(generation * 200, exited(generation));
    assert.equal(run.find('spawn').generation, generation + 1);
    run.at(generation * 200 + 1, ready(generation + 1));
  }
});

test('a shard that is killed while starting spends restart intensity too', () => {
  const run = new Run(1, { restartsMax: 0 }).at(0, { type: 'start' }).at(1, exited(1, null, 'SIGKILL'));
  assert.equal(run.find('exit').reason?.code, 'restart-intensity-reached');
});

test('a shard that ends by itself before the node ever served ends heart; once it served, it is restarted', () => {
  const run = new Run(1).at(0, { type: 'start' }).at(1, exited(1, 1));
  assert.equal(run.find('exit').reason?.code, 'start-failed');
  assert.match(run.find('exit').reason?.message ?? '', /exited with code 1 before the node served/);
  assert.deepEqual(serving(1).at(5, exited(1, 1)).types, ['spawn', 'send-peers']);
  const error = { code: 'busy', message: 'later' };
  const retried = new Run(1).at(0, { type: 'start' }).at(1, { type: 'failed', generation: 1, error, fatal: false }).at(2, exited(1, 1));
  assert.deepEqual(retried.types, ['spawn', 'send-peers']);
});

test('a fatal failure before anything served ends heart with the shard\'s own words', () => {
  const error = { code: 'application-not-found', message: 'No application in /nowhere.' };
  const run = new Run(2).at(0, { type: 'start' }).at(1, { type: 'failed', generation: 1, error, fatal: true });
  assert.deepEqual(run.types, ['send-stop', 'send-stop']);
  run.at(2, exited(1)).at(3, exited(2, 0));
  assert.deepEqual(run.find('exit'), { type: 'exit', code: 1, reason: error });
});

test('a port that cannot be had is fatal at the start and not later', () => {
  const error = { code: 'address-in-use', message: 'in use' };
  assert.deepEqual(serving(1).at(9, { type: 'descriptor-failed', error }).types, []);
  const run = new Run(1).at(0, { type: 'start' }).at(1, { type: 'descriptor-failed', error }).at(2, exited(1));
  assert.equal(run.find('exit').reason, error);
});

test('silence for the beat timeout kills; a beat just before does not', () => {
  const run = serving(1, { beatTimeoutMs: 1_000 });
  assert.equal(nextDeadlineMs(run.state), 1_001);
  run.at(1_000, { type: 'beat', generation: 1 });
  assert.deepEqual(run.at(1_001, tick).types, []);
  assert.equal(nextDeadlineMs(run.state), 2_000);
  assert.deepEqual(run.at(2_000, tick).find('signal'), { type: 'signal', generation: 1, signal: 'SIGKILL' });
  assert.equal(run.at(2_010, exited(1, null, 'SIGKILL')).find('spawn').generation, 2);
});

test('when heart itself slept (suspend, a stopped process) silence is not held against the shards', () => {
  const run = serving(2, { beatTimeoutMs: 1_000, killGraceMs: 500 }).at(900_000, { type: 'tick', lateMs: 899_000 });
  assert.deepEqual(run.types, []);
  assert.equal(nextDeadlineMs(run.state), 900_001, 'they have their usual time again');
});

test('a shard that is not ready in time is killed and restarted', () => {
  const run = new Run(1, { startTimeoutMs: 50 }).at(0, { type: 'start' }).at(50, tick);
  assert.equal(run.find('signal').signal, 'SIGKILL');
  assert.deepEqual(run.at(51, ready(1)).types, [], 'ready after the kill is too late');
  run.at(52, exited(1, null, 'SIGKILL'));
  assert.equal(run.find('spawn').generation, 2);
  assert.match(JSON.stringify(run.actions), /was not ready within 50 ms/);
});

test('hand-over replaces shard after shard: peers first, then the old one is told', () => {
  const run = serving(2, { drainDeadlineMs: 500 }).at(10, { type: 'hand-over', id: 7 });
  assert.deepEqual(run.find('spawn'), { type: 'spawn', shard: 0, generation: 3, predecessor: 1 });
  assert.deepEqual(run.roles, ['0:1:current', '1:2:current', '0:3:starting']);
  run.at(20, ready(3));
  assert.deepEqual(run.types, ['send-peers', 'send-hand-over']);
  assert.deepEqual(run.find('send-hand-over'), { type: 'send-hand-over', generation: 1, successor: 3, deadlineMs: 500 });
  assert.deepEqual(run.roles, ['0:1:draining', '1:2:current', '0:3:current']);
  run.at(25, { type: 'drained', generation: 1 }).at(30, exited(1, 0));
  assert.deepEqual(run.find('spawn'), { type: 'spawn', shard: 1, generation: 4, predecessor: 2 });
  run.at(50, ready(4)).at(90, exited(2, 0));
  assert.deepEqual(run.find('hand-over-done').result, {
    ok: true,
    durationMs: 80,
    shards: [
      { shard: 0, from: 1, to: 3, startMs: 10, drainMs: 10, end: 'drained' },
      { shard: 1, from: 2, to: 4, startMs: 20, drainMs: 40, end: 'drained' },
    ],
  });
  assert.equal(run.state.restartCount, 0);
});

test('only one hand-over at a time, and none while a shard is missing', () => {
  const run = serving(1).at(10, { type: 'hand-over', id: 1 }).at(11, { type: 'hand-over', id: 2 });
  const second = run.find('hand-over-done');
  assert.equal(second.id, 2);
  assert.equal(second.result.ok ? '' : second.result.error.code, 'busy');
  const crashed = serving(2).at(10, exited(1)).at(11, { type: 'hand-over', id: 3 }).find('hand-over-done').result;
  assert.equal(crashed.ok ? '' : crashed.error.code, 'not-ready');
});

test('a successor that does not get ready is killed and the old process goes on untouched', () => {
  const run = serving(1, { startTimeoutMs: 100 }).at(10, { type: 'hand-over', id: 1 }).at(110, tick);
  assert.deepEqual(run.find('signal'), { type: 'signal', generation: 2, signal: 'SIGKILL' });
  run.at(120, exited(2, null, 'SIGKILL'));
  assert.deepEqual(run.types, ['hand-over-done', 'send-peers'].sort((a) => (a === 'send-peers' ? -1 : 1)));
  const { result } = run.find('hand-over-done');
  assert.equal(result.ok ? '' : result.error.code, 'successor-not-ready');
  assert.match(result.ok ? '' : result.error.message, /was not ready within 100 ms.*Generation 1 serves on/);
  assert.deepEqual(run.roles, ['0:1:current']);
  assert.equal(run.state.restartCount, 0, 'it spends no restart');
});

test('an old process that does not drain gets SIGTERM at the deadline, SIGKILL after the grace', () => {
  const run = serving(1, { drainDeadlineMs: 100, killGraceMs: 20 }).at(10, { type: 'hand-over', id: 1 }).at(20, ready(2));
  assert.equal(run.at(120, tick).find('signal').signal, 'SIGTERM');
  assert.equal(run.at(140, tick).find('signal').signal, 'SIGKILL');
  const { result } = run.at(141, exited(1, null, 'SIGKILL')).find('hand-over-done');
  assert.equal(result.ok && result.shards[0]?.end, 'killed');
});

test('a drained process that does not exit is killed after the grace', () => {
  const run = serving(1, { killGraceMs: 20 }).at(10, { type: 'hand-over', id: 1 }).at(20, ready(2));
  run.at(30, { type: 'drained', generation: 1 });
  assert.equal(run.at(50, tick).find('signal').signal, 'SIGKILL');
});

test('the old process crashes while its successor starts: the successor takes the shard all the same', () => {
  const run = serving(1).at(10, { type: 'hand-over', id: 1 }).at(15, exited(1, null, 'SIGKILL'));
  assert.deepEqual(run.types, ['send-peers'], 'no second process for the shard');
  const { result } = run.at(20, ready(2)).find('hand-over-done');
  assert.equal(result.ok && result.shards[0]?.end, 'crashed');
  assert.deepEqual(run.roles, ['0:2:current']);
});

test('old and new both crash: the shard is restarted', () => {
  const run = serving(1).at(10, { type: 'hand-over', id: 1 }).at(15, exited(1)).at(16, exited(2));
  assert.equal(run.find('hand-over-done').result.ok, false);
  assert.equal(run.find('spawn').generation, 3);
});

test('a successor that crashes after it took over is restarted and the hand-over reported as failed', () => {
  const run = serving(1).at(10, { type: 'hand-over', id: 1 }).at(20, ready(2)).at(21, exited(2));
  const { result } = run.find('hand-over-done');
  assert.equal(result.ok ? '' : result.error.code, 'successor-crashed');
  assert.equal(run.find('spawn').generation, 3);
  assert.deepEqual(run.at(22, exited(1, 0)).types, ['send-peers'], 'the drained one needs no restart');
});

test('stop tells all, kills those that stay, and exits 0; a second stop changes nothing', () => {
  const run = serving(2, { stopDeadlineMs: 100 }).at(10, { type: 'stop' });
  assert.deepEqual(run.types, ['send-stop', 'send-stop']);
  assert.deepEqual(run.at(11, { type: 'stop' }).types, []);
  assert.deepEqual(run.at(20, exited(1, 0)).types, ['send-peers']);
  assert.deepEqual(run.at(110, tick).find('signal'), { type: 'signal', generation: 2, signal: 'SIGKILL' });
  assert.equal(run.at(111, exited(2, null, 'SIGKILL')).find('exit').code, 0);
  assert.deepEqual(run.at(112, { type: 'stop' }).types, []);
});

test('stop during a hand-over answers it and stops both processes', () => {
  const run = serving(1).at(10, { type: 'hand-over', id: 1 }).at(11, { type: 'stop' });
  const { result } = run.find('hand-over-done');
  assert.equal(result.ok ? '' : result.error.code, 'stopping');
  assert.deepEqual(run.types.filter((type) => type === 'send-stop').length, 2);
});

test('stop while a restart waits for its time starts nothing more', () => {
  const run = serving(1).at(10, exited(1)).at(20, exited(2));
  run.at(30, { type: 'stop' });
  assert.equal(run.find('exit').code, 0);
  assert.equal(nextDeadlineMs(run.state), undefined);
});

test('kill-all sends SIGKILL to each process at once', () => {
  const run = serving(2).at(10, { type: 'kill-all' });
  assert.deepEqual(run.types, ['send-stop', 'send-stop', 'signal', 'signal']);
  run.at(11, exited(1)).at(12, exited(2));
  assert.equal(run.find('exit').code, 1);
});

test('a process replaced on purpose restarts under a new generation', () => {
  const run = serving(1).at(10, { type: 'replace', generation: 1, why: 'test' });
  assert.equal(run.find('signal').signal, 'SIGKILL');
  assert.equal(run.at(11, exited(1, null, 'SIGKILL')).find('spawn').generation, 2);
});
