/** Runs the command line in this process against a scripted server, and keeps what it printed. */
import { runProgram } from "../../src/cli/program.js";
import { type Script, type ScriptedServer, startScriptedServer } from "../client/scripted-server.js";

export interface CommandResult {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

/** Runs one command line. */
export async function run(...argv: string[]): Promise<CommandResult> {
  const out: string[] = [];
  const error: string[] = [];
  const exitCode = await runProgram(argv, {
    interactive: false,
    print: (text) => out.push(text),
    printError: (text) => error.push(text),
  });
  return { exitCode, out: out.join("\n"), error: error.join("\n") };
}

/** Runs one command line against a server with these answers. */
export async function runAgainst(
  script: Script,
  ...argv: string[]
): Promise<CommandResult & { server: ScriptedServer }> {
  const server = await startScriptedServer(script);
  try {
    return { ...(await run(...argv, "--server", server.address)), server };
  } finally {
    server.stop();
  }
}
