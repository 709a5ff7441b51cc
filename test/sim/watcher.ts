/** Somebody who watches published figures (I11): versions never go back, and one version is always the same figures. */
import type { StockFigures } from "../../src/domain/availability.js";
import { Finding } from "./simulation-context.js";

export class Watcher {
  readonly #seen = new Map<string, { readonly version: number; readonly text: string }>();

  see(warehouseId: string, figures: StockFigures): void {
    const key = `${figures.sku} of ${warehouseId}`;
    const text = JSON.stringify(figures);
    const { version } = figures;
    const before = this.#seen.get(key);
    if (before !== undefined && version < before.version) {
      throw new Finding(`I11: ${key} went back from version ${before.version} to ${version}`);
    }
    if (before !== undefined && version === before.version && text !== before.text) {
      throw new Finding(`I11: version ${version} of ${key} was ${before.text} and is ${text}`);
    }
    this.#seen.set(key, { version, text });
  }
}
