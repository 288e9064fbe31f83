import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as Ws from 'ws'

// The client's tests run with the condition "browser", under which the name `ws` leads to a stub.
const require = createRequire(import.meta.url)
const ws = require(join(dirname(require.resolve('ws/package.json')), 'index.js')) as typeof Ws

export const { WebSocket, WebSocketServer } = ws
