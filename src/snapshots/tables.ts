/** The tables of a log's pages: their numbers on disk (never changed), and how many items share a page. */
export const TABLES = {
  stocks: { id: 1, pageItems: 64 },
  stockKeys: { id: 2 },
  reservations: { id: 3, pageItems: 32 },
  openReservations: { id: 4 },
  partitionDealers: { id: 5, pageItems: 128 },
  partitionDealerKeys: { id: 6 },
  answers: { id: 7, pageItems: 64 },
  answerKeys: { id: 8 },
  exceptions: { id: 9, pageItems: 32 },
  epochs: { id: 10, pageItems: 64 },
  warehouses: { id: 11, pageItems: 64 },
  dealers: { id: 12, pageItems: 128 },
  policies: { id: 13, pageItems: 64 },
  sources: { id: 14, pageItems: 1 },
  movements: { id: 15, pageItems: 64 },
  deadLetters: { id: 16, pageItems: 32 },
} as const;
