// What `npm test` does for a command line: a pure decision. tools/test.ts reads the command line and the
// disk for it, and does what comes out.

export type Step = 'lint' | 'types' | 'unit' | 'e2e' | 'soak';

export type Plan = {
  readonly steps: ReadonlySet<Step>;
  /** Only files whose path holds one of these; empty: all. */
  readonly paths: readonly string[];
  /** Only tests whose name matches one of these patterns; empty: all. */
  readonly names: readonly string[];
};

export type PlanResult = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly problem: string };

/** Unit tests share the cores; what starts whole nodes and measures deadlines gets them alone. */
export type TestFiles = { readonly unit: string[]; readonly e2e: string[]; readonly soak: string[] };

export const testFilePatterns = [
  'packages/*/test/**/*.test.ts',
  'tests/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'benchmarks/test/**/*.test.ts',
] as const;

export const usage = `usage: npm test -- [PATH …] [--only lint|types|unit|e2e|soak] [--name PATTERN]
  PATH    only test files whose path holds it; lint and types are left out
  --only  only this step; may be repeated
  --name  only tests whose name matches the regular expression; may be repeated`;

const allSteps: readonly Step[] = ['lint', 'types', 'unit', 'e2e', 'soak'];
const testSteps: readonly Step[] = ['unit', 'e2e'];

/** A soak test runs for minutes: only `npm run test:soak` asks for it. */
export function planOf(args: readonly string[]): PlanResult {
  const only: Step[] = [];
  const paths: string[] = [];
  const names: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at]!;
    if (!arg.startsWith('-')) {
      paths.push(arg.replace(/^\.\//, ''));
      continue;
    }
    at += 1;
    const value = args[at];
    if (value === undefined) return { ok: false, problem: `${arg} needs a value` };
    if (arg === '--name') names.push(value);
    else if (arg !== '--only') return { ok: false, problem: `unknown option ${arg}` };
    else if (isStep(value)) only.push(value);
    else return { ok: false, problem: `--only ${value}: no such step, there are ${allSteps.join(', ')}` };
  }
  return { ok: true, plan: { steps: new Set(stepsOf(only, paths.length + names.length > 0)), paths, names } };
}

function isStep(value: string): value is Step {
  return (allSteps as readonly string[]).includes(value);
}

function stepsOf(only: readonly Step[], isFiltered: boolean): readonly Step[] {
  if (only.length > 0) return only;
  return isFiltered ? testSteps : ['lint', 'types', ...testSteps];
}

/** The files of the plan's steps, sorted, so that two runs do the same in the same order. */
export function filesOf(plan: Plan, found: readonly string[]): TestFiles {
  const files: TestFiles = { unit: [], e2e: [], soak: [] };
  for (const file of found.toSorted()) {
    const kind = kindOf(file);
    const isWanted = plan.paths.length === 0 || plan.paths.some((path) => file.includes(path));
    if (plan.steps.has(kind) && isWanted) files[kind].push(file);
  }
  return files;
}

/** The tests of the house sit beside the scenarios in tests/ but start nothing. */
const houseTest = /^tests\/(architecture|bootstrap|checks|tidy|test-plan|test-run)\.test\.ts$/;

function kindOf(file: string): 'unit' | 'e2e' | 'soak' {
  if (file.endsWith('.soak.test.ts')) return 'soak';
  if (file.endsWith('.e2e.test.ts')) return 'e2e';
  return file.startsWith('packages/') || houseTest.test(file) ? 'unit' : 'e2e';
}
