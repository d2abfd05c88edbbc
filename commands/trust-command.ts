import type { Command } from 'commander';
import { plural } from '../indicium/index.ts';
import { auditRegistry } from '../verify/audit/index.ts';
import { isRefusal, TRUST_FAILURES } from '../verify/index.ts';
import { loadRecords, openTrustedFolder, openUpstream, pullRegistry } from '../verify/registry/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonOption, registryOption } from './options.ts';
import { count, print, printJson, type Terminal, warn } from './terminal.ts';

interface TrustOptions {
  readonly registry: string;
  readonly json?: boolean;
}

/** Problems of an audit that are printed for people; machines get them all. */
const PROBLEMS_SHOWN_MAX = 20;

/** `trust show`, `trust check` and `trust pull`: what is known of keys and licenses, and from whom. */
export function addTrustCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const trust = program
    .command('trust')
    .summary('show, check or update a registry')
    .description('Inspects and updates a registry: the signed list of keys, licenses, grants and funds.')
    .addHelpText('after', '\nExample:\n  indicia trust show --registry registry');

  trust
    .command('show')
    .summary('what the registry says, and until when')
    .addOption(registryOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia trust show --registry registry')
    .action(async ({ registry, json }: TrustOptions) => {
      const { root, head, state } = await openTrustedFolder(registry, terminal.nowMs());
      const { keys, licenses, grants, psds, funds, refunds, rates, plants, withdrawals } = await loadRecords({
        folder: registry,
        head,
      });
      const shown = {
        version: head.version,
        issuedAt: isoDate(head.issuedAtMs),
        expiresAt: isoDate(head.expiresAtMs),
        digest: head.digest,
        logSize: head.log.size,
        logRoot: head.log.root,
        rootVersion: root.version,
        rootExpiresAt: isoDate(root.expiresAtMs),
        signersNeeded: root.list.threshold,
        signersKnown: root.list.keys.size,
        acceptedVersion: state?.version ?? null,
        keys: keys.size,
        licenses: licenses.length,
        grants: grants.length,
        psds: psds.length,
        funds: funds.length,
        refunds: refunds.length,
        rates: rates.length,
        plants: plants.length,
        withdrawals: withdrawals.length,
      };
      const lines = Object.entries(shown).map(([name, value]) => `${name.padEnd(16)} ${value ?? '–'}\n`);
      await (json ? printJson(terminal, shown) : print(terminal, lines.join('')));
      finish(EXIT.done);
    });

  trust
    .command('check')
    .summary('check every key, certificate and license signature')
    .addOption(registryOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia trust check --registry registry')
    .action(async ({ registry, json }: TrustOptions) => {
      const nowMs = terminal.nowMs();
      const audit = await auditRegistry(await openTrustedFolder(registry, nowMs), nowMs);
      const { keys, certificates, licenseSignatures, problems } = audit;
      if (json)
        await printJson(terminal, { version: audit.registry.version, keys, certificates, licenseSignatures, problems });
      else {
        await print(
          terminal,
          `version ${audit.registry.version}: ${plural(keys, 'key')}, ${plural(certificates, 'certificate')} and ` +
            `${plural(licenseSignatures, 'license')} checked, ${plural(problems.length, 'problem')}\n`,
        );
        for (const { subject, problem } of problems.slice(0, PROBLEMS_SHOWN_MAX)) {
          await print(terminal, `  ${subject}: ${problem}\n`);
        }
        if (problems.length > PROBLEMS_SHOWN_MAX) {
          await print(terminal, `  and ${count(problems.length - PROBLEMS_SHOWN_MAX)} more (--json lists them all)\n`);
        }
      }
      finish(problems.length > 0 ? EXIT.attention : EXIT.done);
    });

  trust
    .command('pull')
    .summary('accept the newest list from where it is published')
    .requiredOption('--from <url>', 'folder or HTTP address of the published registry')
    .addOption(registryOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia trust pull --from https://trust.example/registry --registry registry')
    .action(async ({ registry, json, from }: TrustOptions & { from: string }) => {
      const pulled = await pullRegistry(openUpstream(from), registry, terminal.nowMs());
      if (isRefusal(pulled)) {
        const { failure, detail } = pulled;
        if (json) await printJson(terminal, { refused: failure, detail });
        warn(terminal, `indicia: refused: ${failure}: ${TRUST_FAILURES[failure]} (${detail})`);
        return finish(EXIT.attention);
      }
      const { version, rootVersion, mended } = pulled;
      const came = { current: 'nothing new', increment: 'by its increment', files: 'with all files' }[pulled.how];
      const how = mended === undefined ? came : `mended ${mended.join(', ')}`;
      await (json ? printJson(terminal, pulled) : print(terminal, `version ${version}, root ${rootVersion}: ${how}\n`));
      finish(EXIT.done);
    });
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString();
}
