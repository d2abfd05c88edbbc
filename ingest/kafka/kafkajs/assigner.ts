import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { assignSticky } from '../sticky.ts';

const { AssignerProtocol } = kafkajs;
const NAME = 'indicia-sticky';
const VERSION = 1;

/** Tells the group what this member has, and, where it leads the group, leaves partitions where they are. */
export function stickyAssigner(topic: string, owned: () => readonly number[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol({ topics }) {
      const userData = Buffer.from(Uint32Array.from(owned()).buffer);
      return { name: NAME, metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
    async assign({ members }) {
      const partitions = cluster.findTopicPartitionMetadata(topic).length;
      const claims = members.map(({ memberId, memberMetadata }) => {
        return { id: memberId, owned: ownedIn(AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData) };
      });
      return [...assignSticky(claims, partitions)].map(([memberId, mine]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: { [topic]: mine },
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

function ownedIn(userData: Buffer | undefined): number[] {
  if (userData === undefined) return [];
  return Array.from({ length: Math.floor(userData.length / 4) }, (_, index) => userData.readUInt32LE(4 * index));
}
