/**
 * A tool's questions in the stateless era (2026-07-28 mrtr). Each round runs the tool from its start: questions that are
 * already answered return at once, the first that is not ends the round with `input_required`. This is the replay's
 * bookkeeping, one object a round; running the tool and sending the result is the call process's business.
 */
import { McpError } from '../errors.ts';
import { type Answer, type Ask, FORM_ELICITATION, inputRequest, judgeAnswer, type PreparedAsk, prepareAsk } from './elicitation.ts';
import { META_SERVER_INFO, missingCapability } from './eras.ts';
import { invalidParams, isObject, type RpcErrorObject } from './json-rpc.ts';
import type { PreparedServer } from './prepare.ts';
import { type OpenedState, openState, sealState, type StateAnswers, type StateBinding, type StateKeys } from './request-state.ts';
import type { StatelessVersion } from './versions.ts';

export const ANSWER_COUNT_MAX = 64;

export interface Round {
  /** All answers so far: of earlier rounds by the state, of this one by the client. */
  readonly answers: StateAnswers;
  /** What must be asked, filled while the tool runs. Once it is not empty, the round's result is `input_required`. */
  readonly requests: Map<string, PreparedAsk>;
  /** Keys given in this round, to refuse two questions of one name. */
  readonly asked: Set<string>;
}

export type OpenedRound = { readonly ok: true; readonly round: Round } | { readonly ok: false; readonly error: RpcErrorObject };

/** Ends a run whose question has no answer yet. A tool that catches it changes nothing: the round has noted the question. */
export class InputRequired extends Error {
  override readonly name = 'InputRequired';
  readonly key: string;

  constructor(key: string) {
    super(`The answer to ${key} must be asked for; the call goes on when the client repeats it with the answer`);
    this.key = key;
  }
}

export interface RoundParams {
  readonly inputResponses: unknown;
  readonly requestState: unknown;
}

const REASONS: { readonly [R in Exclude<OpenedState, { ok: true }>['reason']]: string } = {
  malformed: 'is malformed',
  forged: 'was not issued by this server',
  expired: 'has expired; start the request anew',
  'other-principal': 'belongs to another principal',
  'other-request': 'belongs to another request',
};

/** For a call that brings neither responses nor state: may be made as late as at its first question. */
export function newRound(answers: StateAnswers = {}): Round {
  return { answers, requests: new Map(), asked: new Set() };
}

/** `keys` may be undefined where a server never asks; a state that comes nevertheless is then refused. */
export function openRound(params: RoundParams, keys: StateKeys | undefined, binding: StateBinding, nowMs: number): OpenedRound {
  const { inputResponses, requestState } = params;
  if (inputResponses !== undefined && !isObject(inputResponses)) {
    return { ok: false, error: invalidParams('Invalid params: inputResponses must be an object') };
  }
  let earlier: StateAnswers = {};
  if (requestState !== undefined) {
    const opened: OpenedState = keys === undefined ? { ok: false, reason: 'forged' } : openState(keys, binding, requestState, nowMs);
    if (!opened.ok) return { ok: false, error: invalidParams(`Invalid params: requestState ${REASONS[opened.reason]}`) };
    earlier = opened.answers;
  }
  const answers: { [key: string]: unknown } = Object.assign(Object.create(null), earlier, inputResponses);
  if (Object.keys(answers).length > ANSWER_COUNT_MAX) {
    return { ok: false, error: invalidParams(`Invalid params: more than ${ANSWER_COUNT_MAX} input responses`) };
  }
  return { ok: true, round: newRound(answers) };
}

/**
 * The stateless `elicit`. Returns the answer, or throws `InputRequired` after noting the question; an answer that does
 * not fit is asked for again ("the server SHOULD respond with a new InputRequiredResult").
 * Errors: `mcp-bad-elicitation`, `mcp-bad-schema`.
 */
export function elicitInRound(round: Round, ask: Ask<unknown>): Answer<unknown> | Promise<Answer<unknown>> {
  const prepared = prepareAsk(ask);
  const key = prepared.key ?? `question-${round.asked.size + 1}`;
  if (round.asked.has(key)) throw new McpError('mcp-bad-elicitation', `elicit: the key ${key} is used twice in one call`);
  round.asked.add(key);
  const given = Object.hasOwn(round.answers, key) ? round.answers[key] : undefined;
  const settle = (judged: Awaited<ReturnType<typeof judgeAnswer>>): Answer<unknown> => {
    if (judged.ok) return judged.answer;
    round.requests.set(key, prepared);
    throw new InputRequired(key);
  };
  const judged = given === undefined ? { ok: false as const, problem: 'missing' } : judgeAnswer(prepared, given);
  return judged instanceof Promise ? judged.then(settle) : settle(judged);
}

export type RoundEnd = { readonly ok: true; readonly resultJson: string } | { readonly ok: false; readonly error: RpcErrorObject };

export interface RoundContext {
  readonly server: PreparedServer;
  readonly version: StatelessVersion;
  readonly keys: StateKeys;
  readonly binding: StateBinding;
  readonly expiresAtMs: number;
}

/** The `input_required` result of a round with open questions. Answers to questions that were asked again are dropped. */
export function inputRequiredResult(round: Round, context: RoundContext): RoundEnd {
  const kept: { [key: string]: unknown } = Object.create(null);
  for (const key of round.asked) if (!round.requests.has(key) && Object.hasOwn(round.answers, key)) kept[key] = round.answers[key];
  const state = sealState(context.keys, context.binding, kept, context.expiresAtMs);
  if (state === undefined) return { ok: false, error: invalidParams('Invalid params: arguments are nested too deeply') };
  const inputRequests: { [key: string]: unknown } = Object.create(null);
  for (const [key, ask] of round.requests) inputRequests[key] = inputRequest(ask, context.version);
  const result = { resultType: 'input_required', inputRequests, requestState: state, _meta: { [META_SERVER_INFO]: context.server.info } };
  return { ok: true, resultJson: JSON.stringify(result) };
}

/** −32021 for a question that the client cannot put to its user. */
export function cannotElicit(): RpcErrorObject {
  return missingCapability(FORM_ELICITATION);
}
