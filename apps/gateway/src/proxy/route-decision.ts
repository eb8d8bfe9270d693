/**
 * The border between the route table and the transport: the transport asks once per request where it
 * goes, and knows nothing else about routes.
 */
export type RouteDecision = {
  /** Stable name of the matched route; a metric label, so its values must be few. */
  routeId: string;
  /** Stage of that route, e.g. `monolith` or `cutover`; a metric label. */
  stage: string;
  upstream: {
    /** Short name for logs and metrics, never shown to a client. */
    name: string;
    /** `http://host:port` or `https://host:port`, without a path. */
    origin: string;
  };
};

export type RoutedRequest = {
  method: string;
  /** As the client sent it: percent-encoding and dot segments untouched, without the query. */
  path: string;
  /** Name, value, name, value, ... in the order and case the client sent. */
  headers: readonly string[];
};

/** Called on the hot path, for every request: synchronous, never throws. */
export type DecideRoute = (request: RoutedRequest) => RouteDecision;
