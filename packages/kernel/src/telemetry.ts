// Telemetry events: the kernel and the packages above it emit, whoever wants to know subscribes.
// An event without subscribers costs one length check. Handlers run at once, in the emitter's
// stack; one that throws is detached and reported, never felt by the emitter (as in the BEAM's
// `telemetry` library).

export type TelemetryHandler<T> = (data: T, event: string) => void;

export class TelemetryEvent<T> {
  readonly name: string;
  #handlers: TelemetryHandler<T>[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** True if anybody listens; ask before building costly data. */
  get active(): boolean {
    return this.#handlers.length > 0;
  }

  emit(data: T): void {
    const handlers = this.#handlers;
    for (let at = 0; at < handlers.length; at += 1) {
      try {
        handlers[at]!(data, this.name);
      } catch (error) {
        this.unsubscribe(handlers[at]!);
        handlerFailed.emit({ event: this.name, error });
      }
    }
  }

  /** Returns the function that ends the subscription. */
  subscribe(handler: TelemetryHandler<T>): () => void {
    this.#handlers = [...this.#handlers, handler];
    return () => this.unsubscribe(handler);
  }

  unsubscribe(handler: TelemetryHandler<T>): void {
    this.#handlers = this.#handlers.filter((each) => each !== handler);
  }
}

const events = new Map<string, TelemetryEvent<never>>();

/** The event of that name (`area.subject.verb`), made at first use. */
export function telemetryEvent<T>(name: string): TelemetryEvent<T> {
  let event = events.get(name) as unknown as TelemetryEvent<T> | undefined;
  if (event === undefined) {
    event = new TelemetryEvent<T>(name);
    events.set(name, event as unknown as TelemetryEvent<never>);
  }
  return event;
}

/** The names of all events defined so far, sorted. */
export function telemetryEventNames(): string[] {
  return [...events.keys()].sort();
}

export const handlerFailed = telemetryEvent<{ event: string; error: unknown }>('telemetry.handler.failed');
