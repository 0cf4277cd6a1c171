/** What `flyball ctl` asks of a node. */
export interface CtlRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Stop is done when the node has closed the connection. */
  readonly untilClosed?: boolean;
}
