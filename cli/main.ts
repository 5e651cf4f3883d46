import { CliError } from './cli-error.ts';
import { createProgram } from './program.ts';

/** Runs the command line; a CliError is told without a stack trace. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CliError) process.stderr.write(`kuorum: ${error.message}\n`);
    else process.stderr.write(`kuorum: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    // what had been started before the failure must not keep the process alive
    process.exit(error instanceof CliError ? error.exitCode : 1);
  }
}

// how libraries call Node.js is not the user's concern
process.noDeprecation = true;
void main(process.argv);
