// One client: its session, its connection, and the one call that it has under way. Repeats nothing: what
// fails is counted, and the next call is another.
import { monotonicMs } from '../harness/clock.ts';
import { KnownAnswer, judge } from './answer.ts';
import { Connection } from './connection.ts';
import type { ConnectionUser } from './connection.ts';
import type { Crowd, FailureKind, LoadPlan } from './plan.ts';
import type { Recorder } from './recorder.ts';
import { FIRST_ID, callRequest, initializeRequest, initializedNotification, writeId } from './requests.ts';
import type { CallRequest } from './requests.ts';
import type { Response } from './response.ts';

type Exchanged = Response | { readonly failure: FailureKind; readonly detail: string };

export interface ClientOptions {
  readonly number: number;
  readonly plan: LoadPlan;
  readonly crowd: Crowd;
  readonly recorder: Recorder;
  /** The call ended, well or not: the client is free. */
  readonly onFree: (client: SimulatedClient) => void;
}

export class SimulatedClient implements ConnectionUser {
  readonly #options: ClientOptions;
  readonly #connection: Connection;
  readonly #known = new KnownAnswer();
  readonly #text: string;
  #request: CallRequest | undefined;
  #id = FIRST_ID;
  #intendedMs = 0;
  #isCalling = false;
  #exchange: ((exchanged: Exchanged) => void) | undefined;
  #sessionIsLost = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#connection = new Connection(options.plan.port, this);
    // Each client's own, so that another's answer is a wrong one.
    this.#text = `h${String(options.number).padStart(4, '0')}`;
  }

  get isCalling(): boolean {
    return this.#isCalling;
  }

  get sentForMs(): number {
    return this.#isCalling ? monotonicMs() - this.#intendedMs : 0;
  }

  /** Opens the session, where there is one, and builds the request. Throws with the reason. */
  async prepare(): Promise<void> {
    const { plan, crowd } = this.#options;
    const needsSession = crowd.dialect === 'sessionful' && crowd.handshake;
    const sessionId = needsSession ? await this.#initialize() : undefined;
    const to = { port: plan.port, connection: crowd.connection };
    this.#request = callRequest(to, { dialect: crowd.dialect, sessionId, tool: plan.tool, text: this.#text });
    this.#sessionIsLost = false;
  }

  async #initialize(): Promise<string> {
    const to = { port: this.#options.plan.port, connection: this.#options.crowd.connection };
    const initialized = await this.#exchangeOnce(initializeRequest(to));
    if (!('status' in initialized)) throw new Error(`initialize: ${initialized.failure}, ${initialized.detail}`);
    const { status, sessionId, body } = initialized;
    if (status !== 200 || sessionId === undefined) throw new Error(`initialize: ${status} ${body.toString()}`);
    const accepted = await this.#exchangeOnce(initializedNotification(to, sessionId));
    if (!('status' in accepted) || accepted.status !== 202) {
      throw new Error(`notifications/initialized: ${JSON.stringify(accepted)}`);
    }
    return sessionId;
  }

  #exchangeOnce(request: Buffer): Promise<Exchanged> {
    return new Promise((resolve) => {
      this.#exchange = resolve;
      this.#connection.send(request);
    });
  }

  /** Sends one call that was to be sent at `intendedMs`. */
  call(intendedMs: number): void {
    this.#isCalling = true;
    this.#intendedMs = intendedMs;
    if (this.#sessionIsLost) void this.#renewSession();
    else this.#sendCall();
  }

  #sendCall(): void {
    const request = this.#request;
    if (request === undefined) throw new Error('a client was not prepared');
    this.#id++;
    writeId(request.bytes, request.idAt, this.#id);
    this.#connection.send(request.bytes);
  }

  // As the protocol wants of a client that is told 404. The lost session was counted as a failure already.
  async #renewSession(): Promise<void> {
    try {
      await this.prepare();
      this.#sendCall();
    } catch (error) {
      this.#ended({ failure: 'status', detail: String(error) });
    }
  }

  giveUp(): void {
    this.#connection.fail('timeout', `no answer within ${this.#options.plan.answerTimeoutMs} ms`);
  }

  close(): void {
    this.#connection.close();
  }

  recognizes(bytes: Buffer, length: number): boolean {
    if (this.#exchange !== undefined || !this.#known.isSame(bytes, length, this.#id)) return false;
    this.#ended(undefined);
    return true;
  }

  answered(response: Response, raw: Buffer): void {
    if (this.#exchange !== undefined) return this.#settleExchange(response);
    const { crowd } = this.#options;
    const verdict = judge(response, { id: this.#id, text: this.#text });
    if (verdict !== undefined) this.#sessionIsLost = response.status === 404;
    // A farewell must be read as one each time, or the next call goes to a connection that is being closed.
    else if (!response.closes || crowd.connection === 'per-request') this.#known.learn(raw, this.#id);
    this.#ended(verdict);
  }

  broke(kind: FailureKind, detail: string): void {
    if (this.#exchange !== undefined) return this.#settleExchange({ failure: kind, detail });
    this.#ended({ failure: kind, detail });
  }

  #settleExchange(exchanged: Exchanged): void {
    const settle = this.#exchange;
    this.#exchange = undefined;
    if (this.#options.crowd.connection === 'per-request') this.#connection.close();
    settle?.(exchanged);
  }

  #ended(verdict: { failure: FailureKind; detail: string } | undefined): void {
    const { recorder, crowd, onFree } = this.#options;
    const nowMs = monotonicMs();
    if (verdict === undefined) recorder.completed(this.#intendedMs, nowMs);
    else recorder.failed(verdict.failure, nowMs, `${crowd.dialect}, ${crowd.connection}: ${verdict.detail}`);
    if (crowd.connection === 'per-request') this.#connection.close();
    this.#isCalling = false;
    // A refused connection is refused at once: without a turn of the event loop the next would recurse.
    if (verdict === undefined) onFree(this);
    else setTimeout(onFree, 1, this);
  }
}
