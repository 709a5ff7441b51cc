/** What one knows of the stocks of a warehouse: by stock number, the version and what is available to promise. */
export class Figures {
  readonly versions: Float64Array;
  readonly available: Float64Array;

  constructor(readonly stocks: number) {
    this.versions = new Float64Array(stocks);
    this.available = new Float64Array(stocks);
  }

  equals(other: Figures): boolean {
    for (let stock = 0; stock < this.stocks; stock++) {
      if (this.versions[stock] !== other.versions[stock] || this.available[stock] !== other.available[stock])
        return false;
    }
    return true;
  }
}
