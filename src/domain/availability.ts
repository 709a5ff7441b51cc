/** The published figures of one stock, in whole base units. Fields as in holdfast.v1.Availability. */
export interface StockFigures {
  readonly sku: string;
  readonly onHand: number;
  readonly unavailable: number;
  readonly reserved: number;
  readonly committed: number;
  readonly allocatedElsewhere: number;
  readonly safetyStock: number;
  readonly degradedBuffer: number;
  readonly availableToPromise: number;
  readonly shortfall: number;
  readonly level: AvailabilityLevel;
  /** Rises with each change; 0 for a SKU never seen in the warehouse. */
  readonly version: number;
  readonly updatedAtMs: number;
}

export type AvailabilityLevel = "IN_STOCK" | "LOW" | "OUT";

/** LIVE, LAGGING, STALE: how far the figures of a warehouse can be trusted. Times are service time. */
export interface Freshness {
  readonly state: "LIVE" | "LAGGING" | "STALE";
  /** When the ERP last said something; 0 when it never did, or no source feeds the warehouse. */
  readonly asOfMs: number;
  readonly ageMs: number;
}
