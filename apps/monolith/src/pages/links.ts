/** Paths of the site's pages. Names go in percent-encoded, so that slashes, `%`, `+` and any script survive. */
export const links = {
  article: (artRef: string) => `/articles/${encodeURIComponent(artRef)}`,
  comment: (artRef: string, cmtRef: string) => `${links.article(artRef)}#comment-${cmtRef}`,
  section: (sectCd: string) => `/sections/${encodeURIComponent(sectCd)}`,
  sectionFeed: (sectCd: string) => `/sections/${encodeURIComponent(sectCd)}/feed.xml`,
  topic: (topNm: string) => `/topics/${encodeURIComponent(topNm)}`,
  author: (autNm: string) => `/authors/${encodeURIComponent(autNm)}`,
  picture: (sectCd: string, seed: string) =>
    `/pictures/${encodeURIComponent(sectCd)}/${encodeURIComponent(seed)}.svg`,
  desk: (artRef: string) => `/desk/articles/${encodeURIComponent(artRef)}`,
  logIn: (next: string) => (next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`),
} as const;

/** `path` with one more parameter. */
export function withParameter(path: string, name: string, value: string): string {
  const [before = '', hash] = path.split('#');
  const parameter = `${name}=${encodeURIComponent(value)}`;
  const joined = `${before}${before.includes('?') ? '&' : '?'}${parameter}`;
  return hash === undefined ? joined : `${joined}#${hash}`;
}
