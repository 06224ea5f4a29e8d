// What is compared. Nothing but data: what is done, and what each client has to make of it.
//
// `node` is what openid-client 6.9.0 was seen to do, right or `wrong`; without it, it has no such call. `rust` is what the
// promises demand. `floors`: from the acknowledgement to the first poll, from there to the second, and so on; the last repeats.

const APPROVED = 'approved, alice';
const secret = (id) => `${id}-secret-0123456789abcdef0123456789abcdef`;
const basic = (id) => ({ client_id: id, auth: { method: 'secret_basic', secret: secret(id) } });
const by_key = (key) => ({ client_id: 'key-jwt', auth: { method: 'private_key_jwt', key } });
const APPROVE = { after: 1, does: 'approve' };
const AT_ONCE = { after: 0, does: 'approve' };

/** Both come to the same, with as many polls. */
const both = (says, polls, floors = [1]) => ({ node: { says, polls, floors }, rust: { says, polls, floors } });
/** openid-client does it `wrong`. */
const apart = (node, rust) => ({ node: { floors: [1], ...node }, rust: { floors: [1], ...rust } });

const METHODS = [
  { name: 'client_secret_basic', ...basic('basic'), phone: APPROVE, ...both(APPROVED, 2) },
  { name: 'client_secret_basic, odd id and secret', client_id: 'odd:id+1%', auth: { method: 'secret_basic', secret: 'p@ss:w%rd+/=& x-0123456789abcdef' }, phone: AT_ONCE, ...both(APPROVED, 1) },
  { name: 'client_secret_post', client_id: 'post', auth: { method: 'secret_post', secret: secret('post') }, phone: AT_ONCE, ...both(APPROVED, 1) },
  { name: 'client_secret_jwt', client_id: 'secret-jwt', auth: { method: 'secret_jwt', secret: secret('secret-jwt') }, phone: APPROVE, ...both(APPROVED, 2) },
  { name: 'private_key_jwt by ES256', ...by_key('client-ec'), phone: APPROVE, ...both(APPROVED, 2) },
  { name: 'private_key_jwt by RSA', ...by_key('client-rsa'), phone: APPROVE, ...both(APPROVED, 2) },
  { name: 'private_key_jwt by Ed25519', ...by_key('client-ed'), phone: APPROVE, ...both(APPROVED, 2) },
  { name: 'no client authentication', client_id: 'public', auth: { method: 'none' }, phone: AT_ONCE, ...both(APPROVED, 1) },
  { name: 'a wrong secret', client_id: 'basic', auth: { method: 'secret_basic', secret: 'wrong' }, ...apart({ says: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', polls: 0 }, { says: 'client_auth invalid_client', polls: 0 }) },
  { name: "this client's key changes before the first poll", ...by_key('client-ec'), next_key: 'client-ec-next', phone: APPROVE, rust: { says: APPROVED, polls: 2, floors: [1] } },
];

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'].map((alg) => (
  { name: `an ID Token by ${alg}`, ...basic(`alg-${alg}`), phone: AT_ONCE, ...both(APPROVED, 1) }
));

const ANSWERS = [
  { name: 'denied', ...basic('basic'), phone: { after: 1, does: 'deny' }, ...both('access_denied', 2) },
  { name: 'expired', ...basic('basic'), phone: { after: 1, does: 'expire' }, ...both('expired_token', 2) },
  { name: 'the device failed', ...basic('basic'), phone: { after: 1, does: 'fail' }, ...apart({ says: 'transaction_failed', polls: 2 }, { says: 'refused transaction_failed', polls: 2 }) },
  { name: "the provider's keys change, the old ones go", ...basic('basic'), rotate: true, phone: AT_ONCE, ...both(APPROVED, 1) },
  { name: 'asked again after the tokens', ...basic('basic'), again: true, phone: AT_ONCE, ...apart({ says: `${APPROVED}; invalid_grant`, polls: 2, userinfo: 401, wrong: 'polls again, and the provider takes the tokens back' }, { says: `${APPROVED}; ${APPROVED}`, polls: 1, userinfo: 200 }) },
];

const start = (name, asked, says, rust = says, client = basic('basic')) => (
  { name, ...client, ...asked, polls: false, ...apart({ says, polls: 0 }, { says: rust, polls: 0 }) }
);
const STARTS = [
  start('an unknown person', { hint: { login: 'unknown-1' } }, 'unknown_user_id', 'user_not_found'),
  start('an expired hint token', { hint: { login_token: 'expired' } }, 'expired_login_hint_token', 'refused expired_login_hint_token'),
  start('a message that is not shown', { params: { binding_message: '\u20ac' } }, 'invalid_binding_message', 'refused invalid_binding_message'),
  start('everything that a start can ask for', {
    params: {
      scope: 'openid payments', resource: 'https://api.example.com', acr_values: 'urn:example:loa1', requested_expiry: '60',
      authorization_details: '[{"type":"payment_initiation","instructedAmount":{"amount":"5"}}]', binding_message: 'PAY-4711',
    },
  }, 'started, 60 s'),
  start('no user code', {}, 'missing_user_code', 'user_code missing_user_code', basic('user-code')),
  start('a wrong user code', { params: { user_code: '9999' }, trust: true }, 'invalid_user_code', 'user_code invalid_user_code', basic('user-code')),
  start('the right user code', { params: { user_code: '1234' }, trust: true }, 'started, 120 s', 'started, 120 s', basic('user-code')),
];

const PACE = [
  { name: 'no interval in the acknowledgement', ...basic('basic'), acknowledgement: { interval: null }, phone: AT_ONCE, seconds: 6, ...both(APPROVED, 1, [5]) },
  { name: 'interval 0', ...basic('basic'), acknowledgement: { interval: 0 }, phone: AT_ONCE, seconds: 6, ...apart({ says: 'OAUTH_INVALID_RESPONSE', polls: 0, wrong: 'gives up behind the push, nobody can sign in' }, { says: APPROVED, polls: 1, floors: [5] }) },
  { name: 'no expires_in in the acknowledgement', ...basic('basic'), acknowledgement: { expires_in: null }, phone: AT_ONCE, ...apart({ says: 'OAUTH_INVALID_RESPONSE', polls: 0 }, { says: 'protocol', polls: 0 }) },
  { name: 'slow_down', ...basic('basic'), line: ['slow_down'], phone: APPROVE, seconds: 8, ...both(APPROVED, '1+1', [1, 6]) },
  { name: 'slow_down as a 429 for 7 s', ...basic('basic'), line: ['429 slow_down for 7 s'], phone: APPROVE, seconds: 9, ...both(APPROVED, '1+1', [1, 7]) },
  { name: 'pending for 3 s', ...basic('basic'), line: ['pending for 3 s'], phone: APPROVE, seconds: 5, ...both(APPROVED, '1+1', [1, 3]) },
];

const FAULTS = [
  { name: 'connection reset in a poll', ...basic('basic'), line: ['pass', 'reset'], phone: APPROVE, seconds: 5, ...apart({ says: 'TypeError: fetch failed', polls: '1+1', wrong: 'one blip ends the login' }, { says: APPROVED, polls: '2+1', floors: [1, 1, 1.25] }) },
  { name: '503', ...basic('basic'), line: ['pass', '503'], phone: APPROVE, seconds: 5, ...apart({ says: 'OAUTH_RESPONSE_IS_NOT_CONFORM', polls: '1+1', wrong: 'one 503 ends the login' }, { says: APPROVED, polls: '2+1', floors: [1, 1, 1.25] }) },
  { name: '503 with Retry-After: 2', ...basic('basic'), line: ['pass', '503 for 2 s'], phone: APPROVE, seconds: 5, ...both(APPROVED, '2+1', [1, 1, 2]) },
  { name: '502 with HTML', ...basic('basic'), line: ['pass', '502 html'], phone: APPROVE, seconds: 5, ...apart({ says: 'OAUTH_RESPONSE_IS_NOT_CONFORM', polls: '1+1', wrong: 'one 502 ends the login' }, { says: APPROVED, polls: '2+1', floors: [1, 1, 1.25] }) },
  { name: '500 server_error', ...basic('basic'), line: ['pass', 'server_error'], phone: APPROVE, seconds: 5, ...apart({ says: 'OAUTH_RESPONSE_IS_NOT_CONFORM', polls: '1+1', wrong: 'one server_error ends the login' }, { says: APPROVED, polls: '2+1', floors: [1, 1, 1.25] }) },
  { name: 'the answer with the tokens is lost', ...basic('basic'), line: ['lost'], phone: AT_ONCE, seconds: 5, ...apart({ says: 'TypeError: fetch failed', polls: 1, wrong: 'does not say that the approval is lost' }, { says: 'approval_lost', polls: 2, floors: [1, 1.25] }) },
  { name: 'a redirect at the token endpoint', ...basic('basic'), line: ['redirect'], phone: AT_ONCE, ...apart({ says: 'OAUTH_RESPONSE_IS_NOT_CONFORM', polls: '0+1' }, { says: 'protocol', polls: '0+1' }) },
];

const forged = (name, change, node, field, more = {}) => (
  { name, ...basic('basic'), line: [change], phone: AT_ONCE, ...more, ...apart({ polls: 1, ...node }, { says: `id_token ${field}`, polls: 1 }) }
);
const TOKENS = [
  forged('another sub under the signature', 'sub of another', { says: 'approved, mallory', wrong: 'lets mallory in: no signature check unless switched on' }, 'signature'),
  forged('the same, its signature check switched on', 'sub of another', { says: 'OAUTH_INVALID_RESPONSE' }, 'signature', { checks_signatures: true }),
  forged('another aud under the signature', 'aud of another', { says: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' }, 'signature'),
  forged('another iss under the signature', 'iss of another', { says: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' }, 'signature'),
  forged('an exp that is over', 'exp over', { says: 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED' }, 'signature'),
  forged('an iat a week old', 'iat a week old', { says: APPROVED, wrong: 'takes it, and the signature that does not fit' }, 'signature'),
  forged('alg none', 'alg none', { says: 'OAUTH_INVALID_RESPONSE' }, 'alg'),
  forged('no ID Token', 'no ID Token', { says: 'approved, nobody', wrong: 'an approval of nobody' }, 'id_token'),
  { name: 'no token_type', ...basic('basic'), line: ['no token_type'], phone: AT_ONCE, ...apart({ says: 'OAUTH_INVALID_RESPONSE', polls: 1 }, { says: 'protocol', polls: 1 }) },
];

export const SCENARIOS = [...METHODS, ...ALGORITHMS, ...ANSWERS, ...STARTS, ...PACE, ...FAULTS, ...TOKENS];
