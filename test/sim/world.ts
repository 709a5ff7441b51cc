/**
 * One simulated world: a service, its disk and pages, callers and an ERP, time and faults, all drawn from one seed, in one thread
 * on virtual time. A step is one move of the world; what the service makes of it happens in between, as its I/O comes back.
 */
import { createHash } from "node:crypto";
import type { LogNode, LogNodeSettings } from "../../src/compose/log-node.js";
import { readBlocks } from "../../src/journal/chain.js";
import { listSegments } from "../../src/journal/segment.js";
import type { Journal } from "../../src/journal/journal.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { SeededRandom } from "../journal/seeded-random.js";
