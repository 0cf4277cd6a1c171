import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ElicitRequestFormParamsSchema, ElicitRequestSchema, JSONRPCErrorResponseSchema } from '@modelcontextprotocol/core';
import { z } from 'zod';
import { type Ask, canElicitForm, elicitationRequest, judgeAnswer, prepareAsk } from '../../src/protocol/elicitation.ts';
import { cannotElicit, elicitInRound, InputRequired, inputRequiredResult, newRound, openRound, type Round, type RoundContext } from '../../src/protocol/input-required.ts';
import { encodeError } from '../../src/protocol/json-rpc.ts';
import { prepareServer } from '../../src/protocol/prepare.ts';
import { openState, REQUEST_STATE_LENGTH_MAX, sealState, type StateBinding, type StateKeys } from '../../src/protocol/request-state.ts';
import { defineServer } from '../../src/definition.ts';

const KEY = Buffer.alloc(32, 7);
const KEYS: StateKeys = [KEY];
const NOW_MS = 1_800_000_000_000;
const BINDING: StateBinding = { principal: 'ada', method: 'tools/call', name: 'book', args: { room: 4, guests: [{ b: 1, a: 2 }] } };
const CONTEXT: RoundContext = { server: prepareServer(defineServer({ name: 'hotel' })), version: '2026-07-28', keys: KEYS, binding: BINDING, expiresAtMs: NOW_MS + 60_000 };

const form = z.object({
  name: z.string().min(2).describe('Your name'),
  mail: z.email().optional(),
  nights: z.number().int().min(1),
  breakfast: z.boolean().default(true),
  size: z.enum(['S', 'M']),
  extras: z.array(z.enum(['spa', 'bike'])),
});
const ask: Ask<unknown> = { message: 'Who are you?', schema: form };

test('mcp.elicitation.form: the form is flat, keeps to the allowed keywords and satisfies the official schema', () => {
  const request = JSON.parse(elicitationRequest('q-1', prepareAsk(ask), '2025-11-25'));
  ElicitRequestSchema.parse(request);
  ElicitRequestFormParamsSchema.parse(request.params);
  assert.equal(request.params.mode, 'form');
  assert.deepEqual(request.params.requestedSchema.properties.mail, { type: 'string', format: 'email' });
  assert.deepEqual(request.params.requestedSchema.properties.name, { type: 'string', description: 'Your name', minLength: 2 });
  assert.deepEqual(request.params.requestedSchema.required, ['name', 'nights', 'size', 'extras']);
  assert.equal(JSON.parse(elicitationRequest(1, prepareAsk(ask), '2025-06-18')).params.mode, undefined);
});

test('questions that are no flat form are refused before they are sent', () => {
  const nested = z.object({ home: z.object({ street: z.string() }) });
  const lists = z.object({ tags: z.array(z.string()) });
  const wrong: Ask<unknown>[] = [
    { message: 'x', schema: nested },
    { message: 'x', schema: lists },
    { message: 'x', schema: z.string() },
    { message: '', schema: form },
    { message: 'x', schema: form, key: 'with space' },
    { message: 'x', schema: { type: 'object', properties: { a: 5 } } as never },
  ];
  for (const question of wrong) assert.throws(() => prepareAsk(question), { code: 'mcp-bad-elicitation' });
});

const GOOD = { name: 'Ada', nights: 2, size: 'S', extras: ['spa'] };

test('mcp.elicitation.answer: accept is checked, decline and cancel pass, anything else is no answer', async () => {
  const prepared = prepareAsk(ask);
  assert.deepEqual(await judgeAnswer(prepared, { action: 'accept', content: GOOD }), { ok: true, answer: { action: 'accept', content: { ...GOOD, breakfast: true } } });
  assert.deepEqual(await judgeAnswer(prepared, { action: 'decline' }), { ok: true, answer: { action: 'decline' } });
  assert.deepEqual(await judgeAnswer(prepared, { action: 'cancel', content: 5 }), { ok: true, answer: { action: 'cancel' } });
  for (const result of [undefined, null, [], {}, { action: 'yes' }, { action: 'accept' }, { action: 'accept', content: [] }]) {
    assert.equal((await judgeAnswer(prepared, result)).ok, false, JSON.stringify(result));
  }
  const wrong = await judgeAnswer(prepared, { action: 'accept', content: { ...GOOD, nights: 'two' } });
  assert.ok(!wrong.ok);
  assert.match(wrong.problem, /nights: .*number/);
});

