/** Quantities are whole base units held in a double: exact up to this bound, refused above it. */
export const QUANTITY_MAX = Number.MAX_SAFE_INTEGER;
