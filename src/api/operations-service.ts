import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Answers } from "../domain/command.js";
import type {
  BackupRequest,
  BackupResponse,
  GetDealerRequest,
  GetDealerResponse,
  GetPolicyResponse,
  GetStockResponse,
  ListDealersRequest,
  ListDealersResponse,
  PutDealerResponse,
  PutPolicyResponse,
} from "../gen/holdfast/v1/operations_service_pb.js";
import { dispatchExceptionMessage } from "./answers/dispatch-exception-message.js";
import { erpEventMessage } from "./answers/erp-event-message.js";
import { availabilityMessage, dealerMessage, policyMessage, reservationMessage } from "./answers/messages.js";
import { syncHealthMessage } from "./answers/sync-health-message.js";
import { driftOperations } from "./drift-operations.js";
import type { EdgeContext } from "./edge-context.js";
import { erpOperations } from "./erp-operations.js";
import {
  checkBackup,
  checkDealerId,
  checkGetPolicy,
  checkGetStock,
  checkGetSyncHealth,
  checkListDealers,
  checkPutDealer,
  checkPutPolicy,
} from "./requests/operations-requests.js";
import { sourceOperations } from "./source-operations.js";
import { commandCall, directCall, isRefusal, lastingCall } from "./unary.js";

export function operationsService(context: EdgeContext): UntypedServiceImplementation {
  const { ports, onFailure } = context;
  const { dealers, backups } = ports;
  return {
    ...erpOperations(context),
    ...sourceOperations(context),
    ...driftOperations(context),
    putDealer: commandCall(
      context,
      checkPutDealer,
      (dealer): PutDealerResponse => ({
        $typeName: "holdfast.v1.PutDealerResponse",
        dealer: dealerMessage(dealer),
      }),
    ),
    getDealer: directCall(onFailure, (request: GetDealerRequest) => {
      const checked = checkDealerId(request.dealerId);
      if (isRefusal(checked)) return checked;
      const dealer = dealers.get(checked.dealerId);
      if (isRefusal(dealer)) return dealer;
      return {
        $typeName: "holdfast.v1.GetDealerResponse",
        dealer: dealerMessage(dealer),
      } satisfies GetDealerResponse;
    }),
    listDealers: directCall(onFailure, (request: ListDealersRequest) => {
      const checked = checkListDealers(request);
      if (isRefusal(checked)) return checked;
      const page = dealers.list(checked);
      if (isRefusal(page)) return page;
      return {
        $typeName: "holdfast.v1.ListDealersResponse",
        dealers: page.dealers.map(dealerMessage),
        nextPageToken: page.nextPageToken,
      } satisfies ListDealersResponse;
    }),
    putPolicy: commandCall(
      context,
      checkPutPolicy,
      (answer): PutPolicyResponse => ({ $typeName: "holdfast.v1.PutPolicyResponse", ...policies(answer) }),
    ),
    getPolicy: commandCall(
      context,
      checkGetPolicy,
      (answer): GetPolicyResponse => ({ $typeName: "holdfast.v1.GetPolicyResponse", ...policies(answer) }),
    ),
    getStock: commandCall(
      context,
      checkGetStock,
      (answer): GetStockResponse => ({
        $typeName: "holdfast.v1.GetStockResponse",
        stock: availabilityMessage(answer.figures, answer.warehouseId, undefined),
        reservations: answer.reservations.map(reservationMessage),
        lastEvents: answer.lastEvents.map(erpEventMessage),
        exceptions: answer.exceptions.map(dispatchExceptionMessage),
        nextPageToken: answer.nextPageToken,
      }),
    ),
    getSyncHealth: commandCall(context, checkGetSyncHealth, syncHealthMessage),
    backup: lastingCall(onFailure, async (request: BackupRequest) => {
      const checked = checkBackup(request.directory);
      if (isRefusal(checked)) return checked;
      const backup = await backups.take(checked.directory);
      if (isRefusal(backup)) return backup;
      const { block, bytes } = backup;
      return {
        $typeName: "holdfast.v1.BackupResponse",
        block: BigInt(block),
        bytes: BigInt(bytes),
      } satisfies BackupResponse;
    }),
  };
}

function policies({ scope, fields, effective }: Answers["GetPolicy"]) {
  return { policy: policyMessage(scope, fields), effective: policyMessage(scope, effective) };
}
