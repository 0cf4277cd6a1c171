/**
 * `requestState`: what a stateless server hands to the client between the rounds of one call, and takes back from an
 * attacker's hands. Signed, and bound to who asked, until when, and which request (2026-07-28 mrtr, "Server Requirements").
 * It is signed, not encrypted: it holds only what the client itself has answered.
 * It bounds replay; it does not make a state single-use.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { McpError } from '../errors.ts';
import { isObject, type Params } from './json-rpc.ts';

export const REQUEST_STATE_LENGTH_MAX = 64 * 1024;
export const STATE_KEY_BYTES_MIN = 32;
/** Deeper arguments are refused rather than walked: a digest must not overflow the stack. */
const ARGUMENT_DEPTH_MAX = 128;

export interface StateBinding {
  /** Who asks; the empty string where nobody is authenticated. */
  readonly principal: string;
  readonly method: string;
  /** The tool's name. */
  readonly name: string;
  readonly args: Params;
}

export type StateAnswers = { readonly [key: string]: unknown };

export type OpenedState =
  | { readonly ok: true; readonly answers: StateAnswers }
  | { readonly ok: false; readonly reason: 'malformed' | 'forged' | 'expired' | 'other-principal' | 'other-request' };

/** The first signs; all verify, so that keys can be rotated. Each at least 32 bytes. */
export type StateKeys = readonly [Uint8Array, ...Uint8Array[]];

interface Payload {
  readonly v: 1;
  readonly p: string;
  readonly e: number;
  readonly d: string;
  readonly a: StateAnswers;
}

/** Undefined where the arguments are too deep to be digested. Error: `mcp-weak-key`. */
export function sealState(keys: StateKeys, binding: StateBinding, answers: StateAnswers, expiresAtMs: number): string | undefined {
  const digest = digestOf(binding);
  if (digest === undefined) return undefined;
  const payload: Payload = { v: 1, p: binding.principal, e: expiresAtMs, d: digest, a: answers };
  const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${body}.${sign(keys[0], body).toString('base64url')}`;
}

/** Takes anything a client sent. Nothing of the payload is believed before its signature holds. */
export function openState(keys: StateKeys, binding: StateBinding, state: unknown, nowMs: number): OpenedState {
  if (typeof state !== 'string' || state.length > REQUEST_STATE_LENGTH_MAX) return { ok: false, reason: 'malformed' };
  const dot = state.indexOf('.');
  if (dot < 1) return { ok: false, reason: 'malformed' };
  const body = state.slice(0, dot);
  const signature = Buffer.from(state.slice(dot + 1), 'base64url');
  if (!keys.some((key) => matches(sign(key, body), signature))) return { ok: false, reason: 'forged' };
  return judgePayload(readPayload(body), binding, nowMs);
}

function judgePayload(payload: Payload | undefined, binding: StateBinding, nowMs: number): OpenedState {
  if (payload === undefined) return { ok: false, reason: 'malformed' };
  if (payload.p !== binding.principal) return { ok: false, reason: 'other-principal' };
  if (!(nowMs < payload.e)) return { ok: false, reason: 'expired' };
  if (payload.d !== digestOf(binding)) return { ok: false, reason: 'other-request' };
  return { ok: true, answers: payload.a };
}

function readPayload(body: string): Payload | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
    return isObject(value) && value['v'] === 1 && isObject(value['a']) ? (value as unknown as Payload) : undefined;
  } catch {
    return undefined;
  }
}

function sign(key: Uint8Array, body: string): Buffer {
  if (key.byteLength < STATE_KEY_BYTES_MIN) {
    throw new McpError('mcp-weak-key', `The requestState key has ${key.byteLength} bytes; it needs at least ${STATE_KEY_BYTES_MIN}`);
  }
  return createHmac('sha256', key).update('flyball-request-state-1.').update(body).digest();
}

function matches(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function digestOf(binding: StateBinding): string | undefined {
  const args = canonical(binding.args, 0);
  if (args === undefined) return undefined;
  return createHash('sha256').update(JSON.stringify([binding.method, binding.name])).update(args).digest('base64url');
}

/** JSON with sorted keys: a client may rebuild its arguments in another order. Undefined beyond the depth limit. */
function canonical(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth >= ARGUMENT_DEPTH_MAX) return undefined;
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (const item of value) {
      const part = canonical(item, depth + 1);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return `[${parts.join(',')}]`;
  }
  const object = value as Params;
  for (const key of Object.keys(object).sort()) {
    const part = canonical(object[key], depth + 1);
    if (part === undefined) return undefined;
    parts.push(`${JSON.stringify(key)}:${part}`);
  }
  return `{${parts.join(',')}}`;
}
