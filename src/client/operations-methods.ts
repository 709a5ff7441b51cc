/**
 * The methods of OperationsService: dealers, policies, a close look at one stock, backups, and everything about the ERP that
 * people see to. The base of HoldfastClient, apart from it only for its length.
 */
import type * as atRisk from "../gen/holdfast/v1/at_risk_pb.js";
import type * as deadLetters from "../gen/holdfast/v1/dead_letter_pb.js";
import type * as drift from "../gen/holdfast/v1/drift_pb.js";
import * as operations from "../gen/holdfast/v1/operations_service_pb.js";
import type * as sources from "../gen/holdfast/v1/source_pb.js";
import type * as health from "../gen/holdfast/v1/sync_health_pb.js";
import { Connection, type HoldfastClientOptions } from "./connection.js";
import type { MessageInput } from "./message-input.js";
import type { CallOptions } from "./unary-call.js";

const methods = operations.OperationsService.method;

/** What HoldfastClient has for operations people and their tools. */
export abstract class OperationsMethods {
  protected readonly connection: Connection;

  constructor(address: string, options: HoldfastClientOptions) {
    this.connection = new Connection(address, options);
  }

  /** Registers a dealer with the warehouse that serves it, or changes it. */
  putDealer(
    request: MessageInput<typeof operations.PutDealerRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.PutDealerResponse> {
    return this.connection.call(methods.putDealer, request, options);
  }

  getDealer(
    request: MessageInput<typeof operations.GetDealerRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.GetDealerResponse> {
    return this.connection.call(methods.getDealer, request, options);
  }

  /** One page of the dealers; `everyPage` reads all of them. */
  listDealers(
    request: MessageInput<typeof operations.ListDealersRequestSchema> = {},
    options?: CallOptions,
  ): Promise<operations.ListDealersResponse> {
    return this.connection.call(methods.listDealers, request, options);
  }

  /** Replaces the policy of one scope; fields left out inherit. */
  putPolicy(
    request: MessageInput<typeof operations.PutPolicyRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.PutPolicyResponse> {
    return this.connection.call(methods.putPolicy, request, options);
  }

  getPolicy(
    request: MessageInput<typeof operations.GetPolicyRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.GetPolicyResponse> {
    return this.connection.call(methods.getPolicy, request, options);
  }

  /** One stock closely: figures, open reservations (in pages), last events, dispatch exceptions. */
  getStock(
    request: MessageInput<typeof operations.GetStockRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.GetStockResponse> {
    return this.connection.call(methods.getStock, request, options);
  }

  /** Copies everything as of one block into a folder on the server's machine. Large data takes longer than the usual deadline. */
  backup(
    request: MessageInput<typeof operations.BackupRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.BackupResponse> {
    return this.connection.call(methods.backup, request, options);
  }

  /** Registers an ERP feed, or changes its warehouses and thresholds. */
  putSource(
    request: MessageInput<typeof sources.PutSourceRequestSchema>,
    options?: CallOptions,
  ): Promise<sources.PutSourceResponse> {
    return this.connection.call(methods.putSource, request, options);
  }

  getSource(
    request: MessageInput<typeof sources.GetSourceRequestSchema>,
    options?: CallOptions,
  ): Promise<sources.GetSourceResponse> {
    return this.connection.call(methods.getSource, request, options);
  }

  /** One page of the sources; `everyPage` reads all of them. */
  listSources(
    request: MessageInput<typeof sources.ListSourcesRequestSchema> = {},
    options?: CallOptions,
  ): Promise<sources.ListSourcesResponse> {
    return this.connection.call(methods.listSources, request, options);
  }

  /** From a sequence of the new source on, that source is the stock's source of record. */
  moveStockSource(
    request: MessageInput<typeof sources.MoveStockSourceRequestSchema>,
    options?: CallOptions,
  ): Promise<sources.MoveStockSourceResponse> {
    return this.connection.call(methods.moveStockSource, request, options);
  }

  /** Passes over what a source did not send, on record. */
  skipGap(
    request: MessageInput<typeof sources.SkipGapRequestSchema>,
    options?: CallOptions,
  ): Promise<sources.SkipGapResponse> {
    return this.connection.call(methods.skipGap, request, options);
  }

  /** One page of the events that could not be taken, newest first. */
  listDeadLetters(
    request: MessageInput<typeof deadLetters.ListDeadLettersRequestSchema> = {},
    options?: CallOptions,
  ): Promise<deadLetters.ListDeadLettersResponse> {
    return this.connection.call(methods.listDeadLetters, request, options);
  }

  /** Takes a dead letter now, as a late event; refused where it still cannot be taken. */
  replayDeadLetter(
    request: MessageInput<typeof deadLetters.ReplayDeadLetterRequestSchema>,
    options?: CallOptions,
  ): Promise<deadLetters.ReplayDeadLetterResponse> {
    return this.connection.call(methods.replayDeadLetter, request, options);
  }

  dropDeadLetter(
    request: MessageInput<typeof deadLetters.DropDeadLetterRequestSchema>,
    options?: CallOptions,
  ): Promise<deadLetters.DropDeadLetterResponse> {
    return this.connection.call(methods.dropDeadLetter, request, options);
  }

  /** One page of the dispatches that matched nothing, newest first. */
  listDispatchExceptions(
    request: MessageInput<typeof deadLetters.ListDispatchExceptionsRequestSchema>,
    options?: CallOptions,
  ): Promise<deadLetters.ListDispatchExceptionsResponse> {
    return this.connection.call(methods.listDispatchExceptions, request, options);
  }

  /** Gives a dispatch that matched nothing to a reservation. Not retried: a second try with room left would attach more units. */
  attachDispatch(
    request: MessageInput<typeof deadLetters.AttachDispatchRequestSchema>,
    options?: CallOptions,
  ): Promise<deadLetters.AttachDispatchResponse> {
    return this.connection.callOnce(methods.attachDispatch, request, options);
  }

  /** One page of the order lines that are not covered by what is there. */
  listAtRisk(
    request: MessageInput<typeof atRisk.ListAtRiskRequestSchema> = {},
    options?: CallOptions,
  ): Promise<atRisk.ListAtRiskResponse> {
    return this.connection.call(methods.listAtRisk, request, options);
  }

  /** Releases a reservation that is at risk, or keeps it, with a reason. */
  resolveAtRisk(
    request: MessageInput<typeof atRisk.ResolveAtRiskRequestSchema>,
    options?: CallOptions,
  ): Promise<atRisk.ResolveAtRiskResponse> {
    return this.connection.call(methods.resolveAtRisk, request, options);
  }

  /** The four measures and what needs a person, each with the thresholds that colour it. */
  getSyncHealth(
    request: MessageInput<typeof health.GetSyncHealthRequestSchema> = {},
    options?: CallOptions,
  ): Promise<health.GetSyncHealthResponse> {
    return this.connection.call(methods.getSyncHealth, request, options);
  }

  /** Asks a source for its positions; the id of the run that it will report. */
  requestPositions(
    request: MessageInput<typeof drift.RequestPositionsRequestSchema>,
    options?: CallOptions,
  ): Promise<drift.RequestPositionsResponse> {
    return this.connection.call(methods.requestPositions, request, options);
  }

  /** One page of the comparisons with the sources' positions, newest first. */
  listDriftRuns(
    request: MessageInput<typeof drift.ListDriftRunsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<drift.ListDriftRunsResponse> {
    return this.connection.call(methods.listDriftRuns, request, options);
  }

  /** One page of the stocks of a warehouse whose figures differed, newest first. */
  listDiscrepancies(
    request: MessageInput<typeof drift.ListDiscrepanciesRequestSchema>,
    options?: CallOptions,
  ): Promise<drift.ListDiscrepanciesResponse> {
    return this.connection.call(methods.listDiscrepancies, request, options);
  }

  /** Heals, dismisses or quarantines a stock whose figures differed. */
  resolveDrift(
    request: MessageInput<typeof drift.ResolveDriftRequestSchema>,
    options?: CallOptions,
  ): Promise<drift.ResolveDriftResponse> {
    return this.connection.call(methods.resolveDrift, request, options);
  }
}
