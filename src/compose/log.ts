/** Where the engine's parts say what is worth knowing: one line for each thing, none for each call. pino fits. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
