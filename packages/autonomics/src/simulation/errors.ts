// The errors of the simulator. Both say what is wrong, where, and what is allowed.

/** `trace-invalid`: the CSV cannot be read as asked; `line` counts from 1, the header included. */
export class TraceError extends Error {
  readonly code = 'trace-invalid';
  readonly line: number;
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.name = 'TraceError';
    this.line = line;
  }
}

/** `simulation-invalid`: the plan of a simulation asks for what there is not. */
export class SimulationError extends Error {
  readonly code = 'simulation-invalid';
  constructor(message: string) {
    super(message);
    this.name = 'SimulationError';
  }
}
