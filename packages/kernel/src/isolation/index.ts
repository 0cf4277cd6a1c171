// Isolation: running code in OS processes that can be limited and killed.
export { describeEnd, type Invoker, type IsolatedContext, type IsolatedJob, type IsolationEnd } from './job.ts';
export { IsolatedError, isolationPoolName, runIsolated, warmIsolation, type IsolatedRunOptions } from './run.ts';
export { isolationPool, isolationPoolChild, type IsolationPoolConfig, type PoolStatus } from './isolation-pool.ts';
export { poolConfigDefault, type PoolConfig } from './pool-state.ts';
export { cancelGraceMs, runMessagesMax, runnerEnded, runnerStarted } from './runner-port.ts';
export { printRunnerOutput, runnerOutput, type RunnerOutput } from './runner-output.ts';
export { valueBytesMax } from './runner-protocol.ts';
