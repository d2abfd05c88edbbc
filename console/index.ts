export { renderReport } from './report.ts';
export { tellStory } from './story.ts';
