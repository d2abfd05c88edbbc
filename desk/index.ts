export { renderReport } from './report/report.ts';
export { tellStory } from './report/story.ts';
