/** The look of the benchmark's tables: no colours, no rule between rows. */
export const COMPACT = {
  style: { head: [], border: [], compact: true },
};
