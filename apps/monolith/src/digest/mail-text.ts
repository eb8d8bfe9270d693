import { escapeHtml } from '../escape-html.ts';
import { pathOf } from '../articles/art-jsn.ts';
import type { ArtHdr } from '../articles/art-int.ts';

/** A digest for one person. `siteUrl` has no slash at its end; `hdrs` are all that are new. */
export type Digest = {
  nm: string;
  dy: string;
  hdrs: ArtHdr[];
  siteUrl: string;
  unsubscribeUrl: string;
};

export type MailText = { subject: string; text: string; html: string };

const mostShown = 30;
const mostNames = 3;

function byline({ auts, sectNm }: ArtHdr): string {
  const names = auts.slice(0, mostNames).join(', ');
  const more = auts.length > mostNames ? ` and ${auts.length - mostNames} more` : '';
  return auts.length === 0 ? sectNm : `${sectNm} · ${names}${more}`;
}

function origin({ srcNm, srcUrl, licNm }: ArtHdr): string {
  return [srcNm ?? srcUrl, licNm].filter((part) => part !== null).join(', ');
}

const count = (number: number) => (number === 1 ? '1 new article' : `${number} new articles`);

function textOf({ nm, hdrs, siteUrl, unsubscribeUrl }: Digest, more: string): string {
  const items = hdrs
    .slice(0, mostShown)
    .map((hdr) =>
      [
        hdr.ttl,
        byline(hdr),
        ...(hdr.smry === null ? [] : [hdr.smry]),
        ...(origin(hdr) === '' ? [] : [origin(hdr)]),
        `${siteUrl}${pathOf(hdr.artRef)}`,
      ].join('\n'),
    );
  const parts = [
    `Hello ${nm},`,
    `${count(hdrs.length)} on what you follow at New Science:`,
    ...items,
    ...(more === '' ? [] : [`${more}: ${siteUrl}/`]),
    `-- \nYou get this once a day because you follow topics or sections. What you follow: ${siteUrl}/account\nNo more of these mails: ${unsubscribeUrl}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function itemHtml(hdr: ArtHdr, siteUrl: string): string {
  const link = escapeHtml(`${siteUrl}${pathOf(hdr.artRef)}`);
  const summary = hdr.smry === null ? '' : `<p style="margin:4px 0">${escapeHtml(hdr.smry)}</p>`;
  const from =
    origin(hdr) === ''
      ? ''
      : `<p style="margin:4px 0;color:#555;font-size:13px">${escapeHtml(origin(hdr))}</p>`;
  return `<h2 style="font-size:18px;margin:24px 0 4px"><a href="${link}">${escapeHtml(hdr.ttl)}</a></h2>
<p style="margin:4px 0;color:#555">${escapeHtml(byline(hdr))}</p>${summary}${from}`;
}

function htmlOf(
  { nm, hdrs, siteUrl, unsubscribeUrl }: Digest,
  subject: string,
  more: string,
): string {
  const home = escapeHtml(siteUrl);
  const items = hdrs.slice(0, mostShown).map((hdr) => itemHtml(hdr, siteUrl));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="font-family:Georgia,serif;max-width:640px;margin:0 auto;padding:16px;line-height:1.5">
<p>Hello ${escapeHtml(nm)},</p>
<p>${count(hdrs.length)} on what you follow at <a href="${home}/">New Science</a>:</p>
${items.join('\n')}
${more === '' ? '' : `<p><a href="${home}/">${escapeHtml(more)}</a></p>`}
<hr><p style="color:#555;font-size:13px">You get this once a day because you follow topics or sections.
<a href="${home}/account">What you follow</a> · <a href="${escapeHtml(unsubscribeUrl)}">No more of these mails</a></p>
</body></html>
`;
}

/** The mail's subject, plain text and HTML. */
export function mailTextOf(digest: Digest): MailText {
  const subject = `New Science, ${digest.dy}: ${count(digest.hdrs.length)}`;
  const left = digest.hdrs.length - mostShown;
  const more = left > 0 ? `${left} more` : '';
  return { subject, text: textOf(digest, more), html: htmlOf(digest, subject, more) };
}
