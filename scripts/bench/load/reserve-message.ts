/** The reserve requests of the load: encoded once, then patched with a fresh request_id, order_id, dealer and SKUs. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ReserveRequest,
  ReserveRequestSchema,
  ReserveStreamRequestSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import type { OutgoingMessage } from "./connection.js";
import { type DigitField, PatchedMessage } from "./patched-message.js";

/** Dealers that share the load, as in a network of the size that it is made for. */
const DEALER_COUNT = 350;
const SKU_DIGITS = 7;
/** Digits of the number in a request_id, after its prefix. */
export const REQUEST_DIGITS = 10;

/** The SKU with this number, as the stock set up before has it. */
export function skuName(index: number): string {
  return `SKU-${String(index).padStart(SKU_DIGITS, "0")}`;
}

/** Chooses SKUs by number. */
export interface SkuChoice {
  /** The number of the first SKU of the next request; its other lines name the SKUs `stride` further on, around. */
  next(): number;
  readonly first: number;
  readonly count: number;
}

/** Always one SKU. */
export function oneSku(index: number): SkuChoice {
  return { first: index, count: 1, next: () => index };
}

/** Each of `count` SKUs equally often, in an order that looks random and is the same in every run. */
export function spreadSkus({ first, count }: { readonly first: number; readonly count: number }): SkuChoice {
  let state = 1;
  return {
    first,
    count,
    next: () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return first + ((state >>> 8) % count);
    },
  };
}

export interface ReserveMessageOptions {
  readonly warehouseId: string;
  readonly skus: SkuChoice;
  /** Lines of each request, all of different SKUs. */
  readonly lines: number;
  /** Unset: the policy's default. */
  readonly holdDurationSeconds?: number;
  /** As a message of ReserveStream instead of Reserve. */
  readonly streamed: boolean;
}

/** Each generator of requests numbers its own, under a prefix that no other one of this run has. */
let prefixesUsed = 0;

export class ReserveMessage implements OutgoingMessage {
  /** Numbers of the SKUs that the last request written names. */
  readonly lastSkus: number[] = [];
  /** What precedes the number in each request_id. */
  readonly requestIdPrefix: string;
  readonly #message: PatchedMessage;
  readonly #requestId: DigitField;
  readonly #orderId: DigitField;
  readonly #dealerId: DigitField;
  readonly #skuFields: readonly DigitField[];
  readonly #skus: SkuChoice;
  #written = 0;

  constructor(options: ReserveMessageOptions) {
    if (options.lines > options.skus.count) throw new Error("more lines than SKUs to name in them");
    this.requestIdPrefix = `request-${String(++prefixesUsed).padStart(6, "0")}-`;
    this.#skus = options.skus;
    const request = templateRequest(options, this.requestIdPrefix);
    this.#message = new PatchedMessage(encode(request, options.streamed));
    this.#requestId = this.#message.locate(request.requestId);
    this.#orderId = this.#message.locate(request.orderId);
    this.#dealerId = this.#message.locate(request.dealerId);
    this.#skuFields = request.lines.map((line) => this.#message.locate(line.sku));
  }

  get byteLength(): number {
    return this.#message.byteLength;
  }

  /** Requests written so far. */
  get written(): number {
    return this.#written;
  }

  /** Writes the next request. */
  writeTo(target: Buffer, offset: number): void {
    this.#written++;
    this.#message.patch(this.#requestId, this.#written);
    this.#message.patch(this.#orderId, this.#written);
    this.#message.patch(this.#dealerId, this.#written % DEALER_COUNT);
    this.#patchSkus();
    this.#message.writeTo(target, offset);
  }

  #patchSkus(): void {
    const { first, count } = this.#skus;
    // Lines stand evenly spread over the SKUs, as the articles of an order do over a catalogue.
    const stride = Math.floor(count / this.#skuFields.length);
    let offset = this.#skus.next() - first;
    for (const [line, field] of this.#skuFields.entries()) {
      this.lastSkus[line] = first + offset;
      this.#message.patch(field, first + offset);
      offset = (offset + stride) % count;
    }
  }
}

function templateRequest(options: ReserveMessageOptions, requestIdPrefix: string): ReserveRequest {
  const seconds = options.holdDurationSeconds;
  return create(ReserveRequestSchema, {
    requestId: requestIdPrefix + "0".repeat(REQUEST_DIGITS),
    dealerId: "dealer-000",
    orderId: `order-${"0".repeat(REQUEST_DIGITS)}`,
    warehouseId: options.warehouseId,
    lines: Array.from({ length: options.lines }, (_, line) => ({ sku: skuName(line), quantity: 1n })),
    ...(seconds === undefined ? {} : { holdDuration: { seconds: BigInt(seconds), nanos: 0 } }),
  });
}

function encode(request: ReserveRequest, streamed: boolean): Uint8Array {
  if (!streamed) return toBinary(ReserveRequestSchema, request);
  return toBinary(ReserveStreamRequestSchema, create(ReserveStreamRequestSchema, { reserve: request }));
}
