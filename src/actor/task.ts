import type { Refusal } from "../domain/refusal.js";
import type { Outcome } from "./service.js";
import type { CommandProbe } from "./telemetry.js";
import type { Turn } from "./turn.js";

/** One thing waiting in the inbox. It settles exactly once: by `deliver` once its outcome is durable, or by `abort`. */
export interface Task {
  /** It may append to the journal, and is refused when there is no room for that. */
  readonly writes: boolean;
  /** Where it is traced. */
  readonly probe?: CommandProbe | undefined;
  /** Decides, synchronously, and keeps the outcome for `deliver`. A throw here must leave the state unchanged. */
  decide(turn: Turn): void;
  deliver(): void;
  abort(refusal: Refusal): void;
}

/** What a command is decided by. Whatever it records is in effect before it returns its answer. */
export type Handler<C, A> = (turn: Turn, command: C) => { readonly answer: A } | { readonly refusal: Refusal };

/** A task that hands its command to a handler and renders the answer inside the turn. */
export class HandledTask<C, A, T> implements Task {
  readonly writes: boolean;
  readonly probe: CommandProbe | undefined;
  readonly #command: C;
  readonly #handler: Handler<C, A>;
  readonly #render: (answer: A) => T;
  readonly #settle: (outcome: Outcome<T>) => void;
  #outcome: Outcome<T> | undefined;

  constructor(options: {
    readonly command: C;
    readonly handler: Handler<C, A>;
    readonly writes: boolean;
    readonly render: (answer: A) => T;
    readonly settle: (outcome: Outcome<T>) => void;
    readonly probe?: CommandProbe | undefined;
  }) {
    this.#command = options.command;
    this.#handler = options.handler;
    this.writes = options.writes;
    this.#render = options.render;
    this.#settle = options.settle;
    this.probe = options.probe;
  }

  decide(turn: Turn): void {
    const result = this.#handler(turn, this.#command);
    this.#outcome =
      "refusal" in result
        ? { kind: "refused", refusal: result.refusal }
        : { kind: "answered", value: this.#render(result.answer) };
  }

  deliver(): void {
    this.#settle(this.#outcome ?? { kind: "failed", cause: new Error("delivered before it was decided") });
  }

  abort(refusal: Refusal): void {
    this.probe?.settled();
    this.#settle({ kind: "refused", refusal });
  }
}
