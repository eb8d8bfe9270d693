import type { KnownEvent } from '@newscience/event-contracts/registry';

/** What the timeline keeps of an event. */
export type Portrait = {
  /** One sentence that names no reader. */
  readonly summary: string;
  /** May stay for as long as the timeline does. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Aggregates that it is about besides its subject. */
  readonly about?: readonly string[];
  /** Goes when the subject, the person, or anything else that it is about has to be forgotten. */
  readonly personal?: {
    /** Id of the account. */
    readonly person: string | null;
    readonly summary: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
  /** Id of what is to be forgotten. */
  readonly erases?: string;
};

const LONGEST_TITLE = 200;

/**
 * Tells apart what may be kept of an event and what is personal. A new contract does not compile until somebody has
 * decided that here; should it come to run undecided all the same, nothing but its envelope is kept.
 */
export function portraitOf(event: KnownEvent): Portrait {
  switch (event.type) {
    case 'newscience.article.Published.v1':
      return article(event.data, 'was published');
    case 'newscience.article.Updated.v1':
      return article(event.data, `was updated (revision ${event.data.revision})`);
    case 'newscience.article.Withdrawn.v1':
      return article(event.data, 'was withdrawn');
    case 'newscience.comment.Posted.v1':
      return comment(event.data, 'posted');
    case 'newscience.comment.Updated.v1':
      return comment(event.data, 'changed');
    case 'newscience.comment.Hidden.v1':
      return comment(event.data, 'hidden');
    case 'newscience.comment.Restored.v1':
      return comment(event.data, 'shown again');
    case 'newscience.comment.Deleted.v1':
      return {
        summary: `A comment on ${event.data.articleId} was deleted.`,
        data: event.data,
        about: [event.data.articleId],
        erases: event.data.id,
      };
    case 'newscience.user.Registered.v1':
      return account(event.data, ['An account was opened.', 'opened an account']);
    case 'newscience.user.ProfileChanged.v1': {
      const { role, status } = event.data;
      const now = `(${role}, ${status})`;
      return account(event.data, [`A profile has changed ${now}.`, `has another profile ${now}`]);
    }
    case 'newscience.user.Removed.v1':
      return { summary: 'An account was removed.', data: event.data, erases: event.data.id };
    case 'newscience.route.Defined.v1': {
      const { from, to } = event.data;
      const methods = to.methods.length === 0 ? 'any method' : to.methods.join(', ');
      const what = `${to.path} (${methods}) to ${to.target}, at stage ${to.stage}`;
      return route(event.data, `was ${from === null ? 'added' : 'changed'}: ${what}`);
    }
    case 'newscience.route.StageChanged.v1':
      return route(event.data, `went from ${event.data.from} to ${event.data.to}`);
    case 'newscience.route.Removed.v1':
      return route(event.data, 'was removed');
    default:
      return undecided(event);
  }
}

function article(
  { body, ...data }: { readonly title: string; readonly body: string },
  what: string,
): Portrait {
  const title = data.title.slice(0, LONGEST_TITLE);
  return {
    summary: `“${title}” ${what}.`,
    data: { ...data, bodyBytes: Buffer.byteLength(body) },
  };
}

type Comment = {
  readonly articleId: string;
  readonly author: { readonly id: string; readonly name: string } | null;
  readonly text: string;
};

function comment(
  { author, text, ...data }: Comment,
  what: 'posted' | 'changed' | 'hidden' | 'shown again',
): Portrait {
  const { articleId } = data;
  const summary = `A comment on ${articleId} was ${what}.`;
  return {
    summary,
    data,
    about: [articleId, ...(author === null ? [] : [author.id])],
    personal: {
      person: author?.id ?? null,
      summary:
        author === null ? summary : `A comment of ${author.name} on ${articleId} was ${what}.`,
      data: { author, text },
    },
  };
}

function account(
  { name, ...data }: { readonly id: string; readonly name: string },
  [summary, what]: readonly [string, string],
): Portrait {
  return {
    summary,
    data,
    personal: { person: data.id, summary: `${name} ${what}.`, data: { name } },
  };
}

type RouteChange = {
  readonly routeId: string;
  readonly by: { readonly id: string; readonly name: string };
};

function route({ by, ...data }: RouteChange, what: string): Portrait {
  const { routeId } = data;
  return {
    summary: `Route ${routeId} ${what}.`,
    data,
    about: [by.id],
    personal: {
      person: by.id,
      summary: `Route ${routeId} ${what}, by ${by.name}.`,
      data: { by },
    },
  };
}

const undecided = ({ type, subject }: KnownEvent): Portrait => ({
  summary: `${type} happened to ${subject}.`,
  data: {},
});
