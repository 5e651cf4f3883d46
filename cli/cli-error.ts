/** A user's mistake or an outcome that needs no stack trace: its message is printed and the process ends with `exitCode`. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exitCode: number;
  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export { messageOf } from '../base/message-of.ts';
