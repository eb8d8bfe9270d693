import type { Result } from '@newscience/service-kit/result';
import type { ArtErr, ArtPg, AutSum } from '../articles/art-int.ts';

/** An author's page: the sum of the work and one page of it, newest first. */
export type AutPg = { sum: AutSum; pg: ArtPg };

export type AutErr = { code: 'author_not_found' | ArtErr['code']; detail: string };

export interface AutInt {
  /** By the exact name on the articles; only published ones count. `lim` 1 to 100. */
  getAutPg(autNm: string, lim: number, cur: string | null): Promise<Result<AutPg, AutErr>>;
}
