/**
 * Watches a stream whose requests are answered in order: while anything is unanswered, the next answer must come
 * within the timeout. A silent peer thus settles every promise that waits for it. It knows no messages.
 */
export class AnswerDeadline {
  readonly #timeoutMs: number;
  readonly #onLate: () => void;
  #unanswered = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, onLate: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onLate = onLate;
  }

  sent(): void {
    this.#unanswered += 1;
    this.#timer ??= setTimeout(this.#onLate, this.#timeoutMs);
  }

  answered(): void {
    this.#unanswered -= 1;
    if (this.#unanswered > 0) this.#timer?.refresh();
    else this.stop();
  }

  /** No call of `onLate` comes after this, until something is sent again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
