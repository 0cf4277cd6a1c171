// Counts every telemetry event of the node, by name: the subscriber that mcp_vs_sdk is measured with.
import { genServer, reply, telemetryEvent, telemetryEventNames } from '@flyball/kernel';

export const telemetryCounter = genServer({
  init: () => {
    // One count an event, changed where it stands: handlers run in the emitter's stack and must be short.
    const counts: Record<string, number> = {};
    for (const name of telemetryEventNames()) {
      counts[name] = 0;
      telemetryEvent(name).subscribe(() => {
        counts[name] = (counts[name] ?? 0) + 1;
      });
    }
    return counts;
  },
  calls: { read: (counts) => reply({ ...counts }, counts) },
});
