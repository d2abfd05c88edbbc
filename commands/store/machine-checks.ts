import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { ownNode } from '../../bin/own-node.js';
import { answers } from '../kafka/kafka-command.ts';
import { artifactFolder, hasMaven, JAVA_MAJOR_MIN, javaMajor, kafkaVersion } from '../kafka/trial-broker/artifacts.ts';
import { loadFailureOf } from '../load-failure.ts';

/** `missing` is what only some need; `failed` is what nothing works without. */
export interface MachineCheck {
  readonly check: string;
  readonly result: 'passed' | 'missing' | 'failed';
  readonly detail: string;
  /** How to mend it. */
  readonly advice: string;
}

const MEMORY_MIN_BYTES = 3 * 2 ** 30;
const DISK_MIN_BYTES = 2 * 2 ** 30;

export async function checkMachine(): Promise<MachineCheck[]> {
  return [
    nodeCheck(),
    coresCheck(),
    memoryCheck(),
    await diskCheck(),
    await libraryCheck('DuckDB', '@duckdb/node-api'),
    await libraryCheck('sharp (images)', 'sharp'),
    await libraryCheck('zxing-wasm (symbols)', 'zxing-wasm'),
    await libraryCheck('canvas (simulated faces)', '@napi-rs/canvas'),
    await libraryCheck('lz4-napi (Kafka)', 'lz4-napi'),
    await libraryCheck('snappy (Kafka)', 'snappy'),
    await javaCheck(),
    await kafkaCheck(),
  ];
}

/** An older Node never comes so far: see bin/indicia.js. */
function nodeCheck(): MachineCheck {
  const own = ownNode();
  const detail = `Node ${process.versions.node}`;
  return own.path === null
    ? { check: 'node', result: 'missing', detail: `${detail}, of this machine`, advice: own.advice }
    : { check: 'node', result: 'passed', detail, advice: '' };
}

function coresCheck(): MachineCheck {
  const cores = availableParallelism();
  return {
    check: 'cores',
    result: cores >= 2 ? 'passed' : 'missing',
    detail: `${cores} ${cores === 1 ? 'core' : 'cores'}`,
    advice: 'with one core, reading and recording wait for each other',
  };
}

function memoryCheck(): MachineCheck {
  const free = freemem();
  return {
    check: 'memory',
    result: free >= MEMORY_MIN_BYTES ? 'passed' : 'missing',
    detail: `${gigabytes(free)} of memory free`,
    advice: `a full window of sightings and a store take up to ${gigabytes(MEMORY_MIN_BYTES)}`,
  };
}

async function diskCheck(): Promise<MachineCheck> {
  const { bavail, bsize } = await statfs(process.cwd());
  return {
    check: 'disk',
    result: bavail * bsize >= DISK_MIN_BYTES ? 'passed' : 'missing',
    detail: `${gigabytes(bavail * bsize)} free in this folder`,
    advice: 'a million scans take about 100 MB; make room, or name another folder with --db',
  };
}

async function libraryCheck(what: string, name: string): Promise<MachineCheck> {
  try {
    await import(name);
    return { check: name, result: 'passed', detail: `${what} loads`, advice: '' };
  } catch (error) {
    const failure = loadFailureOf(error);
    if (failure === null) throw error;
    const { detail, advice } = failure;
    return { check: name, result: 'failed', detail: `${what} does not load: ${detail}`, advice };
  }
}

async function javaCheck(): Promise<MachineCheck> {
  const version = await javaMajor();
  const isEnough = version !== null && version >= JAVA_MAJOR_MIN;
  return {
    check: 'java',
    result: isEnough ? 'passed' : 'missing',
    detail: version === null ? 'no Java' : `Java ${version}`,
    advice: `only a Kafka broker on this machine needs it: install a JRE of ${JAVA_MAJOR_MIN} or later`,
  };
}

/** Whether there is a broker, or one could be started here. */
async function kafkaCheck(): Promise<MachineCheck> {
  const given = process.env.KAFKA_BROKERS;
  if (given !== undefined) {
    const doAnswer = await answers(given.split(','));
    return {
      check: 'kafka',
      result: doAnswer ? 'passed' : 'failed',
      detail: `the brokers of KAFKA_BROKERS, ${given}, ${doAnswer ? 'answer' : 'do not answer'}`,
      advice: 'start them, or take the variable away',
    };
  }
  const isCached = existsSync(artifactFolder(process.env));
  const canFetch = isCached || (await hasMaven());
  return {
    check: 'kafka',
    result: canFetch ? 'passed' : 'missing',
    detail: isCached ? `Kafka ${kafkaVersion()} is there` : `Kafka ${kafkaVersion()} is not fetched yet`,
    advice: "only 'indicia kafka up' and the tests of Kafka need it: install Maven, or set KAFKA_BROKERS",
  };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