test('a form given as JSON Schema is checked by its keywords', async () => {
  const prepared = prepareAsk({
    message: 'Colours?',
    schema: { type: 'object', required: ['one'], properties: { one: { type: 'string', oneOf: [{ const: 'r', title: 'Red' }] }, many: { type: 'array', items: { anyOf: [{ const: 'g', title: 'Green' }] }, maxItems: 1 } } },
  });
  assert.equal((await judgeAnswer(prepared, { action: 'accept', content: { one: 'r', many: ['g'] } })).ok, true);
  for (const content of [{}, { one: 'x' }, { one: 'r', many: ['x'] }, { one: 'r', many: ['g', 'g'] }]) {
    assert.equal((await judgeAnswer(prepared, { action: 'accept', content })).ok, false, JSON.stringify(content));
  }
});

test('mcp.elicitation.capability: empty means form, url alone does not', () => {
  assert.equal(canElicitForm({ elicitation: {} }, '2025-11-25'), true);
  assert.equal(canElicitForm({ elicitation: { form: {} } }, '2026-07-28'), true);
  assert.equal(canElicitForm({ elicitation: { form: {}, url: {} } }, '2026-07-28'), true);
  assert.equal(canElicitForm({ elicitation: { url: {} } }, '2026-07-28'), false);
  assert.equal(canElicitForm({}, '2026-07-28'), false);
  assert.equal(canElicitForm({ elicitation: {} }, '2025-03-26'), false);
});

test('mcp.2026-07-28.capability-missing: -32021 names what is required', () => {
  const error = cannotElicit();
  assert.equal(error.code, -32021);
  assert.deepEqual(error.data, { requiredCapabilities: { elicitation: { form: {} } } });
  JSONRPCErrorResponseSchema.parse(JSON.parse(encodeError(1, error)));
});

function opened(inputResponses: unknown, requestState: unknown): Round {
  const round = openRound({ inputResponses, requestState }, KEYS, BINDING, NOW_MS);
  assert.ok(round.ok, round.ok ? '' : round.error.message);
  return round.round;
}

function ended(round: Round): { inputRequests: Record<string, { method: string; params: unknown }>; requestState: string; resultType: string } {
  const end = inputRequiredResult(round, CONTEXT);
  assert.ok(end.ok);
  return JSON.parse(end.resultJson);
}

test('mcp.2026-07-28.mrtr.result: input_required carries the questions and a state', () => {
  const round = newRound();
  assert.throws(() => elicitInRound(round, ask), InputRequired);
  const result = ended(round);
  assert.equal(result.resultType, 'input_required');
  assert.deepEqual(Object.keys(result.inputRequests), ['question-1']);
  ElicitRequestSchema.parse(result.inputRequests['question-1']);
  assert.equal(typeof result.requestState, 'string');
});

test('mcp.2026-07-28.mrtr.replay: answers of all rounds return in order, the tool sees each once', () => {
  const name = { message: 'Name?', schema: z.object({ name: z.string() }), key: 'name' };
  const sure = { message: 'Sure?', schema: z.object({ sure: z.boolean() }) };
  const first = newRound();
  assert.throws(() => elicitInRound(first, name), { key: 'name' });
  const second = opened({ name: { action: 'accept', content: { name: 'Ada' } }, unasked: 5 }, ended(first).requestState);
  assert.deepEqual(elicitInRound(second, name), { action: 'accept', content: { name: 'Ada' } });
  assert.throws(() => elicitInRound(second, sure), { key: 'question-2' });
  const third = opened({ 'question-2': { action: 'decline' } }, ended(second).requestState);
  assert.deepEqual(elicitInRound(third, name), { action: 'accept', content: { name: 'Ada' } });
  assert.deepEqual(elicitInRound(third, sure), { action: 'decline' });
  assert.equal(third.requests.size, 0);
  assert.throws(() => elicitInRound(third, name), { code: 'mcp-bad-elicitation' });
});

test('questions asked at once travel in one result', () => {
  const round = newRound();
  for (const key of ['a', '__proto__']) assert.throws(() => elicitInRound(round, { ...ask, key }), InputRequired);
  assert.deepEqual(Object.keys(ended(round).inputRequests), ['a', '__proto__']);
});

