/**
 * The script of a small portal: a table of what a warehouse has, live, and a button that orders. It runs in the browser, with the
 * Connect web client and our generated code alone; the query of its address says what to show, and from where.
 */
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.js";
import { AvailabilityService } from "../../../src/gen/holdfast/v1/availability_service_pb.js";
import { ReservationService, ReserveOutcome } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";

/** The little that is needed of a page; the tests are not compiled for browsers. */
interface PageElement {
  textContent: string;
  onclick: () => void;
}
declare const document: { querySelector(selector: string): PageElement };
declare const location: { readonly search: string };

const asked = new URLSearchParams(location.search);
const baseUrl = asked.get("server") ?? "";
const warehouseId = asked.get("warehouse") ?? "";
const transport =
  asked.get("protocol") === "grpc-web"
    ? createGrpcWebTransport({ baseUrl })
    : createConnectTransport({ baseUrl, useBinaryFormat: asked.get("format") === "binary" });
const figures = new Map<string, bigint>();

function show(id: string, text: string): void {
  document.querySelector(`#${id}`).textContent = text;
}

function said(cause: unknown): string {
  const error = ConnectError.from(cause);
  const [info] = error.findDetails(ErrorInfoSchema);
  return `${Code[error.code]} ${info?.reason ?? error.rawMessage}`;
}

async function watch(): Promise<void> {
  for await (const { event } of createClient(AvailabilityService, transport).watchAvailability({ warehouseId })) {
    if (event.case === "reset") figures.clear();
    if (event.case !== "batch") continue;
    for (const { sku, availableToPromise } of event.value.availability) figures.set(sku, availableToPromise);
    show("figures", [...figures].map(([sku, available]) => `${sku}: ${available}`).join("\n"));
  }
}

async function order(): Promise<void> {
  const { outcome } = await createClient(ReservationService, transport).reserve({
    requestId: asked.get("order") ?? "",
    orderId: asked.get("order") ?? "",
    dealerId: "D1",
    warehouseId,
    lines: [{ sku: "bolt", quantity: 2n }],
  });
  show("ordered", ReserveOutcome[outcome] ?? "");
}

document.querySelector("#order").onclick = () => {
  order().catch((cause) => show("ordered", said(cause)));
};
watch().catch((cause) => show("ended", said(cause)));
