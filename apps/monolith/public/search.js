/* The search page: asks the API and shows what it finds. Text goes in as text, never as markup. */
(() => {
  'use strict';

  const form = document.getElementById('search-form');
  const input = document.getElementById('query');
  const status = document.getElementById('search-status');
  const results = document.getElementById('search-results');
  const more = document.getElementById('search-more');
  const topics = document.getElementById('search-topics');

  const day = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  const number = new Intl.NumberFormat('en-GB');

  let running = null;
  let shown = { query: '', cursor: null, total: 0, count: 0 };

  /** What the search itself said; anything else is the connection. */
  class Refusal extends Error {}

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function say(text, failed = false) {
    status.textContent = text;
    status.classList.toggle('failed', failed);
  }

  /** The button below the results: what it does next, or null for none. */
  function offer(label) {
    more.hidden = label === null;
    if (label !== null) more.textContent = label;
  }

  function names(authors) {
    if (authors.length <= 1) return authors.join('');
    if (authors.length <= 3) return `${authors.slice(0, -1).join(', ')} and ${authors.at(-1)}`;
    return `${authors.slice(0, 2).join(', ')} and ${number.format(authors.length - 2)} others`;
  }

  /** Only paths of this site: `/x`, not `//host`. */
  const localPath = (url) => (/^\/(?![\\/])/.test(url) ? url : '/');

  function resultOf(item) {
    const entry = element('li', 'card row');
    const plate = element('div', 'plate');
    const picture = element('img');
    picture.src = `/pictures/${encodeURIComponent(item.section.code)}/${encodeURIComponent(item.id)}.svg`;
    picture.alt = '';
    picture.loading = 'lazy';
    plate.append(picture);
    const text = element('div', 'card-text');
    text.append(element('p', 'kicker', item.section.name));
    const heading = element('h2', item.title.length > 80 ? 'headline long' : 'headline');
    const link = element('a', '', item.title);
    link.href = localPath(item.url);
    heading.append(link);
    text.append(heading);
    if (item.summary) text.append(element('p', 'standfirst', item.summary));
    const meta = element('p', 'meta');
    if (item.authors.length > 0) meta.append(element('span', 'byline', names(item.authors)), ' ');
    if (item.publishedAt) {
      const time = element('time', '', day.format(new Date(item.publishedAt)));
      time.dateTime = item.publishedAt;
      meta.append(time);
    }
    text.append(meta);
    entry.append(plate, text);
    return entry;
  }

  async function ask(query, cursor) {
    running?.abort();
    running = new AbortController();
    const address = new URL('/api/v1/search', location.origin);
    address.searchParams.set('q', query);
    address.searchParams.set('limit', '20');
    if (cursor) address.searchParams.set('cursor', cursor);
    const response = await fetch(address, {
      signal: running.signal,
      headers: { accept: 'application/json' },
    });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      const { detail } = problem;
      throw new Refusal(typeof detail === 'string' ? detail : 'It answered with an error.');
    }
    return response.json();
  }

  function summary(answer) {
    if (answer.total === 0) {
      return answer.indexedAt === null
        ? 'The search index is not built yet. Try again a little later.'
        : `Nothing was found for “${shown.query}”. Try fewer or other words.`;
    }
    const found = answer.total === 1 ? '1 article' : `${number.format(answer.total)} articles`;
    const part = shown.count < answer.total ? `, ${number.format(shown.count)} shown` : '';
    return `${found} found for “${shown.query}”${part}.`;
  }

  async function search(query, next = false) {
    if (!next) {
      shown = { query, cursor: null, total: 0, count: 0 };
      results.replaceChildren();
      offer(null);
    }
    if (topics) topics.hidden = query !== '';
    if (query === '') {
      running?.abort();
      say('');
      return;
    }
    document.title = `Search for “${query}” – New Science`;
    say(next ? 'Looking for more …' : 'Searching …');
    results.setAttribute('aria-busy', 'true');
    more.disabled = true;
    try {
      const answer = await ask(query, shown.cursor);
      const entries = answer.items.map(resultOf);
      results.append(...entries);
      shown.count += entries.length;
      shown.cursor = answer.nextCursor;
      offer(answer.nextCursor === null ? null : 'More results');
      if (topics) topics.hidden = answer.total > 0;
      say(summary(answer));
      // Whoever pressed the button goes on reading where the new results begin.
      if (next) entries[0]?.querySelector('a').focus();
    } catch (error) {
      if (error.name === 'AbortError') return;
      const why =
        error instanceof Refusal ? error.message : 'The search did not answer. Are you connected?';
      say(why, true);
      offer('Try again');
    } finally {
      results.removeAttribute('aria-busy');
      more.disabled = false;
    }
  }

  const fromAddress = () => (new URLSearchParams(location.search).get('q') ?? '').trim();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const query = input.value.trim();
    const address = query === '' ? '/search' : `/search?q=${encodeURIComponent(query)}`;
    if (query !== fromAddress()) history.pushState(null, '', address);
    void search(query);
  });
  more.addEventListener('click', () => void search(shown.query, shown.count > 0));
  addEventListener('popstate', () => {
    input.value = fromAddress();
    void search(fromAddress());
  });

  void search(fromAddress());
})();
