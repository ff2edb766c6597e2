/** Writes the page into a folder; answers the size of each file, raw and compressed. */
export function buildPage(folder: string): Promise<Record<string, { bytes: number; gzipBytes: number }>>;
