/** Functions over the limit that are known; the list only shrinks. `file#name` */
export const knownLongFunctions: ReadonlySet<string> = new Set([]);
