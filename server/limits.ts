import { BATCH_SCANS_MAX } from '../indicium/index.ts';

/** Bytes of a body by its kind. JSON carries images in base64; larger ones come as they are. */
export const JSON_BODY_BYTES_MAX = 12 * 1024 * 1024;
/** The largest image that a reader takes, and the part that describes it. */
export const IMAGE_BODY_BYTES_MAX = 33 * 1024 * 1024;
/**
 * A payload has 2 kB at most; what is a little longer is recorded as too long, what is much longer is not a payload.
 */
export const PAYLOAD_BODY_BYTES_MAX = 64 * 1024;

/** Levels of JSON: a scan has two, a batch of them four. Six million brackets in a body kept the parser busy for 10 s. */
export const JSON_DEPTH_MAX = 64;
/**
 * Fields and items in the JSON of one scan, and of a batch. A scan has a dozen, and of unknown ones 16 kB are kept; with
 * 700,000 of them, one body of 8 MB held everybody up for 1.4 s.
 */
export const SCAN_VALUES_MAX = 10_000;
export const BATCH_VALUES_MAX = 100_000;

/** Bytes of JSON beyond which each step of the work on a body has a turn of its own: 12 MB take 20 to 60 ms a step. */
export const JSON_TURN_BYTES = 1024 * 1024;

/** Bytes of a line of a stream: an image of 4.5 MB in base64. */
export const STREAM_LINE_BYTES_MAX = 6 * 1024 * 1024;

/**
 * From so many bytes on a body takes milliseconds to parse: a batch of a thousand payloads 8, of 10 MB 18, an image in base64 of
 * 12 MB 23. All clients together may spend so much of the time of the one thread on that while several are active, and each may
 * owe so much of its share before it is refused.
 */
export const LARGE_BODY_BYTES = 64 * 1024;
export const PARSE_SHARE = 0.3;
export const PARSE_DEBT_MS_MAX = 50;
/**
 * What it takes to read a megabyte, copy it twice and collect what is left. And bytes of large bodies that a client may have on
 * their way while several are active, or one: eight of 10 MB at once were read and parsed only to be refused.
 */
export const READ_MS_PER_MB = 6;
export const LARGE_BODIES_BYTES_MAX = 2 * 1024 * 1024;
/** By which the number of scans in a batch is estimated before it is read: a scan with only a payload has about 350 bytes. */
export const BATCH_BYTES_PER_SCAN = 350;

/** Parts of a multipart body that are looked at: there are two. */
export const MULTIPART_PARTS_MAX = 8;
/** Bytes of the headers of one part: a name, a file name and a type. */
export const MULTIPART_HEAD_BYTES_MAX = 4 * 1024;
/** Characters of a boundary (RFC 2046, clause 5.1.1). */
export const MULTIPART_BOUNDARY_CHARS_MAX = 70;

/*
 * What clients share. A client is a token or certificate; without any, all that ask are one. Each of these bounds is what one
 * client may hold while it is alone; all together hold twice as much at most, and no client holds more than is left free.
 */

/** Bytes of the bodies of a client that are on their way in, and of its images that wait to be read. */
export const BODIES_BYTES_MAX = 64 * 1024 * 1024;
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;

/** Payloads of a client that may wait or be worked on: half a second of work for two cores. A flag may set another bound. */
export const QUEUE_SCANS_MAX = 5_000;
/** No flag may ask for more: each scan that waits takes about 3 kB. */
export const QUEUE_SCANS_FLAG_MAX = 100_000;
/** The same for images, of which two cores read some hundred a second. */
export const QUEUE_IMAGES_MAX = 200;

/**
 * As many as are worth a batch of their own while another is being worked on; fewer wait for it. A transaction takes 3 to 5 ms
 * for one scan as for a hundred, and what comes in meanwhile shares the next one instead of queueing up for four.
 */
export const READ_AHEAD_SCANS_MIN = 64;

