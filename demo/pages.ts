import { readFileSync } from 'node:fs'
import type { Exchange } from './exchange.ts'

const types = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }

type FileType = keyof typeof types

/** Modules of the chat page. */
const scripts = [
  'chat',
  'composer',
  'connection',
  'conversation',
  'dom',
  'drawers',
  'hipochat',
  'messages',
  'people',
  'pushes',
  'room-list',
  'topic',
  'words',
]

/** The files that are served as they are. A fixed list: no request path reaches the disk. */
const files: readonly (readonly [path: string, type: FileType])[] = [
  ['/style.css', 'css'],
  ['/icon.svg', 'svg'],
  ...scripts.map((name) => [`/${name}.js`, 'js'] as const),
]

const loaded = new Map(files.map(([path, type]) => [path, { type, text: read(path.slice(1)) }]))

function read(name: string): string {
  return readFileSync(new URL(`public/${name}`, import.meta.url), 'utf8')
}

/** Serves one of the fixed files; false if there is none at that path. */
export function sendFile({ response, url }: Exchange): boolean {
  const file = loaded.get(url.pathname)
  if (file === undefined) return false
  response.setHeader('content-type', `${types[file.type]}; charset=utf-8`)
  response.setHeader('cache-control', 'no-cache')
  response.end(file.text)
  return true
}

/** A page to show: its file and what stands in its `{{…}}`. */
export interface Page {
  readonly name: 'login' | 'chat'
  readonly values: Readonly<Record<string, string>>
  /** Public URL of Offhook, the only other place that the page may load from. */
  readonly offhookUrl: string
}

const templates = { login: read('login.html'), chat: read('chat.html') }

/** Answers with a page. Its policy allows no inline script and no other host than Offhook's. */
export function sendPage({ response }: Exchange, page: Page): void {
  const offhook = new URL(page.offhookUrl).origin
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    `script-src 'self' ${offhook}`,
    `connect-src 'self' ${offhook} ${offhook.replace(/^http/, 'ws')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  response.setHeader('content-security-policy', policy.join('; '))
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.setHeader('cache-control', 'no-store')
  response.end(
    templates[page.name].replace(/\{\{(\w+)\}\}/g, (_, key: string) =>
      escapeHtml(page.values[key] ?? ''),
    ),
  )
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
