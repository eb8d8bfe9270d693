/** The problem codes of articles and of all cursors. */
export const artProblems = {
  cursor_invalid: { status: 400, title: 'The cursor does not belong to this list' },
  article_not_found: { status: 404, title: 'There is no such article' },
  article_withdrawn: { status: 410, title: 'The article was withdrawn' },
  article_id_taken: { status: 409, title: 'The id is taken' },
  article_section_unknown: { status: 400, title: 'There is no such section' },
  article_revision_conflict: { status: 412, title: 'Somebody else changed the article meanwhile' },
  article_revision_required: { status: 428, title: 'Say which revision this is based on' },
  article_state_conflict: { status: 409, title: 'The article is in another state' },
  article_incomplete: { status: 409, title: 'The article is not complete' },
  article_embargo_past: { status: 400, title: 'The embargo is not in the future' },
} as const;
