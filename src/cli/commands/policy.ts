import { type Command, Option } from "commander";
import {
  AvailabilityPrecision,
  DriftAction,
  durationFromMs,
  GetPolicyResponseSchema,
  PutPolicyResponseSchema,
} from "../../client/index.js";
import { parseDurationMs, parseWholeNumber } from "../arguments.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";
import { describePolicy } from "../views/policy-view.js";

interface ScopeOptions extends ServerOptions {
  readonly warehouse?: string;
  readonly sku?: string;
  readonly dealer?: string;
}

interface PutOptions extends ScopeOptions {
  readonly safetyStock?: bigint;
  readonly lowAt?: bigint;
  readonly openReservationsMax?: bigint;
  readonly holdDefault?: number;
  readonly holdMax?: number;
  readonly degradedBufferUnits?: bigint;
  readonly degradedBufferPercent?: bigint;
  readonly degradedBufferSpan?: number;
  readonly driftThresholdUnits?: bigint;
  readonly driftThresholdPercent?: bigint;
  readonly driftAction?: keyof typeof DRIFT_ACTIONS;
  readonly commitOverdueAfter?: number;
  readonly availabilityPrecision?: keyof typeof PRECISIONS;
  readonly availabilityCap?: bigint;
  readonly actor?: string;
  readonly reason?: string;
}

const DRIFT_ACTIONS = {
  heal: DriftAction.HEAL,
  quarantine: DriftAction.QUARANTINE,
  ask: DriftAction.ASK,
} as const;

const PRECISIONS = {
  exact: AvailabilityPrecision.EXACT,
  capped: AvailabilityPrecision.CAPPED,
  level: AvailabilityPrecision.LEVEL,
} as const;

const SCOPES = `
Scopes: nothing named is the default, else --warehouse, --warehouse with --sku, or --dealer.`;

const EXAMPLES = `${SCOPES}

Examples:
  $ holdfast policy get --warehouse north
  Never promise the last 20 bolts:
  $ holdfast policy put --warehouse north --sku bolt-m8 --safety-stock 20
  $ holdfast policy put --dealer d-17 --hold-default 1h --open-reservations-max 50
  Tell dealers "20 or more" where there is more:
  $ holdfast policy put --warehouse north --availability-precision capped --availability-cap 20`;

export function registerPolicy(program: Command, session: Session): void {
  const policy = program
    .command("policy")
    .summary("see and set hold times, safety stock and quotas")
    .description("Sees and sets hold times, safety stock, the low mark, quotas and how exactly dealers are told.")
    .addHelpText("after", EXAMPLES);
  registerPolicyGet(policy, session);
  registerPolicyPut(policy, session);
}

function addScopeOptions(command: Command): Command {
  return addServerOptions(command)
    .option("--warehouse <warehouse>", "for this warehouse")
    .option("--sku <sku>", "for this SKU in that warehouse")
    .option("--dealer <dealer>", "for this dealer")
    .addHelpText("after", SCOPES);
}

function registerPolicyGet(policy: Command, session: Session): void {
  addScopeOptions(policy.command("get").summary("show what was put for a scope, and what is in effect there"))
    .description('Shows what was put for a scope, and what is in effect there: "holdfast policy get --dealer d-17".')
    .action((options: ScopeOptions) =>
      withClient(session, options, async (client) => {
        const message = await client.getPolicy(scopeOf(options));
        return printAnswer(session, options, { schema: GetPolicyResponseSchema, message, describe: describePolicy });
      }),
    );
}

function registerPolicyPut(policy: Command, session: Session): void {
  addScopeOptions(policy.command("put").summary("replace the policy of a scope"))
    .description("Replaces the whole policy of a scope: what is not named is inherited from then on.")
    .option("--safety-stock <units>", "units never promised", parseWholeNumber)
    .option("--low-at <units>", "at most this much is LOW", parseWholeNumber)
    .option("--open-reservations-max <count>", "open reservations a dealer may have in a warehouse", parseWholeNumber)
    .option("--hold-default <duration>", "lifetime of a hold that names none", parseDurationMs)
    .option("--hold-max <duration>", "longest lifetime of a hold", parseDurationMs)
    .option("--degraded-buffer-units <units>", "units held back while the ERP is away", parseWholeNumber)
    .option("--degraded-buffer-percent <percent>", "percent of the sellable units held back then", parseWholeNumber)
    .option("--degraded-buffer-span <duration>", "time until all of that is held back", parseDurationMs)
    .option("--drift-threshold-units <units>", "difference up to which a position agrees", parseWholeNumber)
    .option("--drift-threshold-percent <percent>", "the same, in percent of the ERP's figure", parseWholeNumber)
    .addOption(
      new Option("--drift-action <action>", "what is done about a stock that drifted").choices(
        Object.keys(DRIFT_ACTIONS),
      ),
    )
    .option(
      "--commit-overdue-after <duration>",
      "time after which a commit without dispatch is overdue",
      parseDurationMs,
    )
    .addOption(
      new Option("--availability-precision <precision>", "how exactly dealers are told what there is").choices(
        Object.keys(PRECISIONS),
      ),
    )
    .option("--availability-cap <units>", "the most that a dealer is told where that is capped", parseWholeNumber)
    .option("--actor <actor>", "who does this, for the record")
    .option("--reason <reason>", "why, for the record")
    .action((options: PutOptions) =>
      withClient(session, options, async (client) => {
        const { actor, reason } = options;
        const message = await client.putPolicy({
          policy: {
            ...scopeOf(options),
            ...fieldsOf(options),
          },
          actor,
          reason,
        });
        return printAnswer(session, options, { schema: PutPolicyResponseSchema, message, describe: describePolicy });
      }),
    );
}

function fieldsOf(options: PutOptions) {
  const span = (ms: number | undefined) => (ms === undefined ? undefined : durationFromMs(ms));
  const percent = (value: bigint | undefined) => (value === undefined ? undefined : Number(value));
  return {
    safetyStock: options.safetyStock,
    lowAt: options.lowAt,
    openReservationsMax: options.openReservationsMax,
    holdDefault: span(options.holdDefault),
    holdMax: span(options.holdMax),
    degradedBufferUnits: options.degradedBufferUnits,
    degradedBufferPercent: percent(options.degradedBufferPercent),
    degradedBufferSpan: span(options.degradedBufferSpan),
    driftThresholdUnits: options.driftThresholdUnits,
    driftThresholdPercent: percent(options.driftThresholdPercent),
    driftAction: options.driftAction === undefined ? undefined : DRIFT_ACTIONS[options.driftAction],
    commitOverdueAfter: span(options.commitOverdueAfter),
    availabilityPrecision:
      options.availabilityPrecision === undefined ? undefined : PRECISIONS[options.availabilityPrecision],
    availabilityCap: options.availabilityCap,
  };
}

function scopeOf(options: ScopeOptions) {
  return { warehouseId: options.warehouse, sku: options.sku, dealerId: options.dealer };
}
