#!/usr/bin/env node
import { runProgram } from "./program.js";
import { processTerminal } from "./session.js";

// Only a code other than 0 is set: a command such as serve goes on after its action has returned.
const exitCode = await runProgram(process.argv.slice(2), processTerminal());
if (exitCode !== 0) process.exitCode = exitCode;