/**
 * While several clients are active, a batch costs as much as so many payloads, about 10 ms, and so many batches of requests and
 * as many of streams are read or recorded at a time: a newcomer waits for no more than that. With 128, an honest plant
 * under attack had twice the p99. One client that is alone for a while fills batches of BATCH_SCANS_MAX.
 */
export const SHARED_BATCH_COST_MAX = 64;
export const SHARED_BATCHES_AHEAD_MAX = 2;
/**
 * Bytes of a line, and of what is stored of a scan over what every scan has, that cost as much as a payload: with 10 kB of unknown
 * fields a scan took 2 to 3 times as long to read and record, and the same again for the checkpoint that puts it into the file.
 */
export const BYTES_PER_SCAN_COST = 4 * 1024;
export const STORED_BYTES_PER_SCAN_COST = 1024;

/**
 * Milliseconds that a scan may be expected to wait at its client's share of the rate: beyond it is refused, so that those before
 * it are answered.
 */
export const QUEUE_WAIT_MS_MAX = 1_000;
/** So many of a client are let in at any rate: a lone scan a second says little about what a thousand would take. */
export const QUEUE_SCANS_FREE = BATCH_SCANS_MAX / 5;
export const QUEUE_IMAGES_FREE = 16;
/** Seconds in a Retry-After. */
export const RETRY_AFTER_SECONDS_MAX = 60;
/** Seconds after which bodies that are on their way in, look-ups or listeners may have made room. */
export const BUSY_RETRY_SECONDS = 1;
/** Seconds after which somebody may have made room on a full disk. */
export const PAUSED_RETRY_SECONDS = 5;

/** Milliseconds for the head of a request, for a whole request, and between two requests on one connection. */
export const HEADERS_MS_MAX = 10_000;
export const REQUEST_MS_MAX = 30_000;
export const IDLE_MS_MAX = 75_000;
/** How often connections are looked at for the first of these. */
export const CONNECTIONS_POLL_MS = 1_000;
export const HEADERS_BYTES_MAX = 16 * 1024;

/**
 * A body that is not wanted is read on for so long and so many bytes, behind an answer that is there already: many clients
 * look for one only when they have sent all, and a connection that is closed under them loses it.
 */
export const LINGER_MS_MAX = 6_000;
export const LINGER_BYTES_MAX = 64 * 1024 * 1024;

/** Connections at a time, and streams of one client. A plant has some dozen machines. */
export const CONNECTIONS_MAX = 2_000;
export const STREAMS_MAX = 32;
/**
 * Bytes of lines that a stream gathers before they are taken, alone and beside others; the last of them may reach beyond by the length
 * of a line. The 64 crops of a batch have 4.5 MB: with 1 MB a stream of them took a seventh longer.
 */
export const STREAM_BATCH_BYTES_MAX = 5 * 1024 * 1024;
export const SHARED_STREAM_BATCH_BYTES_MAX = 1024 * 1024;
/** Requests on one connection before it is closed, so that a balancer may move it. */
export const REQUESTS_PER_CONNECTION_MAX = 1_000_000;

/**
 * Lines that all streams together may have in the readers and not recorded yet, by what they cost in payloads: two full batches,
 * so that one is read while another is recorded; while several clients are active, no more than requests have there.
 */
export const STREAM_LINES_AHEAD_MAX = 2 * BATCH_SCANS_MAX;

/** Batches of one stream whose answers its client has not read: then no more of it is taken. */
export const STREAM_BATCHES_UNREAD_MAX = 2;

/** Milliseconds that a client may leave answers unread before its stream is cut. */
export const STREAM_STALL_MS_MAX = 30_000;

/** Verdicts of late answers that a new listener is given first. */
export const LATE_KEPT_MAX = 1_000;
/** Listeners to late verdicts, and bytes that one of them may leave unread. */
export const LATE_LISTENERS_MAX = 64;
export const LATE_UNREAD_BYTES_MAX = 4 * 1024 * 1024;

