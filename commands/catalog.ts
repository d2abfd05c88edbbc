import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Adds one command, or several that belong together, to a program; `finish` is told how it ended. */
type AddCommand = (program: Command, terminal: Terminal, finish: (code: ExitCode) => void) => void;

/** The names of commands, and where they are: in the order of the help. */
const CATALOG: readonly { readonly names: readonly string[]; readonly load: () => Promise<AddCommand> }[] = [
  { names: ['demo'], load: async () => (await import('./demo-command.ts')).addDemoCommand },
  { names: ['simulate'], load: async () => (await import('./simulate-command.ts')).addSimulateCommand },
  { names: ['fleet'], load: async () => (await import('./load/fleet-command.ts')).addFleetCommand },
  { names: ['run'], load: async () => (await import('./run/run-command.ts')).addRunCommand },
  { names: ['serve', 'openapi'], load: async () => (await import('./serve-command.ts')).addServeCommand },
  { names: ['kafka'], load: async () => (await import('./kafka/kafka-command.ts')).addKafkaCommand },
  { names: ['decode'], load: async () => (await import('./decode-command.ts')).addDecodeCommand },
  { names: ['verify'], load: async () => (await import('./verify-command.ts')).addVerifyCommand },
  { names: ['trust'], load: async () => (await import('./trust-command.ts')).addTrustCommand },
  { names: ['token'], load: async () => (await import('./token-command.ts')).addTokenCommand },
  {
    names: ['verdicts', 'findings'],
    load: async () => (await import('./store/store-commands.ts')).addStoreCommands,
  },
  { names: ['query'], load: async () => (await import('./store/query-command.ts')).addQueryCommand },
  { names: ['detect'], load: async () => (await import('./store/detect-command.ts')).addDetectCommand },
  {
    names: ['cases', 'revisions'],
    load: async () => (await import('./store/cases-command.ts')).addCasesCommands,
  },
  { names: ['reconcile'], load: async () => (await import('./store/reconcile-command.ts')).addReconcileCommand },
  {
    names: ['archive', 'restore'],
    load: async () => (await import('./store/archive-command.ts')).addArchiveCommands,
  },
  { names: ['lake'], load: async () => (await import('./store/lake-command.ts')).addLakeCommand },
  { names: ['report'], load: async () => (await import('./store/report-command.ts')).addReportCommand },
  { names: ['doctor'], load: async () => (await import('./store/doctor-command.ts')).addDoctorCommand },
  { names: ['bench'], load: async () => (await import('./bench/bench-command.ts')).addBenchCommand },
];

/**
 * The commands that these arguments can mean: the one that they name, or all of them. To load all takes half a second, on a slow
 * machine twice that, and each of them needs a third of it.
 */
export async function commandsFor(argv: readonly string[]): Promise<readonly AddCommand[]> {
  if (argv.length === 3 && argv[2] === '--version') return [];
  const named = CATALOG.filter(({ names }) => names.includes(operandOf(argv) ?? ''));
  return Promise.all((named.length === 0 ? CATALOG : named).map(({ load }) => load()));
}

/** The first argument that is neither a flag of the program nor its value. */
function operandOf(argv: readonly string[]): string | undefined {
  const words = argv.slice(2);
  return words.find((word, at) => !word.startsWith('-') && words[at - 1] !== '--config');
}

/** By the names that the catalog has. */
export const COMMAND_NAMES: readonly string[] = CATALOG.flatMap(({ names }) => names);
