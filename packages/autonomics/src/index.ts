// The governors' judgement: pure deciders with their policies. What runs them, and what they cost, is elsewhere.
export type {
  Action, ActionKind, ActionOrder, Answer, CommonSignal, Decided, Decision, Governor, GovernorState, InFlight, MachineState,
  ReceiptBody, ReceiptKind, VersionedState,
} from './governor/governor.ts';
export { defineGovernor, normal, type Absorbed, type GovernorParts, type Judgement } from './governor/define-governor.ts';
export { governorStates, isTransition, machineTable, mermaidOf, type MachineTable, type Transition } from './governor/machine-table.ts';
export type { MachineRules } from './governor/machine.ts';
export { machineFields } from './policy/machine-fields.ts';
export { defaultPolicy, policySchema, type Field, type Fields, type PolicyProblem, type PolicyRule, type PolicySchema } from './policy/schema.ts';
export { policyJsonSchema, type JsonSchema } from './policy/json-schema.ts';
export { problemText, readPolicy, type PolicyReading } from './policy/read-policy.ts';
export { policyReference } from './policy/reference.ts';
export { costGuard } from './governors/cost-guard.ts';
export { moneyText } from './governors/cost-guard/money.ts';
export type { Budgets, BurnStage, CostPolicy } from './governors/cost-guard/policy.ts';
export { readCostSignal, type Cost, type CostAnswer, type CostSignal, type CostSignalReading, type Reservation } from './governors/cost-guard/signals.ts';
export type { CostState } from './governors/cost-guard/state.ts';

// The simulator. For `flyball simulate`:
export { reportHtml, reportSvg, simulate, simulationOf, SIMULATIONS, type SimulationPlan, type SimulationReport } from './simulation/simulate.ts';
export type { ColumnKind, GovernorSimulation, OptionName, SimulationOptions } from './simulation/simulation.ts';
export { SimulationError, simulationErrorCodes, TraceError } from './simulation/errors.ts';
export { LOAD_SHAPES, type LoadShape } from './simulation/load/shapes.ts';
export type { TimeUnit } from './simulation/load/trace.ts';
export type { FigureKind, PolicyOutcome, RunOutcome } from './simulation/outcome.ts';
export { quantile, type PolicyScores, type Score } from './simulation/scores.ts';
// … and for benchmarks, which run one scenario ten thousand times:
export { withBudget } from './simulation/cost-governor.ts';
export { COST_SCENARIO, generateCostLoad, type CostLoad, type CostScenario } from './simulation/cost-load.ts';
export { simulateCost } from './simulation/cost-simulation.ts';
export { governRelease } from './simulation/rollback-governor.ts';
export { generateRollbackLoad, ROLLBACK_SCENARIO, type RollbackLoad, type RollbackScenario } from './simulation/rollback-load.ts';
export { peerVerdicts, type Verdict as ReleaseVerdict } from './simulation/rollback-simulation.ts';
export { generateValveLoad, VALVE_SCENARIO, type ValveLoad, type ValveScenario } from './simulation/valve-load.ts';
export { simulateValve } from './simulation/valve-simulation.ts';
export { toolGuard } from './governors/tool-guard.ts';
export type { Precondition, ToolPolicy, ToolRule } from './governors/tool-guard/policy.ts';
export type { Facts, Offender, ToolAnswer, ToolLimits, ToolSignal, ToolState } from './governors/tool-guard/signals.ts';
export { rollbackGuard } from './governors/rollback-guard.ts';
export { rollbackGuardPolicy, type RollbackGuardPolicy } from './governors/rollback-guard-policy.ts';
export type { RequestCounts, RollbackGuardSignal, RollbackGuardState, Verdict } from './governors/rollback-guard-state.ts';
export { backlogValve, type BacklogValveState } from './governors/backlog-valve.ts';
export { backlogValvePolicy, type BacklogValvePolicy } from './governors/backlog-valve-policy.ts';
export type { BacklogValveSignal } from './governors/backlog-valve-signals.ts';
