import { randomBytes, X509Certificate } from 'node:crypto';
import { type Command, Option } from 'commander';
import { FILE_FAULTS, readNamedFile } from '../indicium/index.ts';
import {
  addToken,
  ROLES,
  type Role,
  readTokenFile,
  revokeToken,
  type TokenEntry,
  TokenFileError,
} from '../server/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonOption, momentLike, tokensOption } from './options.ts';
import { print, printJson, type Terminal, warn } from './terminal.ts';

interface TokenOptions {
  readonly tokens: string;
  readonly json?: boolean;
}

interface AddOptions extends TokenOptions {
  readonly name: string;
  readonly plant?: string;
  readonly role: Role[];
  readonly expires?: number;
  readonly certificate?: string;
}

/** `token add`, `token list` and `token revoke`: who may talk to a running server. */
export function addTokenCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const token = program
    .command('token')
    .summary('who may talk to a running server: add, list, revoke')
    .description(
      'Keeps the file of tokens and client certificates that a server goes by. A running server notices within a second.',
    )
    .addHelpText('after', '\nExample:\n  indicia token list --tokens tokens.json');

  token
    .command('add')
    .summary('give a machine or person access; prints the token, once')
    .addOption(tokensOption())
    .requiredOption('--name <name>', 'of the machine or person that will hold it')
    .option('--plant <plant>', 'the only plant it is for; a sorter must have one')
    .addOption(
      new Option('--role <role...>', 'what it may do: post scans, read verdicts, read metrics')
        .choices(ROLES)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--expires <date>', 'until then: 2027-12-31 (its beginning, UTC) or 2027-12-31T18:00:00Z').argParser(
        momentLike(DAY_OR_MOMENT, 'expected 2027-12-31 or 2027-12-31T18:00:00Z.'),
      ),
    )
    .option('--certificate <file>', 'a client certificate (PEM or DER) instead of a token; ends when it does')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia token add --tokens tokens.json --name DBCS-12 --plant 06484 --role sorter' +
        '\n  indicia token add --tokens tokens.json --name grafana --role metrics --expires 2027-12-31',
    )
    .action(async (options: AddOptions) => finish(await add(options, terminal)));

  token
    .command('list')
    .summary('list who has access; no secrets')
    .addOption(tokensOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia token list --tokens tokens.json --json')
    .action(async ({ tokens, json }: TokenOptions) => {
      for (const entry of readTokenFile(tokens)) {
        const shown = shownOf(entry, terminal.nowMs());
        await (json ? printJson(terminal, shown) : print(terminal, `${tokenLine(shown)}\n`));
      }
      finish(EXIT.done);
    });

  token
    .command('revoke')
    .summary('end the access of a machine or person')
    .argument('<id>', 'of the token, as token list shows it: the part after indicia_')
    .addOption(tokensOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia token revoke 0a1b2c3d4e5f --tokens tokens.json')
    .action(async (id: string, { tokens, json }: TokenOptions) => {
      const entry = revokeToken(tokens, id, terminal.nowMs());
      if (entry === null) {
        warn(terminal, `indicia: ${tokens} has no token ${id}; 'indicia token list' shows them`);
        return finish(EXIT.usage);
      }
      const shown = shownOf(entry, terminal.nowMs());
      await (json ? printJson(terminal, shown) : print(terminal, `${id} (${entry.name}) is revoked\n`));
      finish(EXIT.done);
    });
}

async function add(options: AddOptions, terminal: Terminal): Promise<ExitCode> {
  const { tokens, name, plant = null, role, expires = null, json } = options;
  const nowMs = terminal.nowMs();
  const certificate = options.certificate === undefined ? null : readCertificate(options.certificate);
  const expiresAtMs = Math.min(expires ?? Infinity, certificate?.validToDate.getTime() ?? Infinity);
  if (expiresAtMs <= nowMs) {
    throw new TokenFileError(`${new Date(expiresAtMs).toISOString()} is past: nobody could be let in until then`);
  }
  const { entry, token } = addToken(
    tokens,
    {
      name,
      plant,
      roles: [...new Set(role)],
      expiresAtMs: expiresAtMs === Infinity ? null : expiresAtMs,
      certificate: certificate?.raw ?? null,
    },
    nowMs,
    randomBytes,
  );
  if (json) await printJson(terminal, { ...shownOf(entry, nowMs), token });
  else await print(terminal, `${token ?? entry.id}\n`);
  if (token !== null) warn(terminal, 'This is the only time that the token is shown: only its SHA-256 is kept.');
  return EXIT.done;
}

function readCertificate(path: string): X509Certificate {
  const file = readNamedFile(path);
  if (typeof file === 'string') throw new TokenFileError(`${path}: ${FILE_FAULTS[file]}`);
  try {
    return new X509Certificate(file.bytes);
  } catch (error) {
    throw new TokenFileError(`${path}: no X.509 certificate: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

interface ShownToken extends Omit<TokenEntry, 'sha256' | 'certificateSha256'> {
  readonly kind: 'token' | 'certificate';
  readonly state: 'valid' | 'expired' | 'revoked';
}

function shownOf({ sha256, certificateSha256: _, ...entry }: TokenEntry, nowMs: number): ShownToken {
  const isExpired = entry.expiresAt !== null && Date.parse(entry.expiresAt) <= nowMs;
  const state = entry.revokedAt === null ? (isExpired ? 'expired' : 'valid') : 'revoked';
  return { ...entry, kind: sha256 === null ? 'certificate' : 'token', state };
}

function tokenLine({ id, kind, state, name, plant, roles, expiresAt }: ShownToken): string {
  const until = expiresAt === null ? '' : `  until ${expiresAt}`;
  return `${id}  ${state.padEnd(7)}  ${kind.padEnd(11)}  ${name}  ${plant ?? 'all plants'}  ${roles.join(',')}${until}`;
}

/** A day or a moment with its zone. */
const DAY_OR_MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/;
