// @flyball/kernel: processes, behaviours, supervisors, applications, ports, code.

// For authors of services: behaviours and how to talk to them.
export { genServer, type GenServer, type GenServerOptions, type CodeChange, type Self, type SystemMessage } from './behaviours/gen-server.ts';
export { ignore, noReply, reply, stop, type NoReply, type Reply } from './behaviours/outcome.ts';
export { supervisor, type ChildCount, type ChildStatus, type Supervisor, type SupervisorFlags, type SupervisorProtocol } from './supervision/supervisor.ts';
export type { ChildSpec, Restart, Shutdown } from './supervision/child-spec.ts';
export type { Intensity, Strategy } from './supervision/restart-strategy.ts';
export { application, type Application, type ApplicationOptions } from './supervision/application.ts';
export { call, callTimeoutMsDefault, cast, exit, monitorWith, named, send } from './process/call.ts';
export type { CallOptions, CallResult, Named, Protocol, Target } from './process/protocol.ts';
export { formatPid, isPid, parsePid, samePid, type Pid } from './process/pid.ts';
export type { Behaviour, StartOptions } from './process/behaviour.ts';
export type { Context } from './process/context.ts';
export type { Exit } from './process/exit.ts';
export { describeReason, errorInfo, isOrderly, type ErrorInfo, type ExitReason } from './process/exit-reason.ts';
export type { Down, MonitorRef } from './process/monitor.ts';
export type { PortId } from './process/port.ts';
export { KernelError, kernelErrorCodes, type KernelErrorCode } from './errors.ts';

// What strangers wrote.
export { parseJson, type Json } from './json/parse-json.ts';

// Telemetry, time and chance.
export { telemetryEvent, telemetryEventNames, type TelemetryEvent, type TelemetryHandler } from './telemetry.ts';
export { clock, systemClock, useClock, type Clock } from './timing/clock.ts';
export { freshSeed, secureToken, seededRandom, type Random } from './timing/random.ts';
export { cancelTimer, startTimer, type Timer } from './timing/timers.ts';

// For the platform's own packages: what drivers, ports and trees are built from.
export { definitionOf, runningApplications, startApplication, stopApplication } from './supervision/application.ts';
export { supervisorDriver, type SupervisorDefinition } from './supervision/supervisor.ts';
export { spawnTask, type TaskBody } from './behaviours/task.ts';
export { startBehaviour } from './process/behaviour.ts';
export { closePort, forgetPort, givePort, openPort, Port, portTable } from './process/port.ts';
export { identity, isLocal, Pid as PidClass, processOf, processTable, type NodeIdentity } from './process/pid.ts';
export { enqueue, type Definition, type Driver, type MailboxOptions, type OverflowPolicy, type Process } from './process/process.ts';
export { exitProcess, processCrashed, processExited, signalExit, type ProcessExited } from './process/exit.ts';
export { CALL, CAST, INFO, Message } from './process/message.ts';
export { detach, watchWith } from './process/monitor.ts';
export { distribution, useDistribution, type Distribution, type RemoteName, type RemoteTarget } from './process/distribution.ts';
export { recorder, useRecorder, type ReceiptToRecord, type Recorded, type Recorder } from './process/recorder.ts';
export { distributionServer, type DistributionOptions } from './distribution/distribution-server.ts';
export type { DistributionPeer } from './distribution/peers.ts';
export { processNamed, registeredNames, registerName, unregisterName } from './process/registry.ts';
export { enableChecks } from './process/plain-data.ts';
export { getProcessLimit, processLimitDefault, setProcessLimit } from './process/start.ts';
export { whenQuiet } from './process/scheduler.ts';
export { changeCode, lingeringProcesses, codeChanged, type ChangeCodeOptions, type CodeChangeReport, type CodeSwap } from './upgrade/change-code.ts';
export { consoleLine, logToConsole, type LogLine, type Severity } from './log/console-log.ts';
export { linksOf } from './process/link.ts';
export { processTree, type ProcessNode } from './supervision/process-tree.ts';
export { applicationStarted, applicationStopped } from './supervision/application.ts';
export { CodeError, codeErrorCodes, createCodeServer, Slot, slotKey, slotOf, upgradable, type ApplicationSource, type CodeErrorCode, type CodeServer, type ModuleChange, type ModuleExport, type ModuleStatus, type PreparedSwap } from './code/index.ts';
export { IsolatedError, isolationPoolChild, isolationPoolName, printRunnerOutput, runIsolated, runnerEnded, warmIsolation, describeEnd, type Invoker, type IsolatedContext, type IsolatedJob, type IsolationEnd } from './isolation/index.ts';
export { eventLoopBlocked, startWatchdog } from './watchdog/index.ts';