test('mcp.2026-07-28.mrtr.missing-answer: a missing or unfit answer is asked for again', () => {
  const first = newRound();
  assert.throws(() => elicitInRound(first, ask), InputRequired);
  const state = ended(first).requestState;
  for (const responses of [undefined, {}, { other: { action: 'accept', content: GOOD } }, { 'question-1': { action: 'accept', content: { name: 'A' } } }]) {
    const round = opened(responses, state);
    assert.throws(() => elicitInRound(round, ask), InputRequired);
    const again = ended(round);
    assert.deepEqual(Object.keys(again.inputRequests), ['question-1']);
    assert.deepEqual(openState(KEYS, BINDING, again.requestState, NOW_MS), { ok: true, answers: {} });
  }
  const bad = openRound({ inputResponses: [], requestState: undefined }, KEYS, BINDING, NOW_MS);
  assert.ok(!bad.ok);
  assert.equal(bad.error.code, -32602);
});

test('mcp.2026-07-28.mrtr.state-integrity: every changed byte is refused', () => {
  const state = sealState(KEYS, BINDING, { a: { action: 'decline' } }, NOW_MS + 1)!;
  assert.deepEqual(openState(KEYS, BINDING, state, NOW_MS), { ok: true, answers: { a: { action: 'decline' } } });
  for (let index = 0; index < state.length; index++) {
    const other = state[index] === 'A' ? 'B' : 'A';
    const forged = state.slice(0, index) + other + state.slice(index + 1);
    // The last character of unpadded Base64 has bits that decode to nothing.
    const sameBytes = Buffer.from(forged.split('.')[1] ?? '', 'base64url').equals(Buffer.from(state.split('.')[1]!, 'base64url'));
    if (index > state.indexOf('.') && sameBytes) continue;
    assert.equal(openState(KEYS, BINDING, forged, NOW_MS).ok, false, `byte ${index}`);
  }
  for (const junk of [undefined, 5, '', '.', 'a', 'a.', '.a', 'a.b.c', 'x'.repeat(REQUEST_STATE_LENGTH_MAX + 1)]) {
    assert.equal(openState(KEYS, BINDING, junk, NOW_MS).ok, false);
  }
  const refused = openRound({ inputResponses: undefined, requestState: `${state}x` }, KEYS, BINDING, NOW_MS);
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, -32602);
  assert.equal(openRound({ inputResponses: undefined, requestState: state }, undefined, BINDING, NOW_MS).ok, false);
});

test('mcp.2026-07-28.mrtr.state-bound: principal, time, request and key', () => {
  const state = sealState(KEYS, BINDING, {}, NOW_MS + 1_000)!;
  const reason = (binding: StateBinding, keys: StateKeys = KEYS, nowMs = NOW_MS) => {
    const judged = openState(keys, binding, state, nowMs);
    return judged.ok ? 'ok' : judged.reason;
  };
  assert.equal(reason({ ...BINDING, principal: 'eve' }), 'other-principal');
  assert.equal(reason(BINDING, KEYS, NOW_MS + 1_000), 'expired');
  assert.equal(reason({ ...BINDING, args: { room: 5, guests: [{ b: 1, a: 2 }] } }), 'other-request');
  assert.equal(reason({ ...BINDING, name: 'cancel' }), 'other-request');
  assert.equal(reason({ ...BINDING, method: 'prompts/get' }), 'other-request');
  assert.equal(reason({ ...BINDING, args: { guests: [{ a: 2, b: 1 }], room: 4 } }), 'ok');
  const fresh = Buffer.alloc(32, 9);
  assert.equal(reason(BINDING, [fresh]), 'forged');
  assert.equal(reason(BINDING, [fresh, KEY]), 'ok');
});

test('arguments too deep for a digest and keys too short are refused, not walked or used', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  assert.equal(sealState(KEYS, { ...BINDING, args: { deep } }, {}, NOW_MS), undefined);
  const round = newRound();
  assert.throws(() => elicitInRound(round, ask), InputRequired);
  const end = inputRequiredResult(round, { ...CONTEXT, binding: { ...BINDING, args: { deep } } });
  assert.ok(!end.ok);
  assert.equal(end.error.code, -32602);
  assert.throws(() => sealState([Buffer.alloc(16)], BINDING, {}, NOW_MS), { code: 'mcp-weak-key' });
});
