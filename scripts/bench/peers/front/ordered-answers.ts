/** The answers of one stream in the order of its messages, though the store settles them in another. */

export class OrderedAnswers<Answer> {
  readonly #send: (answer: Answer) => void;
  readonly #onDrained: () => void;
  readonly #waiting: { answer: Answer | undefined }[] = [];
  #isEnded = false;

  constructor(send: (answer: Answer) => void, onDrained: () => void) {
    this.#send = send;
    this.#onDrained = onDrained;
  }

  /** Takes the place of the next message; the answer is given to what is returned. */
  next(): (answer: Answer) => void {
    const place: { answer: Answer | undefined } = { answer: undefined };
    this.#waiting.push(place);
    return (answer) => {
      place.answer = answer;
      this.#flush();
    };
  }

  /** No message comes any more: drained once everything is answered. */
  end(): void {
    this.#isEnded = true;
    this.#flush();
  }

  #flush(): void {
    for (;;) {
      const answer = this.#waiting[0]?.answer;
      if (answer === undefined) break;
      this.#waiting.shift();
      this.#send(answer);
    }
    if (this.#isEnded && this.#waiting.length === 0) this.#onDrained();
  }
}
