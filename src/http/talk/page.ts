import type { FastifyReply, FastifyRequest } from 'fastify'

/** spec/safety.md §8: what others wrote is shown here, so nothing but our own script may run. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

/** The test page: its script and style are among the static files. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Talk · Offhook</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/talk.css">
<script src="/static/talk.js" defer></script>
</head>
<body data-state="idle">
<header class="bar">
  <h1>Talk <span id="room-name" class="room-name"></span></h1>
  <span id="unread" class="unread" hidden></span>
  <span id="state" class="state" role="status">Not connected</span>
</header>
<form id="enter" class="enter" autocomplete="off">
  <label for="room">Room</label>
  <input id="room" required maxlength="200" pattern="[A-Za-z0-9.:,_\\-]+" placeholder="room_hipo" autocapitalize="none" spellcheck="false"
    title="Letters, digits and . : , _ -">
  <label for="token">Token</label>
  <input id="token" type="password" required maxlength="4096" placeholder="A token that your app knows" autocomplete="off">
  <button id="enter-button" type="submit">Enter</button>
  <button id="leave-button" type="button" class="quiet" hidden>Leave</button>
</form>
<p id="problem" class="problem" role="alert"></p>
<main class="talk">
  <p id="empty" class="empty">Enter a room to see what is said there.</p>
  <ol id="messages" class="messages" role="log" aria-label="Messages" tabindex="0"></ol>
</main>
<form id="composer" class="composer" autocomplete="off">
  <label class="hidden" for="text">Message</label>
  <input id="text" placeholder="Write a message" enterkeyhint="send" disabled>
  <button id="send" type="submit" disabled>Send</button>
</form>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`

/** `GET /talk/` (spec/hipochat.md §3). */
export function sendPage(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { method } = request
  reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
  if (method !== 'GET' && method !== 'HEAD') {
    return reply.code(405).header('allow', 'GET, HEAD').type('text/plain').send('Use GET')
  }
  return reply
    .header('content-security-policy', policy)
    .type('text/html; charset=utf-8')
    .send(method === 'HEAD' ? '' : page)
}
