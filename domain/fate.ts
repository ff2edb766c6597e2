/**
 * What became of a request to somebody else's server, so that a sender knows what it may do next.
 * `refused`: the request itself is wrong, and sending it again would change nothing. `not-allowed`: no credentials, or no leave.
 * `throttled`: it was turned away for now. `not-sent`: it never left. `unknown`: it may have arrived, and may have been carried out.
 */
export type Fate = 'refused' | 'not-allowed' | 'throttled' | 'not-sent' | 'unknown';
