import { isReasonCode } from '../../indicium/index.ts';
import { CANDIDATES_MAX, NOTE_CHARS_MAX, RUNG_CHARS_MAX, SYMBOL_BYTES_MAX } from '../limits.ts';
import type { ImageAnswer } from './orders.ts';

/**
 * Whether what a reading process says is an answer. Bytes of strangers are read there by native code, which they may have
 * taken over: nothing that it says is believed to be what it should.
 */
export function isAnswer(message: unknown): message is ImageAnswer {
  if (typeof message !== 'object' || message === null || !('readMs' in message)) return false;
  if (!Number.isFinite(message.readMs)) return false;
  if ('note' in message && !isText(message.note, NOTE_CHARS_MAX)) return false;
  if ('bytes' in message) {
    if (!('symbology' in message) || !('rung' in message)) return false;
    return isSymbol(message.bytes) && isName(message.symbology) && isName(message.rung);
  }
  if (!('failure' in message) || typeof message.failure !== 'string' || !isReasonCode(message.failure)) return false;
  if (!('candidates' in message) || !Array.isArray(message.candidates)) return false;
  return message.candidates.length <= CANDIDATES_MAX && message.candidates.every(isSymbol);
}

function isSymbol(bytes: unknown): boolean {
  return bytes instanceof Uint8Array && bytes.length <= SYMBOL_BYTES_MAX;
}

function isName(name: unknown): boolean {
  return isText(name, RUNG_CHARS_MAX);
}

function isText(text: unknown, charsMax: number): boolean {
  return typeof text === 'string' && text.length > 0 && text.length <= charsMax && text.isWellFormed();
}
