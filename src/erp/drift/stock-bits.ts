/** A set of stock numbers of each partition, a bit for each: a million stocks are 128 KiB. */
export class StockBits {
  readonly #partitions = new Map<number, Uint8Array>();

  add(partition: number, stock: number): void {
    const byte = stock >> 3;
    let bits = this.#partitions.get(partition);
    if (bits === undefined || byte >= bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, (bits?.length ?? 512) * 2));
      if (bits !== undefined) grown.set(bits);
      this.#partitions.set(partition, grown);
      bits = grown;
    }
    bits[byte]! |= 1 << (stock & 7);
  }

  /** Whether there is a stock of a partition. */
  hasAny(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  has(partition: number, stock: number): boolean {
    return ((this.#partitions.get(partition)?.[stock >> 3] ?? 0) & (1 << (stock & 7))) !== 0;
  }
}
