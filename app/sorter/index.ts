export { SorterService } from './sorter-service.ts';
