// The errors of the simulator. Both say what is wrong, where, and what is allowed.

export const simulationErrorCodes = {
  'trace-invalid': 'A trace cannot be read as asked; `line` says where, the header being line 1.',
  'simulation-invalid': 'A simulation\'s plan asks for what there is not: a governor, an option, a signal, a policy\'s field, a load beyond all memory.',
} as const;

export class TraceError extends Error {
  readonly code = 'trace-invalid';
  readonly line: number;
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.name = 'TraceError';
    this.line = line;
  }
}

export class SimulationError extends Error {
  readonly code = 'simulation-invalid';
  constructor(message: string) {
    super(message);
    this.name = 'SimulationError';
  }
}
