/** Run as a process of its own: locks the folder that it is given, says so, and holds it until its input ends. */
import { lockDataFolder } from "../../src/journal/data-folder-lock.js";

const lock = await lockDataFolder(process.argv[2]!);
process.stdout.write("locked\n");
process.stdin.on("end", () => lock.release());
process.stdin.resume();
