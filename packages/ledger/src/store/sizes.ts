// How large the writer lets things grow before it does something about it. Tests make them small.
export type Sizes = {
  /** Of one segment of the journal; a frame must fit. */
  readonly segmentBytes: number;
  /** With 4 MiB each: more than two seconds at full rate, should the disk take that long over bundles. */
  readonly segmentsMax: number;
  /** Full files that are worth a sync in the background. */
  readonly syncFilesMin: number;
  /** Ids in memory before they become a run; with very many tenants there are more. */
  readonly recentIdsMax: number;
};

export const sizesDefault: Sizes = { segmentBytes: 4 * 1024 * 1024, segmentsMax: 16, syncFilesMin: 16, recentIdsMax: 16_384 };
