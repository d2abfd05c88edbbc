/** A mark of a simulated post: a server that does not know its key answers that it is unknown. */
const PAYLOAD =
  'AQEBAAAAPQkBAAAACq7pMDYyUwBwRzsAAAAAAAAAAAAAACsAAAAQ7fIAAAAA2lwAAB4UAGVrABMYB105CAAAB10f4hNlJpgTKmcHIoGoUagxsnrfzsn3d30eJ9fjRKDAT++Z9Wl+iuI9yZmyvIk4ztMlyH2rSA3UbNIBDX3ASea7LIddwMNe';

const LETTER = {
  scanId: 'DBCS-12/20261122A/000123',
  plant: '06484',
  machine: 'DBCS-12',
  scannedAt: '2026-11-22T07:16:01.123Z',
  mailpieceId: 'UPU-0001',
  pass: 'origin',
  destination: '06443',
  weightGrams: 18,
  payload: PAYLOAD,
};

/** Bodies that run as they are; a test sends each of them. */
export const EXAMPLES = {
  verdict: {
    payload: { summary: 'A payload that the machine has read.', value: LETTER },
    deadline: {
      summary: 'The same piece on its next pass, with half a second to the divert gate.',
      value: {
        ...LETTER,
        scanId: 'DBCS-14/20261122B/000077',
        machine: 'DBCS-14',
        pass: 'destination',
        deadlineMs: 500,
      },
    },
  },
  batch: {
    two: {
      summary: 'Two pieces, one of which has no mark.',
      value: {
        scans: [
          { ...LETTER, scanId: 'DBCS-12/20261122A/000124' },
          { scanId: 'DBCS-12/20261122A/000125', plant: '06484', machine: 'DBCS-12' },
        ],
        deadlineMs: 1_000,
      },
    },
  },
  stream: {
    one: {
      summary: 'One line.',
      value: `${JSON.stringify({ ...LETTER, scanId: 'DBCS-12/20261122A/000126' })}\n`,
    },
  },
};
