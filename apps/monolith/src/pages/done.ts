/** What a page says after a form did its work. The address carries the key alone, so that nobody can put words on a page. */
const messages: Record<string, string> = {
  registered: 'Your account is ready. Log in with your mail address and password.',
  'logged-out': 'You are logged out.',
  'account-deleted': 'Your account is deleted. Your comments stay, without your name.',
  password: 'Your password is changed, and every other browser is logged out.',
  followed: 'You follow it now. New articles come with your daily mail.',
  unfollowed: 'You no longer follow it.',
  'mail-on': 'The daily mail is on.',
  'mail-off': 'The daily mail is off.',
  commented: 'Your comment is published.',
  'comment-deleted': 'Your comment is deleted.',
  reported: 'Thank you. An editor will look at the comment.',
  hidden: 'The comment is hidden.',
  shown: 'The comment stays, and its reports are closed.',
  created: 'The draft is saved.',
  saved: 'Your changes are saved.',
  published: 'The article is published.',
  scheduled: 'The article is under embargo and will be published at the time you set.',
  withdrawn: 'The article is withdrawn. Nobody but editors can read it.',
};

/** The message for the `done` parameter of an address, or null. */
export function doneMessage(key: unknown): string | null {
  return typeof key === 'string' && Object.hasOwn(messages, key) ? (messages[key] ?? null) : null;
}
