/**
 * The closed table of everything Offhook refuses. One row fixes the text, the HTTP status and whether a
 * repeat may succeed; `close` is the WebSocket close code where the refusal also ends the link.
 * Frames, REST and the browser SDK all read this table (style: "three kinds of errors").
 */
export const refusals = {
  // frames (spec/hookbox.md §2); the texts are part of the contract
  already_logged_in: { text: 'Already logged in', status: 400 },
  not_connected: { text: 'Not connected', status: 400 },
  channel_name_required: { text: 'channel_name required', status: 400 },
  name_required: { text: 'name required', status: 400 },
  missing_cookie_string: { text: 'Missing cookie_string', status: 400 },
  invalid_payload: { text: 'Invalid json for payload', status: 400 },
  invalid_frame: { text: 'Invalid frame', status: 400 },
  invalid_name: { text: 'Invalid name', status: 400 },
  invalid_cookies: { text: 'Invalid cookies', status: 400 },
  unknown_frame: { text: 'Unknown frame', status: 400 },
  invalid_since: { text: 'Invalid since', status: 400 },
  invalid_page: { text: 'Invalid before, after or limit', status: 400 },
  invalid_bearer_token: { text: 'Invalid token', status: 400 },
  invalid_publish_id: { text: 'Invalid id', status: 400 },
  unauthorized: { text: 'Unauthorized', status: 403 },
  invalid_user_name: { text: 'Invalid user name', status: 404 },
  not_subscribed: { text: 'Not subscribed', status: 403 },

  // rooms and the talk protocol (spec/hipochat.md); the texts are part of the contract
  authentication_error: { text: 'authentication error', status: 403, close: 4008 },
  not_room: { text: 'not a room', status: 403, close: 4009 },
  not_member: { text: 'not a member', status: 403 },
  shut_out: { text: 'not a member', status: 403, close: 4010 },
  room_forbidden: { text: 'not a room', status: 403, close: 4009 },
  room_gone: { text: 'the room has ended', status: 410, retry: true },
  room_ended: { text: 'the room has ended', status: 410, close: 4011 },
  invalid_message: { text: 'invalid message', status: 400 },
  invalid_offset: { text: 'Invalid offset', status: 400 },

  // REST
  missing_field: { text: 'Missing field', status: 400 },
  repeated_field: { text: 'Field given twice', status: 400 },
  invalid_field: { text: 'Invalid field', status: 400 },
  invalid_token: { text: 'Invalid Security Token', status: 403 },
  rest_disabled: { text: 'Rest api is disabled by configuration', status: 403 },
  channel_missing: { text: "Channel doesn't exist", status: 404 },
  channel_exists: { text: 'Channel already exists', status: 409 },
  user_missing: { text: "User doesn't exist", status: 404 },
  connection_missing: { text: "Connection doesn't exist", status: 404 },
  notice_missing: { text: "Notice doesn't exist", status: 404 },
  invalid_option: { text: 'Invalid option', status: 400 },
  method_missing: { text: 'Unknown method', status: 404 },
  body_too_large: { text: 'Body too large', status: 413 },
  invalid_body: { text: 'Invalid body', status: 400 },
  http_method: { text: 'Use GET or POST', status: 405 },
  request_timeout: { text: 'Request not finished in time', status: 408, retry: true },
  too_many_entries: { text: 'Too many entries', status: 400 },
  too_many_logins: { text: 'Too many failed logins', status: 429, retry: true },

  // limits (spec/safety.md §4)
  too_many_channels: { text: 'Too many channels', status: 429, limit: 'max-channels' },
  too_many_subscriptions: {
    text: 'Too many subscriptions',
    status: 429,
    limit: 'max-subscriptions',
  },
  too_many_members: { text: 'Too many members', status: 429, limit: 'max-room-members' },
  too_many_polling_channels: {
    text: 'Too many polling channels',
    status: 429,
    limit: 'max-polling-channels',
  },
  state_too_large: { text: 'State too large', status: 400, limit: 'max-state-bytes' },
  history_too_large: { text: 'History too large', status: 400, limit: 'max-history-size' },
  too_many_requests: { text: 'Too many requests', status: 429, retry: true },
  frame_too_large: { text: 'Frame too large', status: 413, close: 1009, limit: 'max-frame-bytes' },
  message_too_large: { text: 'Message too large', status: 413, limit: 'max-frame-bytes' },
  frame_timeout: { text: 'Frame not finished in time', status: 408, retry: true, close: 4002 },
  connect_timeout: { text: 'Not connected in time', status: 408, retry: true, close: 4003 },
  too_many_refusals: { text: 'Too many refused CONNECTs', status: 429, close: 4004 },
  slow_consumer: { text: 'Too slow to read', status: 429, retry: true, close: 4005 },
  server_full: { text: 'Too many connections', status: 503, retry: true },

  // ends of links that are nobody's fault
  goodbye: { text: 'Goodbye', status: 200, close: 1000 },
  refused: { text: 'No longer allowed by the app', status: 403, close: 4007 },
  kicked: { text: 'Disconnected by the app', status: 403, close: 4001 },
  draining: { text: 'Server restarts, reconnect', status: 503, retry: true, close: 1012 },
  expired: { text: 'Connection expired, resume', status: 410, retry: true, close: 4006 },

  // idempotent publishes (G4)
  publish_pending: { text: 'The same publish is under way', status: 409, retry: true },
  publish_id_reused: { text: 'The id was used for another payload', status: 409 },

  // dependencies
  app_failed: { text: 'Temporarily unavailable', status: 503, retry: true },
  app_busy: { text: 'Temporarily unavailable', status: 503, retry: true },
  store_failed: { text: 'Temporarily unavailable', status: 503, retry: true },
  node_unreachable: { text: 'Temporarily unavailable', status: 503, retry: true },
  channel_changed: {
    text: 'The channel was destroyed or changed, try again',
    status: 409,
    retry: true,
  },
  internal: { text: 'internal error', status: 500 },
} as const satisfies Record<string, RefusalRow>

