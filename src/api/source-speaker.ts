import { create } from "@bufbuild/protobuf";
import type { PositionsPort } from "../actor/service.js";
import { type StreamEventsResponse, StreamEventsResponseSchema } from "../gen/holdfast/v1/erp_service_pb.js";
import { isName } from "./requests/field-check.js";

/** Sources that one stream may speak for: a connector has one or two, and a caller who makes them up is not listened to for more. */
const SOURCES_MAX = 16;

/** The sources that a stream of events speaks for, as long as it lasts: what is asked of them goes out on it. */
export class SourceSpeaker {
  readonly #positions: PositionsPort;
  readonly #tell: (message: StreamEventsResponse) => void;
  readonly #listening = new Map<string, () => void>();
  #isOver = false;

  constructor(positions: PositionsPort, tell: (message: StreamEventsResponse) => void) {
    this.#positions = positions;
    this.#tell = tell;
  }

  speaksFor(source: string): void {
    if (this.#listening.has(source) || this.#isOver || this.#listening.size === SOURCES_MAX || !isName(source)) return;
    // Before it listens, so that what is pending, and told at once, finds it known.
    this.#listening.set(source, () => {});
    const leave = this.#positions.listen(source, (positionsRequest) => {
      this.#tell(create(StreamEventsResponseSchema, { source, positionsRequest }));
    });
    this.#listening.set(source, leave);
  }

  leave(): void {
    this.#isOver = true;
    for (const leave of this.#listening.values()) leave();
    this.#listening.clear();
  }
}
