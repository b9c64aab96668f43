import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, removeFolder, startChild } from '../processes/children.ts'
import { freePort, listening } from '../processes/free-port.ts'
import type { Contender, Dialect } from './contender.ts'

const nginx = process.env['NGINX_BIN'] ?? 'nginx'
/** Where Debian puts it; NCHAN_MODULE names another place. Nginx may also have it compiled in. */
const moduleFile = process.env['NCHAN_MODULE'] ?? '/usr/lib/nginx/modules/ngx_nchan_module.so'

const dialect: Dialect = {
  subscriber: (channel) => ({ path: `/link/${channel}`, steps: [] }),
  publisher: (channel) => ({ path: `/say/${channel}`, steps: [] }),
  publish: (_channel, payload) => payload,
  rest: {
    publish: (channel, payload) => ({
      path: `/say/${channel}`,
      headers: ['Content-Type: application/json', 'Accept: text/json'],
      body: payload,
      marker: '"messages"',
    }),
  },
}

/** Nginx with Nchan, where both are installed: one worker, no stored messages unless they are to be kept. */
export const nchan: Contender = {
  name: 'nchan',
  title: 'Nchan (nginx)',
  scenarios: ['fanout-one', 'fanout-burst', 'rooms', 'rest', 'memory', 'cold-start'],
  missing() {
    const version = spawnSync(nginx, ['-V'], { encoding: 'utf8' })
    if (version.status !== 0) return 'nginx is not installed'
    if (existsSync(moduleFile) || version.stderr.includes('nchan')) return undefined
    return 'nginx has no Nchan module'
  },
  async start({ channels, cores }) {
    const folder = makeFolder()
    const port = await freePort()
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, config({ folder, port, stores: channels === 'kept' }))
    const child = await startChild({
      file: nginx,
      args: ['-p', folder, '-c', file, '-e', join(folder, 'error.log')],
      core: cores.server,
      isUp: () => listening(port),
    })
    return {
      pid: child.pid,
      port,
      startMs: child.startMs,
      dialect,
      collectGarbage() {},
      async stop() {
        await child.stop()
        removeFolder(folder)
      },
    }
  },
}

function config({ folder, port, stores }: { folder: string; port: number; stores: boolean }) {
  const load = existsSync(moduleFile) ? `load_module ${moduleFile};` : ''
  const keep = stores
    ? 'nchan_message_buffer_length 100; nchan_message_timeout 300s;'
    : 'nchan_store_messages off;'
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n  ')
  return `${load}
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 65536; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 100000000;
  nchan_shared_memory_size 256M;
  ${temporary}
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location ~ ^/link/(.+)$ {
      nchan_pubsub websocket;
      nchan_channel_id $1;
      nchan_websocket_ping_interval 0;
      nchan_subscriber_first_message newest;
      ${keep}
    }
    location ~ ^/say/(.+)$ {
      nchan_publisher http websocket;
      nchan_channel_id $1;
      ${keep}
    }
  }
}
`
}
