/**
 * What Tryton's locations mean for Holdfast. A warehouse's stock is what lies under its storage and its output location: goods that
 * are picked count until they have left, goods in the input zone do not count until they are put away.
 */
export interface LocationRow {
  readonly id: number;
  readonly name: string;
  readonly code: string | null;
  readonly type: string;
  readonly parent: number | null;
  readonly storage_location: number | null;
  readonly output_location: number | null;
}

export const LOCATION_FIELDS = ["name", "code", "type", "parent", "storage_location", "output_location"] as const;

export interface TrytonWarehouse {
  /** In Holdfast: the location's code, else its name. */
  readonly warehouseId: string;
  readonly locationId: number;
  readonly outputLocationId: number;
  /** Every location whose goods count as the warehouse's. */
  readonly inside: readonly number[];
}

export class Locations {
  readonly warehouses: readonly TrytonWarehouse[];
  readonly #types: ReadonlyMap<number, string>;
  readonly #warehouseOf = new Map<number, TrytonWarehouse>();

  constructor(rows: readonly LocationRow[]) {
    this.#types = new Map(rows.map(({ id, type }) => [id, type]));
    const childrenOf = new Map<number, number[]>();
    for (const { id, parent } of rows) {
      if (parent !== null) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), id]);
    }
    this.warehouses = rows.flatMap(({ id, code, name, storage_location: storage, output_location: output, type }) => {
      if (type !== "warehouse" || storage === null || output === null) return [];
      const inside = [...new Set([storage, output].flatMap((root) => subtree(root, childrenOf)))];
      return [{ warehouseId: code ?? name, locationId: id, outputLocationId: output, inside }];
    });
    for (const warehouse of this.warehouses) {
      for (const id of warehouse.inside) this.#warehouseOf.set(id, warehouse);
    }
  }

  knows(locationId: number): boolean {
    return this.#types.has(locationId);
  }

  /** Such as supplier, customer, lost_found, production. */
  typeOf(locationId: number): string {
    return this.#types.get(locationId) ?? "unknown";
  }

  /** The warehouse whose stock lies there, if any. */
  warehouseOf(locationId: number): TrytonWarehouse | undefined {
    return this.#warehouseOf.get(locationId);
  }

  warehouse(warehouseId: string): TrytonWarehouse | undefined {
    return this.warehouses.find((warehouse) => warehouse.warehouseId === warehouseId);
  }
}

function subtree(root: number, childrenOf: ReadonlyMap<number, readonly number[]>): number[] {
  return [root, ...(childrenOf.get(root) ?? []).flatMap((child) => subtree(child, childrenOf))];
}
