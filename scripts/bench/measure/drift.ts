/**
 * How long a caller waits while a source tells a million positions beside him, against how long he waits otherwise: on one server, turn
 * by turn, the run going on where it stood. More stocks are told than stay in memory, so that they are read from the disk.
 */
import { PositionsReport } from "../load/positions-report.js";
import { receiveStock } from "../load/stock-feed.js";
import { median, percentile } from "../statistics.js";
import { type BenchRun, WAREHOUSE_ID, withStockedTarget } from "./bench-run.js";
import { connectLoad, groups, SPREAD_SKUS } from "./groups.js";
import { callAtRate } from "./latency.js";
import { ROUNDS_MIN } from "./rounds.js";
import { comeToRest, warmUp } from "./turn.js";

const STOCKS_TOLD = 100_000;
const POSITIONS = 1_000_000;
const CONNECTIONS = 4;
/** Enough calls for a percentile, short enough that both kinds of turn meet the same weather. */
const TURN_MS = 1_000;

export interface DriftResult {
  /** The 99th percentile of the turns beside a run over that of those without one, medians of the turns. */
  readonly p99Ratio: number;
  readonly p99Ms: number;
  readonly usualP99Ms: number;
  readonly positions: number;
  /** While it was told. */
  readonly positionsPerSecond: number;
}

export function measureDrift(run: BenchRun, callsPerSecond: number): Promise<DriftResult> {
  return withStockedTarget(run, SPREAD_SKUS, async (server) => {
    run.progress(`drift: receiving ${STOCKS_TOLD} stocks`);
    const stock = { warehouseId: WAREHOUSE_ID, first: SPREAD_SKUS, count: STOCKS_TOLD };
    const source = await receiveStock(server.port, stock);
    await warmUp(server, await connectLoad(server, groups.unary), groups.unary.warmUpCalls);
    const connections = await server.connect(CONNECTIONS);
    const report = new PositionsReport(server.port, "bench", { ...stock, source });
    await report.tellUntil(() => report.told >= STOCKS_TOLD);
    await comeToRest(server);
    const usual: number[] = [];
    const beside: number[] = [];
    const isOver = (elapsedMs: number) => elapsedMs >= TURN_MS;
    const besideFrom = report.told;
    const endsAtMs = performance.now() + run.roundsBudgetMs;
    while (report.told < POSITIONS && (usual.length < ROUNDS_MIN || performance.now() < endsAtMs)) {
      run.progress(`drift: ${report.told} of ${POSITIONS} positions`);
      usual.push(percentile(await callAtRate(connections, { callsPerSecond, isOver }), 99));
      const startedAtMs = performance.now();
      const [waitsMs] = await Promise.all([
        callAtRate(connections, { callsPerSecond, isOver }),
        report.tellUntil(() => report.told >= POSITIONS || isOver(performance.now() - startedAtMs)),
      ]);
      beside.push(percentile(waitsMs, 99));
      await comeToRest(server);
    }
    const positionsPerSecond = (report.told - besideFrom) / ((beside.length * TURN_MS) / 1_000);
    const { compared, drifted } = await report.end();
    if (Number(compared) !== report.told || drifted !== 0n) {
      throw new Error(`of ${report.told} positions ${compared} were compared and ${drifted} drifted`);
    }
    const [usualP99Ms, p99Ms] = [median(usual), median(beside)];
    return { p99Ratio: p99Ms / usualP99Ms, p99Ms, usualP99Ms, positions: report.told, positionsPerSecond };
  });
}