/** Look-ups of a client in the store under way: each takes some milliseconds beside the recording. */
export const LOOK_UPS_MAX = 32;

/** Clients that have a label of their own in the metrics: the time series of each are kept forever. */
export const CLIENT_LABELS_MAX = 100;

/** Milliseconds without progress, while scans wait and the store can be written, after which the server is stuck. */
export const STUCK_MS_MAX = 60_000;

/** A server that is to end looks so often, and so many times, for room on a full disk: 5 s. An init system waits 30 or so. */
export const PAUSED_POLL_MS = 250;
export const PAUSED_POLLS_MAX = 20;

/**
 * Connections that have shown neither a token nor a client certificate, TLS handshakes among them: half of all, so that the
 * other half is left for those that have. From one address (of IPv6, one /64) as many as one process of the typed client
 * opens at most; where proxies live, on the loopback addresses, all of them.
 */
export const STRANGERS_MAX = 1_000;
export const STRANGERS_PER_ADDRESS_MAX = 256;
/** Connections that one token may have: two processes of the typed client, one of which replaces the other. */
export const CONNECTIONS_PER_CLIENT_MAX = 512;
/** Places that those with tokens leave free, so that another client can come in and show one. */
export const ENTRY_PLACES = 100;
/**
 * Milliseconds that such a connection may say nothing, and that it may last, no matter what it asks for. A balancer's
 * probe takes some.
 */
export const STRANGER_IDLE_MS_MAX = 5_000;
export const STRANGER_MS_MAX = 30_000;

/**
 * Requests of one connection that are worked on, or whose answers wait to be read: of a stranger one, of others as many as are
 * worth a batch for the recorder. What comes behind them waits, and nothing more of the connection is parsed or read.
 */
export const STRANGER_REQUESTS_BEGUN_MAX = 1;
export const REQUESTS_BEGUN_MAX = 32;
/**
 * Bytes that are parsed at once: 20 and 78 of the smallest requests, which may wait then. Of a picture of 1 MB, 2 kB at once take
 * 0.5 ms more than 64.
 */
export const STRANGER_PARSED_BYTES_MAX = 512;
export const PARSED_BYTES_MAX = 2 * 1024;
/** Requests that wait on all connections together: each takes some 4 kB. */
export const REQUESTS_WAITING_ALL_MAX = 20_000;
/**
 * Connections whose waiting requests go on in one round of the event loop, which accepts one new connection in each: with 64 a
 * round took 7 ms, and a client that connected behind 900 strangers waited 12 s.
 */
export const CONNECTIONS_PER_ROUND_MAX = 8;

/** Bytes of answers that wait to be read: of one connection, before it is given more, and of all. */
export const UNREAD_BYTES_BEFORE_MORE = 1024 * 1024;
export const UNREAD_BYTES_ALL_MAX = 128 * 1024 * 1024;
/** Milliseconds without a byte of them being read, after which the connection is cut: of a stranger and of others. */
export const STRANGER_STALL_MS_MAX = 5_000;
export const STALL_MS_MAX = 30_000;

/** Listeners to late verdicts that one client may have: a plant has two or three that divert further down the line. */
export const LATE_LISTENERS_PER_CLIENT_MAX = 16;

/** Views that are being exported or sent, of all clients and of one: each is a file in the folder for temporary files. */
export const EXPORTS_MAX = 8;
export const EXPORTS_PER_CLIENT_MAX = 4;
/** Bytes that an export leaves free on that disk, which may be that of the store. */
export const EXPORT_FREE_BYTES_MIN = 256 * 1024 * 1024;

/** Milliseconds for clients to read the last answers of a server that ends. */
export const CLOSING_MS_MAX = 5_000;

/** Seconds that a lake lacks what was committed, beyond which it is told to be behind: it is written every two to five. */
export const LAKE_SECONDS_MAX = 10;