interface RefusalRow {
  readonly text: string
  readonly status: number
  readonly retry?: true
  readonly close?: number
  /** The flag of the limit that was reached. */
  readonly limit?: string
}

/** A key of the table: what clients of version 2 see as `code`. */
export type RefusalCode = keyof typeof refusals

/**
 * The caller's request cannot be done, and the caller is told so. `text` replaces the table's text, for
 * messages that name the thing ("Channel x doesn't exist") or that the app gave (a hook's `error`).
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly status: number
  readonly retry: boolean
  readonly close: number | undefined
  /** Flag of the limit that was reached, without dashes: counted where the refusal becomes output. */
  readonly limit: string | undefined

  constructor(code: RefusalCode, text?: string, options?: ErrorOptions) {
    const row: RefusalRow = refusals[code]
    super(text ?? row.text, options)
    this.code = code
    this.status = row.status
    this.retry = row.retry === true
    this.close = row.close
    this.limit = row.limit
  }
}

/** Why a hook gave no usable answer: the closed list of causes (docs/guide/hooks.md). */
export const hookCauses = [
  'timeout',
  'refused_connection',
  'dns',
  'tls',
  'status',
  'redirect',
  'not_json',
  'wrong_shape',
  'bad_option',
  'too_large',
] as const

/** One of `hookCauses`. */
export type HookCause = (typeof hookCauses)[number]

/**
 * A dependency (app, store, bus) did not do its part. `stage` says which call failed; `cause` holds the
 * original error. Reported once, then turned into the matching `Refusal` for whoever waits.
 */
export class Failure extends Error {
  override readonly name: string = 'Failure'
  readonly stage: string

  constructor(stage: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.stage = stage
  }
}

/**
 * A hook that gave no usable answer. `requestId` is the `webhook-id` under which the app saw it, `hint` says in
 * one sentence what the app's author can do (docs/guide/hooks.md).
 */
export class HookFailure extends Failure {
  override readonly name = 'HookFailure'
  readonly reason: HookCause
  readonly requestId: string
  readonly hint: string

  constructor(
    details: { reason: HookCause; requestId: string; message: string; hint: string },
    options?: ErrorOptions,
  ) {
    super('hook', details.message, options)
    this.reason = details.reason
    this.requestId = details.requestId
    this.hint = details.hint
  }
}
