/** A problem (RFC 9457) as the site sent it, reduced to what a command line shows. */
export type Refusal = {
  status: number;
  code: string;
  title: string;
  detail: string;
  retryable: boolean;
  faults: readonly { pointer: string; problem: string; remedy?: string | undefined }[];
  /** The whole answer, for fields that only one operation knows. */
  body: Readonly<Record<string, unknown>>;
};

/** Everything that can go wrong between a command line and the site, as data. */
export type SiteError =
  | { code: 'site_not_found'; detail: string }
  | { code: 'site_file_damaged'; detail: string }
  | { code: 'site_unreachable'; detail: string; cause?: unknown }
  | { code: 'credentials_missing'; detail: string }
  | { code: 'login_refused'; detail: string; refusal: Refusal }
  | { code: 'not_authorised'; detail: string; refusal: Refusal }
  | { code: 'refused'; detail: string; refusal: Refusal }
  | { code: 'answer_not_understood'; detail: string };

/** True where the same call may succeed later without anything being changed. */
export function canRetry(error: SiteError): boolean {
  if (error.code === 'site_unreachable') return true;
  return error.code === 'refused' && error.refusal.retryable;
}
