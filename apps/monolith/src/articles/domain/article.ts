/** Where an article stands, with what belongs to that standing. */
export type Standing =
  | { sts: 'D' }
  | { sts: 'E'; embTs: Date }
  | { sts: 'P'; pubTs: Date }
  | { sts: 'W'; pubTs: Date | null; wdrTs: Date };

/** Whether there is what a published article must have. */
export type Completeness = { hasBody: boolean; hasAuthors: boolean };

/** What the rules need to know of an article. */
export type Article = Completeness & { rev: number; standing: Standing };

/** `rev` is the revision that the writer saw. An update brings new content, an import too. */
export type Command =
  | ({ do: 'update'; rev: number } & Completeness)
  | ({ do: 'import'; pubTs: Date; now: Date } & Completeness)
  | { do: 'publish'; rev: number; pubTs: Date | null; now: Date }
  | { do: 'schedule'; rev: number; embTs: Date; now: Date }
  | { do: 'withdraw'; rev: number; now: Date };

export type Refusal = {
  code:
    | 'article_revision_conflict'
    | 'article_state_conflict'
    | 'article_incomplete'
    | 'article_embargo_past'
    | 'validation_failed';
  detail: string;
  faults?: { pointer: string; problem: string; remedy: string }[];
};

export type Decision =
  { ok: true; value: { rev: number; standing: Standing } } | { ok: false; error: Refusal };

const names = { D: 'a draft', E: 'embargoed', P: 'published', W: 'withdrawn' } as const;

const refuse = (error: Refusal): Decision => ({ ok: false, error });

function wrongState(article: Article, what: string): Decision {
  const detail = `The article is ${names[article.standing.sts]} and cannot be ${what}.`;
  return refuse({ code: 'article_state_conflict', detail });
}

function incomplete(article: Completeness): Decision | null {
  const faults = [
    ...(article.hasBody
      ? []
      : [{ pointer: '/bdy', problem: 'is empty', remedy: 'write the text first' }]),
    ...(article.hasAuthors
      ? []
      : [{ pointer: '/auts', problem: 'is empty', remedy: 'name at least one author' }]),
  ];
  if (faults.length === 0) return null;
  return refuse({
    code: 'article_incomplete',
    detail: 'Without a text and an author nothing can be published.',
    faults,
  });
}

function notYet(): Decision {
  const fault = {
    pointer: '/pubTs',
    problem: 'lies in the future',
    remedy: 'schedule the article instead',
  };
  return refuse({
    code: 'validation_failed',
    detail: 'An article cannot have been published in the future.',
    faults: [fault],
  });
}

function publish(article: Article, command: Extract<Command, { do: 'publish' }>): Decision {
  const { standing } = article;
  if (standing.sts === 'P') return wrongState(article, 'published again');
  const missing = incomplete(article);
  if (missing) return missing;
  if (command.pubTs && command.pubTs > command.now) return notYet();
  const before = standing.sts === 'W' ? standing.pubTs : null;
  return {
    ok: true,
    value: {
      rev: article.rev + 1,
      standing: { sts: 'P', pubTs: command.pubTs ?? before ?? command.now },
    },
  };
}

function schedule(article: Article, command: Extract<Command, { do: 'schedule' }>): Decision {
  const { sts } = article.standing;
  if (sts !== 'D' && sts !== 'E') return wrongState(article, 'scheduled');
  const missing = incomplete(article);
  if (missing) return missing;
  if (command.embTs <= command.now) {
    const fault = {
      pointer: '/embTs',
      problem: 'is not in the future',
      remedy: 'give a later time, or publish now',
    };
    return refuse({
      code: 'article_embargo_past',
      detail: 'An embargo must end in the future.',
      faults: [fault],
    });
  }
  return {
    ok: true,
    value: { rev: article.rev + 1, standing: { sts: 'E', embTs: command.embTs } },
  };
}

function withdraw(article: Article, command: Extract<Command, { do: 'withdraw' }>): Decision {
  const { standing } = article;
  if (standing.sts !== 'P' && standing.sts !== 'E') return wrongState(article, 'withdrawn');
  const pubTs = standing.sts === 'P' ? standing.pubTs : null;
  return {
    ok: true,
    value: { rev: article.rev + 1, standing: { sts: 'W', pubTs, wdrTs: command.now } },
  };
}

function update(article: Article, command: Extract<Command, { do: 'update' }>): Decision {
  if (article.standing.sts === 'W') return wrongState(article, 'changed');
  // What readers see, or will see, never loses its text or its authors.
  const missing = article.standing.sts === 'D' ? null : incomplete(command);
  return missing ?? { ok: true, value: { rev: article.rev + 1, standing: article.standing } };
}

function bringIn(article: Article, command: Extract<Command, { do: 'import' }>): Decision {
  const { standing } = article;
  const isNew = article.rev === 0;
  if (!isNew && (standing.sts === 'D' || standing.sts === 'E'))
    return wrongState(article, 'imported over');
  const missing = incomplete(command);
  if (missing) return missing;
  if (command.pubTs > command.now) return notYet();
  const { pubTs } = command;
  const after: Standing = standing.sts === 'W' ? { ...standing, pubTs } : { sts: 'P', pubTs };
  return { ok: true, value: { rev: article.rev + 1, standing: after } };
}

/** An article that an import is about to make. */
export const notThereYet: Article = {
  rev: 0,
  standing: { sts: 'D' },
  hasBody: false,
  hasAuthors: false,
};

/**
 * What a command makes of an article, or why it is refused. An old revision is told first, since whatever
 * else the writer believes about the article may be old as well.
 */
export function decide(article: Article, command: Command): Decision {
  if (command.do === 'import') return bringIn(article, command);
  if (command.rev !== article.rev) {
    const detail = `The article is at revision ${article.rev}, this write is based on ${command.rev}.`;
    return refuse({ code: 'article_revision_conflict', detail });
  }
  switch (command.do) {
    case 'update':
      return update(article, command);
    case 'publish':
      return publish(article, command);
    case 'schedule':
      return schedule(article, command);
    case 'withdraw':
      return withdraw(article, command);
  }
}
