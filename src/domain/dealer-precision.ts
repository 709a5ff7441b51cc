/** How exactly a dealer is told what can be promised: policy (docs/api.md, Availability). */
export interface DealerPrecision {
  readonly precision: "EXACT" | "CAPPED" | "LEVEL";
  /** Of CAPPED: what is above it is told as it. */
  readonly cap: number;
}
